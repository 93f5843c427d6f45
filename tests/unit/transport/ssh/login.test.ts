import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ConnectionError,
  createRunner,
  HostKeyError,
  readSettings,
  SettingsError,
} from "../../../../provider/dist/transport/index.js";
import { said } from "../../../said.ts";
import { Bench, publicKey, type Sshd } from "./sshd.ts";

describe("logging in to a real sshd", function () {
  this.timeout(20_000);
  const bench = new Bench();
  let sshd: Sshd;
  before(async () => {
    sshd = await bench.sshd();
  });
  after(() => bench.end());

  const known = (...lines: string[]) => {
    const settings = bench.settings([sshd.address], lines.join("\n"));
    const runner = createRunner(settings);
    bench.later(() => runner.close());
    return runner;
  };
  const hello = { argv: ["echo", "hello"] };
  const hostKeyError = async (runner: { run(command: typeof hello): Promise<unknown> }): Promise<HostKeyError> => {
    const error: unknown = await runner.run(hello).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    assert.ok(error instanceof HostKeyError, String(error));
    assert.equal(error.code, "host-key");
    said(`${error.message}\n  → ${error.hint ?? ""}`);
    return error;
  };

  it("runs a program with a key and a known host", async () => {
    const runner = known(sshd.knownHosts);
    assert.equal(runner.node, undefined);
    assert.deepEqual(await runner.run(hello), { node: sshd.address, exitCode: 0, stdout: "hello\n", stderr: "" });
    assert.equal(runner.node, sshd.address);
    runner.close();
    assert.equal(runner.node, undefined);
    await assert.rejects(runner.run(hello), { code: "connection", beforeSend: true });
  });

  // Tried: a host key is unknown → refused, with the line that would accept it
  it("refuses an unknown host, and the line in its hint makes it known", async () => {
    const error = await hostKeyError(known("# nothing"));
    const [, line] = /known_hosts.*: (\[127.*)$/.exec(error.hint ?? "") ?? [];
    assert.equal(line, sshd.knownHosts);
    const file = join(bench.folder, "fingerprint.pub");
    writeFileSync(file, sshd.knownHosts.split(" ").slice(1).join(" "));
    const shown = execFileSync("ssh-keygen", ["-lf", file], { encoding: "utf8" }).split(" ")[1]!;
    assert.ok(error.message.includes(shown), error.message);
    assert.equal((await known(line!).run(hello)).stdout, "hello\n");
  });

  it("knows the host by a line that ssh-keygen -H has hashed", async () => {
    const path = join(bench.folder, "hashed");
    writeFileSync(path, `${sshd.knownHosts}\n`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", path], { stdio: "ignore" });
    assert.match(readFileSync(path, "utf8"), /^\|1\|/);
    const runner = createRunner(bench.settings([sshd.address], "", { knownHostsFile: path }));
    bench.later(() => runner.close());
    assert.equal((await runner.run(hello)).stdout, "hello\n");
    // Under another name, which is not in it, the same node is not known.
    const named = createRunner(bench.settings([`localhost:${sshd.port}`], "", { knownHostsFile: path }));
    bench.later(() => named.close());
    await hostKeyError(named);
  });

  // Tried: a host key is another than before → refused, with the line that is in the way, and the one that would accept it
  it("refuses a changed host key and says which line is in the way", async () => {
    const path = join(bench.folder, "changed");
    const port = sshd.address.split(":")[1];
    writeFileSync(path, `# old\n[127.0.0.1]:${port} ${publicKey(bench.newKey("old_host"))}\n`);
    const settings = readSettings(
      (key) => ({ hosts: sshd.address, privateKeyFile: bench.key, knownHostsFile: path })[key],
      { HOME: bench.folder },
    );
    const runner = createRunner(settings);
    const error = await hostKeyError(runner);
    assert.ok(error.message.includes(`${path}:2`), error.message);
    const [, command] = /`(ssh-keygen -R [^`]*)`/.exec(error.hint ?? "") ?? [];
    const [, line] = /this line: (.*)$/.exec(error.hint ?? "") ?? [];
    // The hint is to be pasted, so it is run here as it stands.
    execFileSync("/bin/sh", ["-c", command!], { stdio: "ignore" });
    writeFileSync(path, `${readFileSync(path, "utf8")}${line}\n`);
    assert.equal((await runner.run(hello)).stdout, "hello\n");
    runner.close();
  });

  it("refuses a revoked host key", async () => {
    const error = await hostKeyError(
      known(sshd.knownHosts, `@revoked * ${sshd.knownHosts.split(" ").slice(1).join(" ")}`),
    );
    assert.match(error.message, /revoked/);
  });

  // Tried: a host key is wrong, and there are other nodes → none of them is tried: that would hide it
  it("does not go on to the next host after a wrong host key", async () => {
    const other = await bench.sshd();
    const runner = createRunner(bench.settings([sshd.address, other.address], other.knownHosts));
    bench.later(() => runner.close());
    assert.equal((await hostKeyError(runner)).node, sshd.address);
  });

  it("asks a node with several keys for the one that is known", async () => {
    const [ed, rsa, ecdsa] = [
      bench.newKey("many_ed"),
      bench.newKey("many_rsa", "", "rsa"),
      bench.newKey("many_ec", "", "ecdsa"),
    ];
    const many = await bench.sshd({ hostKeys: [ed, rsa, ecdsa] });
    for (const line of many.knownHosts.split("\n")) {
      const runner = createRunner(bench.settings([many.address], line));
      assert.equal((await runner.run(hello)).stdout, "hello\n", line);
      runner.close();
    }
  });

  it("reports a node with another type of key as changed, not as incompatible", async () => {
    const rsa = publicKey(bench.newKey("was_rsa", "", "rsa"));
    const error = await hostKeyError(known(`[127.0.0.1]:${sshd.address.split(":")[1]} ${rsa}`));
    assert.match(error.message, /another/);
  });

  it("names a known_hosts file that cannot be read", async () => {
    const settings = readSettings(
      (key) => ({ hosts: sshd.address, privateKeyFile: bench.key, knownHostsFile: "~/none" })[key],
      { HOME: bench.folder },
    );
    await assert.rejects(
      createRunner(settings).run(hello),
      (error) => error instanceof SettingsError && error.setting === "knownHostsFile",
    );
  });

  // Tried: the node does not let the user in → the error says what was tried, and where the key has to be
  it("says what to check when the node does not let the user in", async () => {
    const runner = bench.runner([sshd], { privateKeyFile: bench.newKey("stranger") });
    await assert.rejects(runner.run(hello), (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.equal(error.beforeSend, true);
      assert.match(error.hint ?? "", /authorized_keys/);
      return true;
    });
  });

  for (const type of ["rsa", "ecdsa", "ed25519"]) {
    it(`logs in with an encrypted ${type} key and its passphrase`, async () => {
      const key = bench.newKey(`locked_${type}`, "it's secret", type);
      const lets = await bench.sshd({ more: [`AuthorizedKeysFile ${key}.pub`] });
      const runner = bench.runner([lets], { privateKeyFile: key, passphrase: "it's secret" });
      assert.equal((await runner.run(hello)).stdout, "hello\n");
    });
  }

  for (const type of ["rsa", "ed25519"]) {
    it(`logs in with an agent that holds an ${type} key`, async () => {
      const key = bench.newKey(`agent_${type}`, "", type);
      writeFileSync(`${bench.key}.pub`, `${publicKey(bench.key)}\n${publicKey(key)}\n`);
      const socket = join(bench.folder, `agent_${type}.sock`);
      const started = execFileSync("ssh-agent", ["-s", "-a", socket], { encoding: "utf8" });
      const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1]);
      try {
        execFileSync("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
        rmSync(key);
        const config: Record<string, string> = { hosts: sshd.address, knownHosts: sshd.knownHosts };
        const runner = createRunner(
          readSettings((name) => config[name], { HOME: bench.folder, SSH_AUTH_SOCK: socket }),
        );
        assert.equal((await runner.run(hello)).stdout, "hello\n");
        runner.close();
      } finally {
        process.kill(pid);
      }
    });
  }

  it("says that the agent cannot be reached", async () => {
    const config: Record<string, string> = { hosts: sshd.address, knownHosts: sshd.knownHosts, agent: "~/no-agent" };
    const runner = createRunner(readSettings((name) => config[name], { HOME: bench.folder }));
    await assert.rejects(runner.run(hello), /no-agent/);
  });
});
