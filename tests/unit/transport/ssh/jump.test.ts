import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import {
  ConnectionError,
  createRunner,
  HostKeyError,
  readSettings,
} from "../../../../provider/dist/transport/index.js";
import { Bench, type Sshd } from "./sshd.ts";

describe("jump hosts", function () {
  this.timeout(30_000);
  const bench = new Bench();
  let [first, second, node]: Sshd[] = [];
  before(async () => {
    [first, second, node] = [await bench.sshd(), await bench.sshd(), await bench.sshd()];
  });
  after(() => bench.end());
  const hello = { argv: ["echo", "hello"] };
  const all = () => [first!, second!, node!];
  const through = (jump: string, more: Record<string, string> = {}) =>
    bench.runner(all(), { jump, connectTimeout: "5", ...more }, [node!.address]);

  it("go one behind the other", async () => {
    const runner = through(`${first!.address},${second!.address}`);
    assert.deepEqual(await runner.run(hello), { node: node!.address, exitCode: 0, stdout: "hello\n", stderr: "" });
  });

  it("carry many programs, large data and uploads", async () => {
    const runner = through(`${first!.address},${second!.address}`);
    const data = Buffer.alloc(3 * 1024 * 1024, "abc");
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => runner.run({ argv: ["echo", String(n)] })));
    assert.deepEqual(
      answers.map(({ stdout }) => Number(stdout)),
      answers.map((_, n) => n),
    );
    assert.equal((await runner.run({ argv: ["wc", "-c"], stdin: data })).stdout.trim(), String(data.length));
    const [source, target] = [join(bench.folder, "up"), join(bench.folder, "there")];
    writeFileSync(source, data);
    assert.equal(await runner.upload(source, target), node!.address);
    assert.equal((await runner.run({ argv: ["cmp", source, target] })).exitCode, 0);
  });

  it("are taken from ProxyJump, and the first may have one of its own", async () => {
    const path = join(bench.folder, "config");
    const known = join(bench.folder, "known");
    writeFileSync(
      known,
      all()
        .map((sshd) => sshd.knownHosts)
        .join("\n"),
    );
    writeFileSync(
      path,
      `Host inner\n HostName 127.0.0.1\n Port ${node!.port}\n ProxyJump gate\nHost gate\n HostName 127.0.0.1\n Port ${second!.port}\n ProxyJump ssh://outer\n` +
        `Host outer\n HostName 127.0.0.1\n Port ${first!.port}\nHost *\n User ${userInfo().username}\n IdentityFile ${bench.key}\n UserKnownHostsFile ${known}\n`,
    );
    const settings = readSettings((key) => ({ hosts: "inner", sshConfigFile: path })[key], { HOME: bench.folder });
    assert.deepEqual(
      settings.hosts[0]!.jumps?.map(({ address }) => address),
      ["outer", "gate"],
    );
    const runner = createRunner(settings);
    bench.later(() => runner.close());
    assert.equal((await runner.run(hello)).node, "inner");
  });

  it("have their host keys verified, each of them", async () => {
    for (const unknown of all()) {
      const knownHosts = all()
        .filter((each) => each !== unknown)
        .map((each) => each.knownHosts)
        .join("\n");
      const error: unknown = await through(`${first!.address},${second!.address}`, { knownHosts })
        .run(hello)
        .catch((cause: unknown) => cause);
      assert.ok(error instanceof HostKeyError, String(error));
      assert.equal(error.node, unknown.address);
      assert.ok(error.hint?.endsWith(unknown.knownHosts), error.hint);
    }
  });

  it("are named when they fail, and the node too", async () => {
    const gone = await bench.refusing();
    await assert.rejects(through(gone).run(hello), (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.deepEqual([error.beforeSend, error.node], [true, node!.address]);
      assert.ok(
        error.message.includes(`jump host ${gone}`) && error.message.endsWith(`on the way to ${node!.address}`),
        error.message,
      );
      return true;
    });
    const mute = await bench.mute();
    await assert.rejects(
      through(`${first!.address},${mute}`, { connectTimeout: "1" }).run(hello),
      /jump host 127.*no login within 1 s/,
    );
    const beyond = bench.runner(all(), { jump: first!.address }, [gone]);
    await assert.rejects(beyond.run(hello), new RegExp(`${gone}.*the jump host ${first!.address} cannot reach it`));
  });

  it("say what to allow when they do not forward", async () => {
    const closed = await bench.sshd({ more: ["AllowTcpForwarding no"] });
    const runner = bench.runner([closed, node!], { jump: closed.address }, [node!.address]);
    await assert.rejects(
      runner.run(hello),
      (error) => error instanceof ConnectionError && /AllowTcpForwarding/.test(error.hint ?? ""),
    );
  });

  it("take the link with them when they die, and a change is not run again", async () => {
    const [gate, behind] = [await bench.sshd(), await bench.sshd()];
    const runner = bench.runner([gate, behind], { jump: gate.address }, [behind.address]);
    await runner.run(hello);
    const running = runner.run({ argv: ["sleep", "30"], label: "a change" });
    running.catch(() => {});
    await sleep(300);
    gate.kill();
    await assert.rejects(running, { code: "connection", beforeSend: false });
    assert.equal(runner.node, undefined);
  });

  it("are given up when they hang", async () => {
    const [gate, behind] = [await bench.sshd(), await bench.sshd()];
    const runner = bench.runner([gate, behind], { jump: gate.address, connectTimeout: "1" }, [behind.address]);
    await runner.run(hello);
    gate.freeze();
    await assert.rejects(runner.run(hello), { code: "connection", beforeSend: true });
  });
});
