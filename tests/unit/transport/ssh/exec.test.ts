import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, ConnectionError, type Command, type Runner } from "../../../../provider/dist/transport/index.js";
import { Bench } from "./sshd.ts";

const sh = (script: string, more: Partial<Command> = {}): Command => ({ argv: ["sh", "-c", script], ...more });

describe("running programs over a real sshd", function () {
  this.timeout(20_000);
  const bench = new Bench();
  let runner: Runner;
  before(async () => {
    runner = bench.runner([await bench.sshd()]);
  });
  after(() => bench.end());

  const failure = async (command: Command): Promise<CommandError> => {
    const error: unknown = await runner.run(command).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    assert.ok(error instanceof CommandError, String(error));
    return error;
  };

  it("brings hostile arguments over as they are", async () => {
    const trap = join(bench.folder, "trap");
    const hostile = [
      `$(touch ${trap})`,
      `\`touch ${trap}\``,
      `; touch ${trap}`,
      `'; touch ${trap} '`,
      "it's",
      `"`,
      "a\nb\n",
      "\\",
      "*",
      "",
      "🐎",
    ];
    const { stdout } = await runner.run({ argv: ["printf", "%s\\0", ...hostile] });
    assert.deepEqual(stdout.split("\0").slice(0, -1), hostile);
    assert.equal(existsSync(trap), false);
  });

  it("keeps stdout and stderr apart", async () => {
    const { stdout, stderr } = await runner.run(sh("echo out; echo err >&2; echo out2"));
    assert.deepEqual([stdout, stderr], ["out\nout2\n", "err\n"]);
  });

  it("tells each exit code, and takes the allowed ones for an answer", async () => {
    for (const code of [1, 2, 126, 255]) {
      const error = await failure(sh(`echo said >&2; exit ${code}`, { label: "my program" }));
      assert.deepEqual(
        [error.exitCode, error.signal, error.timedOut, error.stderr],
        [code, undefined, false, "said\n"],
      );
      assert.match(error.message, new RegExp(`^my program on 127.0.0.1:\\d+ failed \\(exit ${code}\\): said$`));
    }
    assert.equal((await runner.run(sh("exit 6", { okExitCodes: [0, 6] }))).exitCode, 6);
    assert.equal((await failure(sh("exit 0", { okExitCodes: [6] }))).exitCode, 0);
  });

  it("asks whether a program is installed that is not found", async () => {
    const error = await failure({ argv: ["no-such-program-here"] });
    assert.equal(error.exitCode, 127);
    assert.match(error.hint ?? "", /no-such-program-here installed/);
  });

  it("tells the signal that ended a program", async () => {
    const error = await failure(sh("kill -TERM $$"));
    assert.deepEqual([error.signal, error.exitCode, error.timedOut], ["SIGTERM", undefined, false]);
    assert.match(error.message, /SIGTERM/);
  });

  it("sends 1 MiB to standard input and closes it", async () => {
    const data = Buffer.alloc(1024 * 1024, "0123456789abcdef");
    assert.equal((await runner.run({ argv: ["md5sum"], stdin: data })).stdout.slice(0, 32), await md5(data));
    assert.equal((await runner.run({ argv: ["cat"], stdin: "žluť\n" })).stdout, "žluť\n");
    assert.equal((await runner.run({ argv: ["cat"], stdin: "" })).stdout, "");
    assert.equal((await runner.run({ argv: ["cat"] })).stdout, "");
  });

  it("does not mind a program that leaves its standard input unread", async () => {
    assert.equal((await runner.run({ argv: ["true"], stdin: Buffer.alloc(4 * 1024 * 1024) })).exitCode, 0);
  });

  it("takes 5 MiB of output on each stream, and the progress of it", async () => {
    let seen = 0;
    const script = "head -c 5242880 /dev/zero | tr '\\0' x; head -c 5242880 /dev/zero | tr '\\0' y >&2";
    const { stdout, stderr } = await runner.run(sh(script, { onStdout: (chunk) => (seen += chunk.length) }));
    assert.deepEqual([stdout.length, stderr.length, seen], [5242880, 5242880, 5242880]);
  });

  it("puts characters together that were cut in two", async () => {
    const chunks: string[] = [];
    const script =
      "printf '\\303'; sleep 0.2; printf '\\251'; printf '\\360\\237' >&2; sleep 0.2; printf '\\220\\216' >&2";
    const { stdout, stderr } = await runner.run(sh(script, { onStdout: (chunk) => chunks.push(chunk) }));
    assert.deepEqual([stdout, stderr, chunks], ["é", "🐎", ["é"]]);
  });

  it("ends a program at its deadline, on the node too", async () => {
    const mark = join(bench.folder, "late");
    const begun = Date.now();
    const error = await failure(sh(`echo begun; sleep 3; touch ${mark}`, { timeoutMs: 500, label: "slow" }));
    assert.deepEqual([error.timedOut, error.stdout, error.exitCode], [true, "begun\n", undefined]);
    assert.match(error.message, /^slow on .* did not end before its deadline: begun$/);
    assert.ok(Date.now() - begun < 2_900);
    await sleep(3_000);
    assert.equal(existsSync(mark), false, "the program went on");
    assert.equal((await runner.run({ argv: ["echo", "on"] })).stdout, "on\n");
  });

  it("ends a program that prints without end", async () => {
    const error = await failure(sh("yes", { label: "yes" }));
    assert.match(error.message, /^yes on .* printed more than 64 MiB/);
    assert.equal((await runner.run({ argv: ["echo", "on"] })).stdout, "on\n");
  });

  it("takes as much as a read is said to need, and no more", async () => {
    const read = (MiB: number) =>
      sh(`head -c ${MiB * 1024 * 1024} /dev/zero | tr "\\0" x; echo errors >&2`, {
        label: "a read",
        maxOutputBytes: 70 * 1024 * 1024,
      });
    assert.equal((await runner.run(read(68))).stdout.length, 68 * 1024 * 1024);
    assert.match((await failure(read(72))).message, /^a read on .* printed more than 70 MiB/);
  });

  it("passes on what a progress callback throws", async () => {
    const boom = new Error("boom");
    const command = sh("echo x; sleep 5", {
      onStdout: () => {
        throw boom;
      },
    });
    await assert.rejects(runner.run(command), (error) => error === boom);
  });

  it("does not take a close without an exit status for success", async () => {
    const error: unknown = await runner.run(sh("kill -KILL $PPID; sleep 1")).catch((cause: unknown) => cause);
    assert.ok(error instanceof ConnectionError, String(error));
    assert.equal(error.beforeSend, false);
  });
});

