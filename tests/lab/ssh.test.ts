import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import {
  CommandError,
  ConnectionError,
  createRunner,
  readSettings,
  SettingsError,
  UploadError,
  type Runner,
} from "../../provider/dist/transport/index.js";
import { exec, readLab } from "../../lab/index.ts";
import { said } from "../said.ts";
import { eventually, on } from "./support/cluster.ts";
import { allowBySudo, dropUser, hardenedSudoers, makeUser, SUDO_GROUP } from "./support/users.ts";

/** Each sshd of these tests has a port of its own, so that the nodes' own is left alone. */
const PORT = 2222;

describe("ways to log in on the lab's nodes", function () {
  this.timeout(60_000);
  const { nodes, privateKeyFile, knownHostsFile, options } = readLab();
  // Hardened nodes let root not in, and are no jump hosts.
  const itJumps = options.hardened === true ? it.skip : it;
  const [first, second, third] = nodes.map(({ name }) => name) as [string, string, string];
  const addresses = nodes.map(({ address }) => address) as [string, string, string];
  const folder = mkdtempSync(join(tmpdir(), "seapath-ssh-"));
  const user = `ops${randomBytes(3).toString("hex")}`;
  const guest = `weak${randomBytes(3).toString("hex")}`;
  const admin = `adm${randomBytes(3).toString("hex")}`;
  const password = `pw ${randomBytes(9).toString("hex")} $'"\\`;
  const config = `/etc/ssh/sshd_test_${user}`;
  const authority = join(folder, "authority");
  const runners: Runner[] = [];
  const known = readFileSync(knownHostsFile, "utf8");
  // The second sshd of a node has the node's own keys, under another port.
  const withPort = `${known}\n${known.replaceAll(
    /^(\S+) /gm,
    (_, names: string) =>
      `${names
        .split(",")
        .map((name) => `[${name}]:${PORT}`)
        .join(",")} `,
  )}`;

  before(async () => {
    for (const name of [user, guest, admin]) {
      await makeUser(third, name, {
        shell: name === guest ? "/bin/bash" : "/bin/sh",
        ...(name === guest ? {} : { sudoers: hardenedSudoers(name, { terminal: name === admin }) }),
      });
      await exec(third, ["chpasswd"], { stdin: `${name}:${password}\n` });
    }
    const text = [
      `Port ${PORT}`,
      `HostKey /etc/ssh/ssh_host_ed25519_key`,
      `HostCertificate ${config}-cert.pub`,
      `PidFile /run/${user}.pid`,
      "UsePAM yes",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "Subsystem sftp internal-sftp",
      `Match User ${user}`,
      "  PasswordAuthentication yes",
      `Match User ${guest}`,
      "  KbdInteractiveAuthentication yes",
      "  PubkeyAuthentication no",
    ];
    // An authority of these tests certifies the node's key.
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", authority]);
    writeFileSync(join(folder, "node.pub"), `${await on(third, "cat", "/etc/ssh/ssh_host_ed25519_key.pub")}\n`);
    execFileSync("ssh-keygen", [
      "-q",
      "-s",
      authority,
      "-h",
      "-I",
      third,
      "-n",
      `${third},${addresses[2]}`,
      "-V",
      "-5m:+1d",
      join(folder, "node.pub"),
    ]);
    await exec(third, ["tee", `${config}-cert.pub`], { stdin: readFileSync(join(folder, "node-cert.pub"), "utf8") });
    await exec(third, ["tee", config], { stdin: `${text.join("\n")}\n` });
    await exec(third, ["/usr/sbin/sshd", "-f", config]);
    await eventually(
      () => exec(third, ["cat", `/run/${user}.pid`], { ok: true }),
      ({ exitCode }) => exitCode === 0,
    );
  });
  after(async () => {
    for (const runner of runners) runner.close();
    await exec(third, [
      "sh",
      "-c",
      `kill "$(cat /run/${user}.pid)"; rm -f ${config} ${config}-cert.pub /run/${user}.pid`,
    ]);
    for (const name of [user, guest, admin]) await dropUser(third, name);
    rmSync(folder, { recursive: true, force: true });
  });

  const runner = (settings: Record<string, string>, home = folder): Runner => {
    const all: Record<string, string> = { knownHosts: withPort, connectTimeout: "10", ...settings };
    const made = createRunner(readSettings((key) => all[key], { HOME: home }));
    runners.push(made);
    return made;
  };
  const hostname = { argv: ["hostname"], readOnly: true };

  itJumps("go through node1 and node2 to node3", async () => {
    const made = runner({ hosts: addresses[2], jump: `${addresses[0]}, root@${addresses[1]}:22`, privateKeyFile });
    assert.equal((await made.run(hostname)).stdout.trim(), third);
    // The node sees the last jump host and not this machine.
    const seen = (await made.run({ argv: ["sh", "-c", "echo $SSH_CONNECTION"] })).stdout.split(" ");
    assert.deepEqual([seen[0], seen[2]], [addresses[1], addresses[2]]);
    const last = await on(second, "sh", "-c", "ss -Htn state established '( sport = :22 )'");
    assert.ok(last.includes(addresses[0]), last);
  });

  itJumps("go the same way by ~/.ssh/config", async () => {
    const path = join(folder, "config");
    writeFileSync(
      path,
      `Host ${first} ${second} ${third}\n  User root\n  IdentityFile ${privateKeyFile}\n  UserKnownHostsFile ${knownHostsFile}\n` +
        nodes.map(({ name, address }) => `Host ${name}\n  HostName ${address}\n`).join("") +
        `Host ${third}\n  ProxyJump ${first},${second}\n`,
    );
    const made = createRunner(readSettings((key) => ({ hosts: third, sshConfigFile: path })[key], { HOME: folder }));
    runners.push(made);
    const { node, stdout } = await made.run({ argv: ["sh", "-c", "hostname; echo $SSH_CONNECTION"] });
    assert.deepEqual([node, ...stdout.split(/\s/).slice(0, 2)], [third, third, addresses[1]]);
  });

  itJumps("is refused by a jump host that cannot reach the node, in time", async () => {
    const made = runner({ hosts: "10.99.0.99", jump: addresses[0], privateKeyFile, connectTimeout: "2" });
    await assert.rejects(
      made.run(hostname),
      (error) => error instanceof ConnectionError && error.beforeSend && /cannot reach it/.test(error.message),
    );
  });

  it("by the certificate of the node's key", async () => {
    const authorities = `@cert-authority * ${readFileSync(`${authority}.pub`, "utf8")}`;
    const straight = runner({ hosts: `${addresses[2]}:${PORT}`, user, privateKeyFile, knownHosts: authorities });
    assert.equal((await straight.run(hostname)).stdout.trim(), third);
  });

  itJumps("by the certificate of the node's key behind a jump host", async () => {
    const authorities = `@cert-authority * ${readFileSync(`${authority}.pub`, "utf8")}`;
    // The jump host itself has no certificate, so it is known by its key.
    const jumps = known
      .split("\n")
      .filter((line) => line.includes(addresses[0]))
      .join("\n");
    const behind = runner({
      hosts: `${addresses[2]}:${PORT}`,
      user,
      privateKeyFile,
      jump: `root@${addresses[0]}`,
      knownHosts: `${jumps}\n${authorities}`,
    });
    assert.equal((await behind.run(hostname)).stdout.trim(), third);
  });

  it("by a password", async () => {
    const made = runner({ hosts: `${addresses[2]}:${PORT}`, user, password });
    assert.equal((await made.run({ argv: ["id", "-un"] })).stdout.trim(), user);
  });

  it("by a password that PAM asks for", async () => {
    const made = runner({ hosts: `${addresses[2]}:${PORT}`, user: guest, password });
    assert.equal((await made.run({ argv: ["id", "-un"] })).stdout.trim(), guest);
  });

  it("by no wrong password, which is not told", async () => {
    for (const name of [user, guest]) {
      const made = runner({ hosts: `${addresses[2]}:${PORT}`, user: name, password: `${password}!` });
      await assert.rejects(made.run(hostname), (error) => {
        assert.ok(error instanceof ConnectionError);
        assert.match(error.message, /login was refused: the node lets in by .*; tried: /);
        assert.match(error.hint ?? "", /seapath:password/);
        assert.ok(!JSON.stringify([error.message, error.hint, error.stack]).includes(password.slice(0, 12)));
        return error.beforeSend;
      });
    }
  });

  it("tells a jump host no password", async () => {
    const made = runner({ hosts: addresses[0], user: "root", jump: `${guest}@${addresses[2]}:${PORT}`, password });
    await assert.rejects(
      made.run(hostname),
      /jump host.*lets in by keyboard-interactive; nothing of that could be tried/,
    );
  });

  // Where sudo wants a terminal, its program must not notice: what is printed and read stays as it is.
  for (const [name, how] of [
    [user, "for who may run /bin/sh alone"],
    [admin, "where sudo wants a terminal"],
  ] as const)
    it(`is root's by sudo, ${how}, for programs with hostile arguments, input and exit codes`, async () => {
      const made = runner({ hosts: addresses[2], user: name, privateKeyFile, sudo: "true" });
      assert.equal((await made.run({ argv: ["id", "-un"] })).stdout.trim(), "root");
      assert.equal(
        (await made.run({ argv: ["printf", "%s|", "a b", "$(id)", "it's", "A=b", "-n", ""] })).stdout,
        "a b|$(id)|it's|A=b|-n||",
      );
      assert.equal((await made.run({ argv: ["cat"], stdin: "in\n" })).stdout, "in\n");
      assert.equal((await made.run({ argv: ["sh", "-c", "exit 6"], okExitCodes: [6] })).exitCode, 6);
      const apart = await made.run({ argv: ["sh", "-c", "echo out; echo err >&2; umask"] });
      assert.deepEqual([apart.stdout, apart.stderr], ["out\n0077\n", "err\n"]);
      const bytes = Array.from({ length: 4096 }, (_, index) => String.fromCharCode(index % 256)).join("");
      assert.equal(
        (await made.run({ argv: ["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; cat"], stdin: bytes })).stdout,
        "x".repeat(3_000_000) + bytes,
      );
      await assert.rejects(
        made.run({ argv: ["sh", "-c", "kill -TERM $$"] }),
        (error) => error instanceof CommandError && (error.signal === "TERM" || error.exitCode === 143),
      );
      assert.match(
        (await made.run({ argv: ["cibadmin", "--query", "--scope", "nodes"], readOnly: true })).stdout,
        /<node /,
      );
    });

  for (const name of [user, admin])
    it(`ends root's programs of ${name === user ? "a user" : "a user who needs a terminal"} at their deadline`, async () => {
      const made = runner({ hosts: addresses[2], user: name, privateKeyFile, sudo: "true" });
      const mark = `3${randomBytes(3).readUIntBE(0, 3)}`;
      await assert.rejects(made.run({ argv: ["sleep", mark], timeoutMs: 800 }), { code: "command", timedOut: true });
      const left = () => exec(third, ["pgrep", "-f", `^sleep ${mark}`], { ok: true });
      assert.equal((await eventually(left, ({ stdout }) => stdout === "")).stdout, "");
    });

  for (const name of [user, admin])
    it(`has a terminal by sudo, ${name === user ? "and" : "where sudo wants one, and"} gives the exit code`, async () => {
      const made = runner({ hosts: addresses[2], user: name, privateKeyFile, sudo: "true" });
      const [input, output] = [new PassThrough(), new PassThrough()];
      let shown = "";
      output.on("data", (chunk: Buffer) => (shown += chunk.toString()));
      const terminal = {
        input,
        output,
        type: "dumb",
        size: () => ({ rows: 7, columns: 70 }),
        onResize: () => () => {},
      };
      const ended = made.interactive?.(["sh", "-c", "id -un; stty size; read word; echo got $word; exit 6"], terminal);
      input.write("hello\n");
      assert.equal(await ended, 6);
      assert.match(shown, /root\r\n7 70\r\n[^]*got hello\r\n/);
    });

  for (const name of [user, admin])
    it(`uploads with sudo${name === user ? "" : " that wants a terminal"} to where only root may write`, async () => {
      const made = runner({ hosts: addresses[2], user: name, privateKeyFile, sudo: "true" });
      const source = join(folder, "image");
      const target = `/var/lib/seapath/images/sudo-${user}`;
      writeFileSync(source, randomBytes(3 * 1024 * 1024));
      const list = async () =>
        (await on(third, "sh", "-c", `ls -A /var/lib/seapath/images | grep ${user} || true`)).split("\n");
      try {
        for (const _again of [1, 2]) assert.equal(await made.upload(source, target), addresses[2]);
        const { createHash } = await import("node:crypto");
        const sum = createHash("sha256").update(readFileSync(source)).digest("hex");
        assert.equal((await on(third, "sha256sum", target)).split(" ")[0], sum);
        assert.equal(await on(third, "stat", "-c", "%U:%G %a", target), "root:root 600");
        assert.deepEqual(await list(), [`sudo-${user}`]);
        const boom = () => {
          throw new Error("boom");
        };
        await assert.rejects(made.upload(source, target, boom), /boom/);
        assert.deepEqual(await list(), [`sudo-${user}`]);
        await assert.rejects(
          made.upload(source, `/var/lib/no-such-${user}/x`),
          (error) => error instanceof UploadError && /cannot create it/.test(error.message),
        );
      } finally {
        await exec(third, ["rm", "-f", target]);
      }
    });

  describe("says what to allow", () => {
    const allow = (sudoers: string) => allowBySudo(third, guest, sudoers);
    const refusal = async (): Promise<SettingsError> => {
      const made = runner({ hosts: addresses[2], user: guest, privateKeyFile, sudo: "true" });
      const error: unknown = await made.run({ argv: ["true"], okExitCodes: [0, 1, 126, 127] }).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      assert.ok(error instanceof SettingsError && error.setting === "sudo", String(error));
      said(`${error.message}\n  → ${error.hint ?? ""}`);
      return error;
    };

    // Tried: sudo asks for a password → one sentence with the line for sudoers, and with that line it works
    it("when sudo asks for a password, or lets nothing be run by what it runs", async () => {
      const asked = await refusal();
      assert.match(asked.message, /sudo is true, but .*: sudo: a password is required/);
      const [, line = ""] = /"(.*)"/.exec(asked.hint ?? "") ?? [];
      assert.equal(line, `${guest} ALL=(root) NOPASSWD:EXEC: /bin/sh`);
      await allow(`Defaults noexec\n${guest} ALL=(root) NOPASSWD: ALL\n`);
      assert.match((await refusal()).message, /env: Permission denied|env: Operation not permitted/);
      await allow(`Defaults noexec\n${line}\n`);
      assert.equal(
        (await runner({ hosts: addresses[2], user: guest, privateKeyFile, sudo: "true" }).run({ argv: ["id", "-un"] }))
          .stdout,
        "root\n",
      );
    });

    // Tried: sudo wants a terminal, and a login there must have none → the line for sudoers that lifts it
    it("when sudo wants a terminal and none is to be had", async () => {
      await allow(`Defaults:${guest} requiretty\n${guest} ALL=(root) NOPASSWD:EXEC: /bin/sh\n`);
      await exec(third, ["sh", "-c", `sed -i 's/^/command="sudo -n -- true" /' ~${guest}/.ssh/authorized_keys`]);
      assert.match((await refusal()).hint ?? "", new RegExp(`"Defaults:${guest} !requiretty"`));
      await exec(third, ["sh", "-c", `sed -i 's/^command="[^"]*" //' ~${guest}/.ssh/authorized_keys`]);
    });

    // Tried: sudo may be run by a group alone, as SEAPATH's playbooks have it → said, with how to see which one
    it("when only a group may run sudo", async () => {
      const mode = await on(third, "stat", "-c", "%a", "/usr/bin/sudo");
      await exec(third, ["chmod", "4750", "/usr/bin/sudo"]);
      await exec(third, ["gpasswd", "--delete", guest, SUDO_GROUP], { ok: true });
      try {
        assert.match((await refusal()).hint ?? "", new RegExp(`Put ${guest} into the group that may run sudo there`));
      } finally {
        await exec(third, ["chmod", mode, "/usr/bin/sudo"]);
      }
    });
  });

  it("goes on with a key that was changed, and refuses the old one", async () => {
    const { execFileSync } = await import("node:child_process");
    const [old, fresh] = ["old", "fresh"].map((name) => join(folder, name)) as [string, string];
    for (const path of [old, fresh]) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
    const allow = (path: string) =>
      exec(third, ["sh", "-c", `cat > ~${user}/.ssh/authorized_keys`], { stdin: readFileSync(`${path}.pub`) });
    const login = (path: string) => runner({ hosts: addresses[2], user, privateKeyFile: path }).run({ argv: ["true"] });
    await allow(old);
    await login(old);
    await allow(fresh);
    await login(fresh);
    await assert.rejects(login(old), /login was refused/);
  });
});
