import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { inspect } from "node:util";
import { readSettings, SettingsError, type ConnectionSettings } from "../../../../provider/dist/transport/index.js";
import { Bench } from "../ssh/sshd.ts";

const { waysIn } = createRequire(import.meta.url)(
  "../../../../provider/dist/transport/settings/credentials.js",
) as typeof import("../../../../provider/dist/transport/settings/credentials.js");
/** The private keys and the agent that a node is logged in to with. */
const ways = (settings: ConnectionSettings) => {
  const { identities, agent } = waysIn(settings.hosts[0]!, settings);
  return { key: identities.map(({ privateKey }) => privateKey?.reveal()).join(), agent };
};

describe("readSettings", () => {
  const bench = new Bench();
  const encrypted = bench.newKey("id_encrypted", "open sesame");
  const other = bench.newKey("id_other");
  after(() => bench.end());

  const read = (config: Record<string, string>, env: Record<string, string> = {}) =>
    readSettings((key) => config[key], { HOME: bench.folder, ...env });
  const withKey = (config: Record<string, string>, env: Record<string, string> = {}) =>
    read({ privateKeyFile: bench.key, ...config }, env);
  const refuses = (setting: string, config: Record<string, string>, env: Record<string, string> = {}, says = /./) =>
    assert.throws(
      () => withKey(config, env),
      (error) =>
        error instanceof SettingsError &&
        ["settings", "no-hosts"].includes(error.code) &&
        error.setting === setting &&
        says.test(error.message),
      `${setting} ${JSON.stringify(config)}`,
    );

  it("starts relative paths in the folder it is given, and needs no other working directory", () => {
    const file = `${bench.key.slice(bench.folder.length + 1)}`;
    const config = { hosts: "a", privateKeyFile: file, knownHostsFile: "./kh", sshConfigFile: "none", agent: "none" };
    const found = readSettings((key) => config[key as keyof typeof config], { HOME: "/nonexistent" }, bench.folder);
    assert.equal(ways(found).key, readFileSync(bench.key, "utf8"));
    assert.deepEqual(found.knownHostsFiles, [{ path: join(bench.folder, "kh"), optional: false }]);
    refuses("privateKeyFile", { hosts: "a", privateKeyFile: file }, {}, /cannot be read|no such file|is not there/i);
  });

  it("reads hosts in each form", () => {
    const { hosts } = withKey({
      hosts: "node1, node2:2222 admin@10.0.0.3 ops@[fd00::4]:2200,[fd00::5] fd00::6",
      user: "me",
      port: "23",
    });
    assert.deepEqual(hosts, [
      { address: "node1", host: "node1", port: 23, user: "me" },
      { address: "node2:2222", host: "node2", port: 2222, user: "me" },
      { address: "admin@10.0.0.3", host: "10.0.0.3", port: 23, user: "admin" },
      { address: "ops@[fd00::4]:2200", host: "fd00::4", port: 2200, user: "ops" },
      { address: "[fd00::5]", host: "fd00::5", port: 23, user: "me" },
      { address: "fd00::6", host: "fd00::6", port: 23, user: "me" },
    ]);
  });

  it("reads hosts as JSON, and each only once", () => {
    const { hosts } = withKey({ hosts: `["node1","NODE1","root@node1:22","node2"]` });
    assert.deepEqual(
      hosts.map(({ address }) => address),
      ["node1", "node2"],
    );
  });

  it("has defaults", () => {
    const settings = withKey({ hosts: "node1" });
    assert.deepEqual(settings.hosts[0], { address: "node1", host: "node1", port: 22, user: "root" });
    assert.equal(settings.connectTimeoutMs, 10_000);
    assert.equal(settings.maxChannels, 8);
    assert.deepEqual(
      settings.knownHostsFiles.map(({ path }) => path),
      [join(bench.folder, ".ssh/known_hosts"), "/etc/ssh/ssh_known_hosts"],
    );
  });

  it("takes the environment, and the configuration rather than it", () => {
    const env = {
      SEAPATH_HOSTS: "a",
      SEAPATH_USER: "envuser",
      SEAPATH_PORT: "2022",
      SEAPATH_KNOWN_HOSTS: "from env",
      SEAPATH_CONNECT_TIMEOUT: "2.5",
    };
    const alone = withKey({}, env);
    assert.deepEqual(alone.hosts, [{ address: "a", host: "a", port: 2022, user: "envuser" }]);
    assert.equal(alone.knownHosts, "from env");
    assert.equal(alone.connectTimeoutMs, 2500);
    const both = withKey({ hosts: "b", user: "conf", knownHostsFile: "~/kh" }, env);
    assert.deepEqual(both.hosts, [{ address: "b", host: "b", port: 2022, user: "conf" }]);
    // A file in the configuration means that the environment's text does not count.
    assert.equal(both.knownHosts, undefined);
    assert.deepEqual(both.knownHostsFiles, [{ path: join(bench.folder, "kh"), optional: false }]);
  });

  it("says how to set the hosts when there is none", () => {
    assert.throws(
      () => withKey({}),
      (error: SettingsError) => {
        assert.match(error.hint ?? "", /pulumi config set seapath:hosts/);
        assert.match(error.hint ?? "", /SEAPATH_HOSTS/);
        return error.setting === "hosts";
      },
    );
    refuses("hosts", { hosts: "  " });
    refuses("hosts", { hosts: "[]" });
  });

  it("has the nodes' folder from the configuration, the environment, or as it always was", () => {
    assert.equal(withKey({ hosts: "a" }).nodeFolder, "/var/lib/pulumi-seapath");
    assert.equal(withKey({ hosts: "a", nodeFolder: "/srv/big disk/./seapath/" }).nodeFolder, "/srv/big disk/seapath");
    assert.equal(withKey({ hosts: "a" }, { SEAPATH_NODE_FOLDER: "/srv/a" }).nodeFolder, "/srv/a");
  });

  it("refuses hosts that are more than a name", () => {
    for (const bad of [
      "-oProxyCommand=x",
      "a;b",
      "$(id)",
      "a`b`",
      "a|b",
      "node1:0",
      "node1:70000",
      "node1:ssh",
      "-u@node1",
      "a@b@c",
      "[node1]:22",
      "[fd00::1",
      `["a b"]`,
      `[1]`,
      "a/b",
      "a:1:2",
      `["a", ]`,
      "@node1",
      "node1.\u0000",
    ])
      refuses("hosts", { hosts: bad });
  });

  it("refuses other bad values by their key", () => {
    refuses("user", { hosts: "a", user: "root;id" });
    refuses("port", { hosts: "a", port: "0" });
    refuses("port", { hosts: "a", port: "22x" });
    refuses("connectTimeout", { hosts: "a", connectTimeout: "soon" });
    refuses("connectTimeout", { hosts: "a", connectTimeout: "-1" });
    refuses("connectTimeout", { hosts: "a", connectTimeout: "Infinity" });
    refuses("maxChannels", { hosts: "a", maxChannels: "0" });
    for (const nodeFolder of ["uploads", "/", "/srv", "/srv/..", "/srv/a/..", "/srv/a\nb"])
      refuses("nodeFolder", { hosts: "a", nodeFolder });
    refuses("privateKeyFile", { hosts: "a", privateKeyFile: "~/none" }, {}, /none/);
    refuses("privateKeyFile", { hosts: "a", privateKeyFile: `${bench.key}.pub` });
    refuses("privateKey", { hosts: "a", privateKey: "nonsense" });
  });

  it("reads a key as a text, even without its last line break", () => {
    const text = readFileSync(bench.key, "utf8");
    const settings = read({ hosts: "a", privateKey: text.trimEnd() });
    assert.deepEqual(ways(settings), { key: text, agent: undefined });
  });

  it("wants the passphrase of an encrypted key, and the right one", () => {
    refuses("privateKeyFile", { hosts: "a", privateKeyFile: encrypted }, {}, /id_encrypted/);
    refuses("privateKeyFile", { hosts: "a", privateKeyFile: encrypted, passphrase: "wrong" });
    const settings = withKey({ hosts: "a", privateKeyFile: encrypted }, { SEAPATH_PASSPHRASE: "open sesame" });
    assert.equal(settings.passphrase?.reveal(), "open sesame");
  });

  it("uses the agent of the session only when no key is named", () => {
    assert.equal(ways(withKey({ hosts: "a" }, { SSH_AUTH_SOCK: "/run/agent" })).agent, undefined);
    assert.equal(ways(read({ hosts: "a" }, { SSH_AUTH_SOCK: "/run/agent" })).agent, "/run/agent");
    assert.equal(ways(withKey({ hosts: "a", agent: "~/sock" })).agent, join(bench.folder, "sock"));
    assert.equal(ways(withKey({ hosts: "a", agent: "none" }, { SSH_AUTH_SOCK: "/run/agent" })).agent, undefined);
    // Only the agent can sign with a public key.
    assert.equal(
      ways(withKey({ hosts: "a", privateKeyFile: `${bench.key}.pub` }, { SSH_AUTH_SOCK: "/run/agent" })).agent,
      "/run/agent",
    );
    refuses(
      "privateKeyFile",
      { hosts: "a", privateKeyFile: `${bench.key}.pub`, agent: "none" },
      { SSH_AUTH_SOCK: "/run/agent" },
      /no agent/,
    );
  });

  it("falls back to the first key in ~/.ssh, and says so when there is none", () => {
    const home = join(bench.folder, "home");
    mkdirSync(join(home, ".ssh"), { recursive: true });
    assert.throws(
      () => read({ hosts: "a" }, { HOME: home }),
      (error: SettingsError) => error.setting === "privateKeyFile",
    );
    copyFileSync(other, join(home, ".ssh/id_rsa"));
    assert.equal(ways(read({ hosts: "a" }, { HOME: home })).key, readFileSync(other, "utf8"));
    copyFileSync(bench.key, join(home, ".ssh/id_ecdsa"));
    assert.equal(ways(read({ hosts: "a" }, { HOME: home })).key, readFileSync(bench.key, "utf8"));
    writeFileSync(join(home, ".ssh/id_ed25519"), readFileSync(encrypted));
    // The agent most likely holds the one that is encrypted here.
    const settings = read({ hosts: "a" }, { HOME: home, SSH_AUTH_SOCK: "/run/agent" });
    assert.deepEqual(ways(settings), { key: "", agent: "/run/agent" });
    assert.throws(() => read({ hosts: "a" }, { HOME: home }), /id_ed25519\) is encrypted/);
  });

  it("shows no secret when it is printed, serialized or part of an error", () => {
    const settings = withKey({ hosts: "a", privateKeyFile: encrypted, passphrase: "open sesame" });
    const shown =
      inspect(settings, { depth: 9, showHidden: true }) +
      JSON.stringify(settings) +
      String(settings.identities[0]?.privateKey);
    assert.doesNotMatch(shown, /sesame|PRIVATE KEY/);
    assert.throws(
      () => withKey({ hosts: "a", privateKey: readFileSync(encrypted, "utf8"), passphrase: "a wrong sesame" }),
      (error) => !/sesame|BEGIN/.test(inspect(error)),
    );
  });
});
