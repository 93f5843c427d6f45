import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { createRunner, HostKeyError, readSettings, SettingsError } from "../../../../provider/dist/transport/index.js";
import { Bench } from "../ssh/sshd.ts";

describe("~/.ssh/config", function () {
  this.timeout(30_000);
  const bench = new Bench();
  after(() => bench.end());
  let files = 0;
  const write = (text: string): string => {
    const path = join(bench.folder, `config_${++files}`);
    writeFileSync(path, text);
    return path;
  };
  const read = (config: Record<string, string>, env: Record<string, string> = {}) =>
    readSettings((key) => config[key], { HOME: bench.folder, ...env });
  const hello = { argv: ["echo", "hello"] };

  it("means the same to us as to ssh", () => {
    mkdirSync(join(bench.folder, "more"));
    writeFileSync(join(bench.folder, "more", "a.conf"), "Host inc*\n  HostName included.example.org\n  Port 2201\n");
    writeFileSync(join(bench.folder, "more", "b.conf"), "Port 2202\n");
    const path = write(`
# a comment
Include ${bench.folder}/more/*.conf.none
host=node1   # with a comment
  hostname = 10.0.0.1
  USER "first"
  User second
Host node? !node3 "other"
\tPort 2022
  HostKeyAlias pets
Host node3 *.example.org
  HostName %h.internal
  ProxyJump admin@gate:2200,node1
Host odd*name
  HostName 10.9.9.9
Match all
  User everyone
Host inside
  Include ${bench.folder}/more/b.conf
Include ${bench.folder}/m?re/a.conf
Host aliased
  HostName real.example.com
Match host real.example.com,unreal originalhost=alias*
  Port 2301
Match !host *.com originalhost aliased
  Port 2302
Match originalhost m1,!m2 user other
  HostKeyAlias never
Match originalhost m1,!m2 user everyone
  HostKeyAlias matched
Match canonical originalhost m1
  Port 2303
Match localuser ${userInfo().username} originalhost m?
  Port 2304
Match localuser nobody-here
  Port 2305
Host *
  Port 23
`);
    const names = [
      "aliased",
      "m1",
      "m2",
      "node1",
      "node2",
      "node3",
      "node33",
      "other",
      "a.example.org",
      "oddXname",
      "inside",
      "included",
      "plain",
      "fd00::1",
    ];
    const all = { hosts: JSON.stringify(names), sshConfigFile: path, privateKeyFile: bench.key };
    const ours = read(all).hosts;
    assert.equal(ours.length, names.length);
    for (const [index, name] of names.entries()) {
      const said = execFileSync("ssh", ["-T", "-G", "-F", path, name], { encoding: "utf8" });
      const value = (key: string) => new RegExp(`^${key} (.*)$`, "m").exec(said)?.[1];
      const host = ours[index]!;
      assert.deepEqual(
        [
          host.host,
          String(host.port),
          host.user,
          host.hostKeyAlias,
          host.jumps?.map(({ address }) => address).join(","),
        ],
        [value("hostname"), value("port"), value("user"), value("hostkeyalias"), value("proxyjump")],
        name,
      );
    }
  });

  it("logs in with nothing but a name and that file", async () => {
    const sshd = await bench.sshd();
    const known = join(bench.folder, "alias_known");
    writeFileSync(known, `pets ${sshd.knownHosts.split(" ").slice(1).join(" ")}\n`);
    const path = write(`Host web
      HostName 127.0.0.1
      Port ${sshd.port}
      User ${userInfo().username}
      IdentityFile %d/missing
      IdentityFile ~/id_client
      UserKnownHostsFile %d/none ${known}
      HostKeyAlias pets`);
    const runner = createRunner(read({ hosts: "web", sshConfigFile: path }));
    bench.later(() => runner.close());
    assert.deepEqual(await runner.run(hello), { node: "web", exitCode: 0, stdout: "hello\n", stderr: "" });
  });

  it("tells the line for an alias when the key is not known", async () => {
    const sshd = await bench.sshd();
    const path = write(
      `Host web\n HostName 127.0.0.1\n Port ${sshd.port}\n User ${userInfo().username}\n HostKeyAlias pets`,
    );
    const runner = createRunner(
      read({ hosts: "web", sshConfigFile: path, privateKeyFile: bench.key, knownHosts: "# none" }),
    );
    bench.later(() => runner.close());
    await assert.rejects(runner.run(hello), (error) => {
      assert.ok(error instanceof HostKeyError, String(error));
      assert.ok(error.hint?.endsWith(`pets ${sshd.knownHosts.split(" ").slice(1).join(" ")}`), error.hint);
      return true;
    });
  });

  it("tries each IdentityFile in turn", async () => {
    const sshd = await bench.sshd();
    const stranger = bench.newKey("stranger");
    const path = write(
      `Host *\n  IdentityFile ${stranger}\n  IdentityFile ${bench.key}\n  User ${userInfo().username}`,
    );
    const runner = createRunner(read({ hosts: sshd.address, sshConfigFile: path, knownHosts: sshd.knownHosts }));
    bench.later(() => runner.close());
    assert.equal((await runner.run(hello)).stdout, "hello\n");
  });

  it("comes after the configuration and the environment, and before the defaults", () => {
    const known = join(bench.folder, "kh");
    const path = write(
      `Host a\n  User conf\n  Port 2200\n  IdentityFile ${bench.key}\n  UserKnownHostsFile ${known}\n  ProxyJump gate`,
    );
    const first = (config: Record<string, string>, env: Record<string, string> = {}) =>
      read({ hosts: "a", sshConfigFile: path, ...config }, env).hosts[0]!;
    const plain = first({});
    assert.deepEqual([plain.user, plain.port, plain.identities?.length, plain.jumps?.length], ["conf", 2200, 1, 1]);
    assert.deepEqual(
      plain.knownHostsFiles?.map((file) => file.path),
      [known, "/etc/ssh/ssh_known_hosts"],
    );
    const other = bench.newKey("other");
    const set = first(
      { user: "me", privateKeyFile: other, knownHosts: "# none" },
      { SEAPATH_PORT: "99", SEAPATH_JUMP: "none" },
    );
    assert.deepEqual(
      [set.user, set.port, set.identities, set.jumps, set.knownHostsFiles],
      ["me", 99, undefined, undefined, undefined],
    );
    assert.equal(first({ hosts: "you@a:7", user: "me", port: "8" }).user, "you");
    assert.equal(first({ hosts: "you@a:7", user: "me", port: "8" }).port, 7);
    const without = first({ sshConfigFile: "none", privateKeyFile: other });
    assert.deepEqual([without.user, without.port, without.jumps], ["root", 22, undefined]);
    mkdirSync(join(bench.folder, ".ssh"));
    writeFileSync(join(bench.folder, ".ssh", "config"), readFileSync(path));
    assert.equal(read({ hosts: "a" }).hosts[0]!.user, "conf");
    assert.throws(() => read({ hosts: "a", sshConfigFile: "none" }), SettingsError);
    assert.throws(
      () => read({ hosts: "a", sshConfigFile: "~/none" }),
      (error: SettingsError) => error.setting === "sshConfigFile",
    );
  });

  it("takes whichever of ProxyJump and ProxyCommand comes first, as ssh does", () => {
    const jumps = (text: string, jump?: string) => {
      const path = write(`Host a\n${text}`);
      const said = execFileSync("ssh", ["-T", "-G", "-F", path, "a"], { encoding: "utf8" });
      const ours = read({ hosts: "a", privateKeyFile: bench.key, sshConfigFile: path, ...(jump && { jump }) }).hosts[0]!
        .jumps;
      const names = ours?.map(({ address }) => address).join();
      if (!jump) assert.equal(names, /^proxyjump (?!none)(.*)$/m.exec(said)?.[1], text);
      return names;
    };
    assert.equal(jumps("ProxyJump gate\nProxyCommand false"), "gate");
    assert.equal(jumps("ProxyCommand none\nProxyJump gate"), undefined);
    assert.equal(jumps("ProxyJump none\nProxyCommand false"), undefined);
    // The setting says how to get there, so what would be run does not matter.
    assert.equal(jumps("ProxyCommand false", "other"), "other");
    assert.equal(jumps("ProxyCommand false", "none"), undefined);
  });

  it("has other files of known hosts for the machine", () => {
    const files = (text: string) =>
      read({ hosts: "a", privateKeyFile: bench.key, sshConfigFile: write(text) }).hosts[0]!.knownHostsFiles?.map(
        ({ path }) => path,
      );
    assert.deepEqual(files("GlobalKnownHostsFile /etc/kh /etc/kh2"), [
      join(bench.folder, ".ssh/known_hosts"),
      "/etc/kh",
      "/etc/kh2",
    ]);
    assert.deepEqual(files("GlobalKnownHostsFile none\nUserKnownHostsFile ~/kh_%k"), [join(bench.folder, "kh_a")]);
    assert.equal(files("Port 22"), undefined);
  });

  // Tried: ~/.ssh/config has words that are not heard here, and the login fails → the error names them
  it("is named with what is not heard in it when a login fails", async () => {
    const sshd = await bench.sshd();
    const path = write(`Host web
      HostName 127.0.0.1
      Port ${sshd.port}
      CertificateFile ~/.ssh/me-cert.pub
      AddressFamily any
      BindAddress 127.0.0.1
      IdentityFile ${bench.newKey("unheard")}
      ForwardAgent yes
    Match originalhost other exec "touch /tmp/contradictions"
      User other
    Match originalhost web exec "false"
      User other`);
    const settings = { hosts: "web", sshConfigFile: path, knownHosts: sshd.knownHosts };
    const error = await createRunner(read(settings))
      .run(hello)
      .then(
        () => assert.fail("it let us in"),
        (cause: unknown) => cause as Error & { hint?: string },
      );
    assert.match(
      error.hint ?? "",
      /~\/\.ssh\/config has CertificateFile, BindAddress, Match exec for it, which is not heeded here/,
    );
    const gone = write(
      `Host web\n HostName 127.0.0.1\n Port ${(await bench.refusing()).split(":")[1]}\n AddressFamily inet6`,
    );
    await assert.rejects(
      createRunner(read({ ...settings, sshConfigFile: gone, privateKeyFile: bench.key })).run(hello),
      (cause: Error & { hint?: string }) => /Is the node up.*AddressFamily/.test(cause.hint ?? ""),
    );
  });

  it("says which of its values is of no use", () => {
    const refuses = (text: string, says: RegExp) =>
      assert.throws(
        () => read({ hosts: "a", privateKeyFile: bench.key, sshConfigFile: write(text) }),
        (error) => error instanceof SettingsError && error.setting === "sshConfigFile" && says.test(error.message),
        text,
      );
    refuses("Port many", /many/);
    refuses("HostName -oProxyCommand=x", /-oProxyCommand/);
    refuses("User a;b", /a;b/);
    refuses("HostKeyAlias %k", /%k/);
    refuses("Host *\n ProxyJump a", /circles/);
    refuses("IdentitiesOnly perhaps", /IdentitiesOnly "perhaps", not yes or no/);
    refuses(
      "ProxyCommand ssh -W %h:%p gate\nProxyJump gate",
      /has a ProxyCommand for a, and no programs of it are run/,
    );
    refuses("RevokedHostKeys /etc/ssh/revoked", /RevokedHostKeys for a, which is not read/);
    refuses(`Include ${join(bench.folder, `config_${files + 1}`)}`, /includes itself/);
    const locked = bench.newKey("locked", "open sesame");
    assert.throws(() => read({ hosts: "a", sshConfigFile: write(`IdentityFile ${locked}`) }), /locked/);
    const opened = read({ hosts: "a", sshConfigFile: write(`IdentityFile ${locked}`), passphrase: "open sesame" });
    assert.equal(opened.hosts[0]!.identities?.[0]?.privateKey?.reveal(), readFileSync(locked, "utf8"));
  });
});