describe("many programs at once", function () {
  this.timeout(30_000);
  const bench = new Bench();
  after(() => bench.end());

  for (const maxChannels of [3, 8]) {
    // Tried: sshd allows fewer programs at once than `maxChannels` → fewer are run at once; all come through
    it(`runs 40 with ${maxChannels} channels where sshd allows 3`, async () => {
      const runner = bench.runner([await bench.sshd({ maxSessions: 3 })], { maxChannels: String(maxChannels) });
      const numbers = Array.from({ length: 40 }, (_, index) => index);
      const answers = await Promise.all(
        numbers.map((n) => runner.run(sh(`sleep 0.05; echo ${n}; pgrep -c -P $PPID || true`))),
      );
      assert.deepEqual(
        answers.map(({ stdout }) => Number(stdout.split("\n")[0])),
        numbers,
      );
      assert.ok(answers.every(({ stdout }) => Number(stdout.split("\n")[1]) <= 3));
    });
  }

  it("makes one connection for all who come at once", async () => {
    const runner = bench.runner([await bench.sshd()]);
    const answers = await Promise.all(Array.from({ length: 12 }, () => runner.run(sh("echo $SSH_CONNECTION"))));
    assert.equal(new Set(answers.map(({ stdout }) => stdout)).size, 1);
  });

  it("says that nothing was sent when sshd never gives a channel", async () => {
    const runner = bench.runner([await bench.sshd({ maxSessions: 0 })]);
    await assert.rejects(runner.run({ argv: ["true"] }), (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.match(error.hint ?? "", /MaxSessions/);
      return error.beforeSend;
    });
  });
});

async function md5(data: Uint8Array): Promise<string> {
  const { createHash } = await import("node:crypto");
  return createHash("md5").update(data).digest("hex");
}
