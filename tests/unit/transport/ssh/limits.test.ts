import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionError, type Runner } from "../../../../provider/dist/transport/index.js";
import { said } from "../../../said.ts";
import { Bench, type Sshd } from "./sshd.ts";

/** Which connection a program came over. */
const over = async (runner: Runner) => (await runner.run({ argv: ["sh", "-c", "echo $SSH_CONNECTION"] })).stdout;

describe("the limits of sshd", function () {
  this.timeout(40_000);
  const bench = new Bench();
  after(() => bench.end());

  /** Takes the only place that sshd has for those who are not logged in yet. */
  const occupy = async (sshd: Sshd): Promise<Socket> => {
    for (let tries = 0; tries < 100; tries++) {
      const socket = connect(Number(sshd.port), "127.0.0.1");
      bench.later(() => socket.destroy());
      const said = await new Promise<string>((resolve) =>
        socket.once("data", (data) => resolve(data.toString())).once("close", () => resolve("")),
      );
      // Whoever asked whether sshd is up may still have the place.
      if (said.startsWith("SSH-")) return socket;
      socket.destroy();
      await sleep(50);
    }
    throw new Error("the place never was free");
  };

  it("come back when MaxStartups turns them away", async () => {
    const sshd = await bench.sshd({ maxStartups: "1:100:1" });
    const runner = bench.runner([sshd], { connectTimeout: "20" });
    const place = await occupy(sshd);
    let done = false;
    const running = over(runner).finally(() => (done = true));
    running.catch(() => {});
    await sleep(800);
    assert.equal(done, false, "it was not turned away");
    place.destroy();
    assert.match(await running, /127/);
  });

  // Tried: sshd turns logins away for longer than `connectTimeout` → the error names MaxStartups
  it("say that it was MaxStartups when it never ends", async () => {
    const sshd = await bench.sshd({ maxStartups: "1:100:1" });
    await occupy(sshd);
    await assert.rejects(over(bench.runner([sshd], { connectTimeout: "2" })), (error) => {
      assert.ok(error instanceof ConnectionError);
      said(`${error.message}\n  → ${error.hint ?? ""}`);
      assert.match(error.message, /\d times, before it said who it is \(MaxStartups/);
      return error.beforeSend;
    });
  });

  // Tried: sshd lets only few log in at a time → all come in, one after the other
  it("let many runners in at once where few may log in at a time", async () => {
    const sshd = await bench.sshd({ maxStartups: "2:100:2" });
    const runners = Array.from({ length: 6 }, () => bench.runner([sshd], { connectTimeout: "30" }));
    assert.equal(new Set(await Promise.all(runners.map(over))).size, 6);
  });

  // Tried: sshd closes an idle connection → a new one is made before the next program is sent
  it("get a new connection when sshd closes one that nobody uses", async () => {
    const sshd = await bench.sshd({ more: ["UnusedConnectionTimeout 1"] });
    const runner = bench.runner([sshd]);
    const before = await over(runner);
    for (let tries = 0; runner.node !== undefined; tries++) {
      assert.ok(tries < 200, "sshd did not close it");
      await sleep(50);
    }
    assert.notEqual(await over(runner), before);
  });

  it("leave a program alone that is quiet for longer than TMOUT", async () => {
    // A shell waits no longer than that for what is typed; sshd's SetEnv counts its first line alone.
    const sshd = await bench.sshd({ more: [`SetEnv HOME=${bench.folder} TMOUT=1`] });
    const runner = bench.runner([sshd]);
    const before = await over(runner);
    assert.equal((await runner.run({ argv: ["sh", "-c", 'sleep 2.5; echo "$TMOUT"'] })).stdout, "1\n");
    assert.equal(await over(runner), before);
  });

  it("answer ClientAliveInterval, at work and idle", async () => {
    const sshd = await bench.sshd({ more: ["ClientAliveInterval 1", "ClientAliveCountMax 1"] });
    const runner = bench.runner([sshd]);
    const before = await over(runner);
    assert.equal((await runner.run({ argv: ["sh", "-c", "sleep 4; echo done"] })).stdout, "done\n");
    await sleep(3_500);
    assert.equal(await over(runner), before);
  });
});

describe("IPv6 and fingerprints", function () {
  this.timeout(20_000);
  const bench = new Bench();
  after(() => bench.end());
  const hello = { argv: ["echo", "hello"] };

  it("reaches a node by an IPv6 address", async () => {
    const sshd = await bench.sshd({ ipv6: true });
    assert.match(sshd.address, /^\[::1\]:/);
    assert.equal((await bench.runner([sshd]).run(hello)).node, sshd.address);
    await assert.rejects(
      bench.runner([sshd], { knownHosts: "# none" }).run(hello),
      (error: Error & { hint?: string }) => error.hint?.endsWith(sshd.knownHosts) ?? false,
    );
  });

  it("goes through a jump host by an IPv6 address", async () => {
    const [jump, node] = [await bench.sshd({ ipv6: true }), await bench.sshd({ ipv6: true })];
    const runner = bench.runner([jump, node], { jump: jump.address }, [node.address]);
    assert.equal((await runner.run(hello)).node, node.address);
  });

  it("takes a host key by its fingerprint, of any host or of one", async () => {
    const sshd = await bench.sshd();
    const shown = await fingerprint(bench, sshd);
    const wrong = `SHA256:${"A".repeat(43)}`;
    const run = (hostKeyFingerprints: string, knownHosts = "# none") =>
      bench.runner([sshd], { hostKeyFingerprints, knownHosts }).run(hello);
    assert.equal((await run(shown)).stdout, "hello\n");
    assert.equal((await run(`${wrong}, 127.0.0.1=${shown}`)).stdout, "hello\n");
    assert.equal((await run(`["${sshd.address}=${shown}"]`)).stdout, "hello\n");
    await assert.rejects(run(wrong), { code: "host-key" });
    await assert.rejects(run(`node9=${shown}`), { code: "host-key" });
    const revoked = `@revoked * ${sshd.knownHosts.split(" ").slice(1).join(" ")}`;
    await assert.rejects(run(shown, revoked), /revoked/);
    assert.throws(() => bench.settings(["a"], "", { hostKeyFingerprints: "MD5:00" }), {
      code: "settings",
      setting: "hostKeyFingerprints",
    });
  });
});

/** As ssh-keygen shows it. */
async function fingerprint(bench: Bench, sshd: Sshd): Promise<string> {
  const { writeFileSync } = await import("node:fs");
  const { execFileSync } = await import("node:child_process");
  const file = `${bench.folder}/shown.pub`;
  writeFileSync(file, sshd.knownHosts.split(" ").slice(1).join(" "));
  return execFileSync("ssh-keygen", ["-lf", file], { encoding: "utf8" }).split(" ")[1]!;
}
