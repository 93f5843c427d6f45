import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionError, UploadError, type Runner } from "../../../../provider/dist/transport/index.js";
import { Bench } from "./sshd.ts";

describe("uploading over a real sshd", function () {
  this.timeout(20_000);
  const bench = new Bench();
  const there = join(bench.folder, "there");
  const source = join(bench.folder, "source");
  const data = randomBytes(5 * 1000 * 1000 + 7);
  let runner: Runner;
  before(async () => {
    mkdirSync(there);
    writeFileSync(source, data);
    runner = bench.runner([await bench.sshd()]);
  });
  after(() => bench.end());

  it("writes 5 MB as they are and tells how far it is", async () => {
    const steps: number[] = [];
    const target = join(there, "it's $(a) name");
    const node = await runner.upload(source, target, ({ sent, total }) => {
      assert.equal(total, data.length);
      steps.push(sent);
    });
    assert.equal(node, runner.node);
    assert.ok(readFileSync(target).equals(data));
    assert.equal(steps.at(-1), data.length);
    assert.deepEqual(
      steps,
      [...steps].sort((a, b) => a - b),
    );
    assert.deepEqual(readdirSync(there), ["it's $(a) name"]);
    assert.equal(statSync(target).mode & 0o077, 0);
  });

  it("replaces a file that is there, and writes an empty one", async () => {
    const target = join(there, "old");
    writeFileSync(target, "old");
    await runner.upload(source, target);
    assert.ok(readFileSync(target).equals(data));
    const empty = join(bench.folder, "empty");
    writeFileSync(empty, "");
    await runner.upload(empty, target);
    assert.equal(statSync(target).size, 0);
  });

  for (const [where, at] of [
    ["in its midst", 24 << 20],
    ["behind its data", 0],
    ["before its data", (64 << 20) - 7],
  ] as const) {
    it(`leaves a file sparse that has holes ${where}`, async () => {
      const sparse = join(bench.folder, "sparse");
      const file = openSync(sparse, "w");
      ftruncateSync(file, 64 << 20);
      writeSync(file, "begin");
      writeSync(file, data.subarray(0, at === (64 << 20) - 7 ? 7 : 100_000), 0, undefined, at);
      closeSync(file);
      const target = join(there, "sparse");
      const steps: number[] = [];
      await runner.upload(sparse, target, ({ sent }) => steps.push(sent));
      assert.ok(readFileSync(target).equals(readFileSync(sparse)));
      assert.ok(statSync(target).blocks * 512 < 1 << 20, `${statSync(target).blocks} blocks`);
      assert.equal(steps.at(-1), 64 << 20);
    });
  }

  it("uploads beside running programs", async () => {
    const targets = ["a", "b", "c", "d"].map((name) => join(there, name));
    await Promise.all([
      ...targets.map((target) => runner.upload(source, target)),
      runner.run({ argv: ["sleep", "0.2"] }),
    ]);
    for (const target of targets) assert.ok(readFileSync(target).equals(data));
  });

  it("says why it cannot write, and leaves nothing", async () => {
    const before = readdirSync(there);
    await assert.rejects(
      runner.upload(source, join(there, "no/such/folder")),
      (error) => error instanceof UploadError && /no\/such\/folder.*No such file/.test(error.message),
    );
    mkdirSync(join(there, "folder"));
    await assert.rejects(runner.upload(source, join(there, "folder")), UploadError);
    await assert.rejects(
      runner.upload(join(bench.folder, "none"), join(there, "x")),
      (error) => error instanceof UploadError && /none/.test(error.message),
    );
    await assert.rejects(
      runner.upload(bench.folder, join(there, "x")),
      (error) => error instanceof UploadError && /not a file/.test(error.message),
    );
    assert.deepEqual(readdirSync(there), [...before, "folder"].sort());
  });

  it("takes the half of a file away when the progress callback throws", async () => {
    const before = readdirSync(there);
    const boom = new Error("boom");
    await assert.rejects(
      runner.upload(source, join(there, "half"), () => {
        throw boom;
      }),
      (error) => error === boom,
    );
    assert.deepEqual(readdirSync(there), before);
  });

  it("says that sshd has no SFTP", async () => {
    const without = bench.runner([await bench.sshd({ more: ["ForceCommand exit 1"] })]);
    await assert.rejects(without.upload(source, join(there, "x")), UploadError);
  });

  it("says that the link broke, and does not try another node", async () => {
    const [first, second] = [await bench.sshd(), await bench.sshd()];
    const two = bench.runner([first, second]);
    const target = join(there, "broken");
    let killed = false;
    const upload = two.upload(source, target, () => {
      if (!killed) first.kill();
      killed = true;
    });
    await assert.rejects(
      upload,
      (error) => error instanceof ConnectionError && !error.beforeSend && /broken/.test(error.message),
    );
    await sleep(100);
    assert.equal(readdirSync(there).includes("broken"), false);
    assert.equal((await two.run({ argv: ["true"] })).node, second.address);
  });
});
