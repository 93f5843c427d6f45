import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionError } from "../../../../provider/dist/transport/index.js";
import { Bench } from "./sshd.ts";

describe("a list of hosts", function () {
  this.timeout(40_000);
  const bench = new Bench();
  after(() => bench.end());
  const hello = { argv: ["echo", "hello"] };

  it("goes on when the first refuses", async () => {
    const sshd = await bench.sshd();
    const runner = bench.runner([sshd], {}, [await bench.refusing(), sshd.address]);
    assert.equal((await runner.run(hello)).node, sshd.address);
  });

  it("goes on when the first hangs, and asks it only last for a while", async () => {
    const sshd = await bench.sshd();
    const runner = bench.runner([sshd], { connectTimeout: "1" }, [await bench.mute(), sshd.address]);
    const begun = Date.now();
    assert.equal((await runner.run(hello)).node, sshd.address);
    const took = Date.now() - begun;
    assert.ok(took >= 950 && took < 4_000, `${took} ms`);
    const again = Date.now();
    await runner.run(hello);
    assert.ok(Date.now() - again < 900);
  });

  it("lists each host with its cause when none answers", async () => {
    const [refusing, mute] = [await bench.refusing(), await bench.mute()];
    const runner = bench.runner([], { connectTimeout: "0.5", knownHosts: "# none" }, [
      refusing,
      mute,
      "no-such-host.invalid",
    ]);
    await assert.rejects(runner.run(hello), (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.equal(error.beforeSend, true);
      assert.equal(error.node, `${refusing}, ${mute}, no-such-host.invalid`);
      assert.match(error.message, /ECONNREFUSED.*no login within 0.5 s.*no-such-host/);
      assert.match(error.hint ?? "", /seapath:hosts/);
      return true;
    });
  });

  it("stays with the node that works, and goes on when it is gone", async () => {
    const [first, second] = [await bench.sshd(), await bench.sshd()];
    const runner = bench.runner([first, second]);
    assert.equal((await runner.run(hello)).node, first.address);
    first.kill();
    assert.equal((await runner.run(hello)).node, second.address);
    assert.equal((await runner.run(hello)).node, second.address);
  });

  it("says so when a link breaks under a program, and does not run it again", async () => {
    const [first, second] = [await bench.sshd(), await bench.sshd()];
    const runner = bench.runner([first, second]);
    const count = join(bench.folder, "count");
    const running = runner.run({ argv: ["sh", "-c", `echo x >> ${count}; sleep 30`], label: "a change" });
    await until(() => existsSync(count));
    first.kill();
    await assert.rejects(running, (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.equal(error.beforeSend, false);
      assert.equal(error.node, first.address);
      assert.match(error.message, /a change/);
      return true;
    });
    assert.equal(readFileSync(count, "utf8"), "x\n");
    assert.equal((await runner.run(hello)).node, second.address);
  });

  it("says of each answer between which moments it was made: the login, and waiting for others, are not among them", async () => {
    const [first, second] = [await bench.sshd(), await bench.sshd()];
    const mute = await bench.mute();
    const runner = bench.runner([first, second], { connectTimeout: "3" }, [first.address, mute, second.address]);
    const answers = await runner.runOnEach!({ argv: ["date", "+%s%N"] });
    const timed = answers.flatMap((each) => ("result" in each ? [each] : []));
    assert.equal(timed.length, 2);
    for (const { result, between: [from, to] = [0, 0] } of timed) {
      const made = Number(result.stdout) / 1e6;
      assert.ok(from - 1 <= made && made <= to + 1, `${from} ${made} ${to}`);
      assert.ok(to - from < 3000, "nobody waited for the one that does not answer");
    }
  });

  it("asks each for itself, over the kept link where there is one, and waits for none of the others", async () => {
    const [first, second] = [await bench.sshd(), await bench.sshd()];
    const [refusing, mute] = [await bench.refusing(), await bench.mute()];
    const runner = bench.runner([first, second], { connectTimeout: "1" }, [
      first.address,
      refusing,
      mute,
      second.address,
    ]);
    await runner.run(hello);
    const answers = await runner.runOnEach!({ argv: ["sh", "-c", "echo $SSH_CONNECTION"] });
    assert.deepEqual(
      answers.map((each) => each.address),
      [first.address, refusing, mute, second.address],
    );
    const ports = answers.map((each) =>
      "result" in each ? each.result.stdout.trim().split(" ")[3] : "error" in each && (each.error as Error).message,
    );
    assert.deepEqual([ports[0], ports[3]], [first.port, second.port]);
    assert.match(String(ports[1]), /ECONNREFUSED/);
    assert.match(String(ports[2]), /no login within 1 s/);
    // One of the others that fails has no say in where the next command goes.
    assert.equal((await runner.run(hello)).node, first.address);
    runner.close();
    for (const each of await runner.runOnEach!(hello)) assert.ok("error" in each);
  });

  it("runs what only reads again on the next node", async () => {
    const [first, second] = [await bench.sshd(), await bench.sshd()];
    const runner = bench.runner([first, second]);
    const count = join(bench.folder, "reads");
    const script = `echo x >> ${count}; test $(wc -l < ${count}) -gt 1 || sleep 30; echo read`;
    const running = runner.run({ argv: ["sh", "-c", script], readOnly: true });
    await until(() => existsSync(count));
    first.kill();
    const { node, stdout } = await running;
    assert.deepEqual([node, stdout], [second.address, "read\n"]);
  });

  // Tried: a node hangs while nothing runs → no change is sent into that link; the next node is asked
  it("sends no change into a link whose node hangs", async () => {
    const [first, second] = [await bench.sshd(), await bench.sshd()];
    const runner = bench.runner([first, second]);
    await runner.run(hello);
    first.freeze();
    await sleep(1_200);
    assert.equal((await runner.run(hello)).node, second.address);
  });

  // Tried: a node hangs in the midst of a program → it is told from a program that does not end
  it("tells a node that hangs from a program that does not end", async () => {
    const [first, second] = [await bench.sshd(), await bench.sshd()];
    const runner = bench.runner([first, second]);
    await runner.run(hello);
    const running = runner.run({ argv: ["sleep", "60"], timeoutMs: 1_000 });
    await sleep(300);
    first.freeze();
    await assert.rejects(running, { code: "connection", beforeSend: false });
  });

  it("hears from the keepalive that a node hangs", async () => {
    const [first, second] = [await bench.sshd(), await bench.sshd()];
    const runner = bench.runner([first, second]);
    const running = runner.run({ argv: ["sleep", "60"], readOnly: false });
    running.catch(() => {});
    await sleep(500);
    first.freeze();
    const begun = Date.now();
    await assert.rejects(running, { code: "connection", beforeSend: false });
    assert.ok(Date.now() - begun < 25_000);
  });

  it("comes back to the only node after it was gone", async () => {
    const first = await bench.sshd();
    const runner = bench.runner([first]);
    await runner.run(hello);
    first.kill();
    await sleep(100);
    await assert.rejects(
      runner.run(hello),
      (error) => error instanceof ConnectionError && error.beforeSend && /ECONNREFUSED/.test(error.message),
    );
  });

  it("ends what runs when it is closed, and makes no new connection", async () => {
    const first = await bench.sshd();
    const runner = bench.runner([first]);
    await runner.run(hello);
    const running = runner.run({ argv: ["sleep", "30"], readOnly: true });
    running.catch(() => {});
    await sleep(200);
    runner.close();
    await assert.rejects(running, { code: "connection" });
    await assert.rejects(runner.run(hello), { code: "connection", beforeSend: true });
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 250) throw new Error("it did not happen within 5 s");
    await sleep(20);
  }
}
