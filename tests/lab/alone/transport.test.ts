import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CommandError,
  ConnectionError,
  createRunner,
  readSettings,
  UploadError,
  type Runner,
} from "../../../provider/dist/transport/index.js";
import { exec, readLab } from "../../../lab/index.ts";
import { labEnvironment } from "../../../tools/env.mjs";

/** In the lab's network, and nobody has it: packets to it get no answer at all, as with a node that was cut off. */
const NOBODY = "10.99.0.99";

describe("the transport on the lab's nodes", function () {
  this.timeout(60_000);
  const { nodes } = readLab();
  const [first, second] = nodes.map(({ address }) => address) as [string, string];
  const folder = mkdtempSync(join(tmpdir(), "seapath-lab-"));
  const source = join(folder, "source");
  const runners: Runner[] = [];
  after(() => {
    for (const runner of runners) runner.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const runner = (hosts: string[], config: Record<string, string> = {}) => {
    const all: Record<string, string> = { hosts: hosts.join(","), ...config };
    const made = createRunner(readSettings((key) => all[key], { ...process.env, ...labEnvironment() }));
    runners.push(made);
    return made;
  };

  it("reaches each node by its address", async () => {
    for (const { name, address } of nodes) {
      const { node, stdout } = await runner([address]).run({ argv: ["hostname"], readOnly: true });
      assert.deepEqual([node, stdout.trim()], [address, name]);
    }
  });

  it("goes to the next node when the first is cut off, and then stays there", async () => {
    const cut = runner([NOBODY, first], { connectTimeout: "2" });
    assert.equal((await cut.run({ argv: ["hostname"] })).node, first);
    const begun = Date.now();
    assert.equal((await cut.run({ argv: ["hostname"] })).node, first);
    assert.ok(Date.now() - begun < 1_500);
  });

  it("names the node that is cut off when it is the only one", async () => {
    await assert.rejects(runner([NOBODY], { connectTimeout: "1" }).run({ argv: ["true"] }), (error) => {
      assert.ok(error instanceof ConnectionError);
      return error.beforeSend && error.node === NOBODY;
    });
  });

  it("runs the cluster's own programs, many at once", async () => {
    const one = runner([first, second]);
    const argv = ["cibadmin", "--query", "--scope", "nodes"];
    const answers = await Promise.all(Array.from({ length: 20 }, () => one.run({ argv, readOnly: true })));
    for (const { stdout } of answers) for (const { name } of nodes) assert.ok(stdout.includes(`uname="${name}"`));
  });

  it("tells a link that broke under a change, and reads on over the next node", async () => {
    const two = runner([first, second]);
    const broken = two.run({ argv: ["sh", "-c", "kill -KILL $PPID; sleep 1"] });
    await assert.rejects(broken, { code: "connection", beforeSend: false, node: first });
    assert.equal((await two.run({ argv: ["hostname"], readOnly: true })).node, second);
  });

  it("ends a program on the node at its deadline", async () => {
    const mark = `3${randomBytes(3).readUIntBE(0, 3)}`;
    const late = runner([first]).run({ argv: ["sh", "-c", `sleep ${mark}; true`], timeoutMs: 500 });
    await assert.rejects(late, (error) => error instanceof CommandError && error.timedOut && error.hint === undefined);
    assert.equal((await exec(nodes[0]!.name, ["pgrep", "-f", `^sleep ${mark}`], { ok: true })).stdout, "");
  });

  it("uploads an image as it is", async () => {
    const target = `/tmp/upload-${randomBytes(4).toString("hex")}`;
    const data = randomBytes(5 * 1024 * 1024);
    writeFileSync(source, data);
    const one = runner([first]);
    try {
      assert.equal(await one.upload(source, target), first);
      const { stdout } = await exec(nodes[0]!.name, ["sha256sum", target]);
      const { createHash } = await import("node:crypto");
      assert.equal(stdout.split(" ")[0], createHash("sha256").update(data).digest("hex"));
    } finally {
      await one.run({ argv: ["rm", "-f", target] });
    }
  });

  describe("when the node's disk is full", () => {
    const disk = `/run/small-${randomBytes(4).toString("hex")}`;
    const one = () => runner([first]);
    before(async () => {
      await one().run({ argv: ["mkdir", disk] });
      await one().run({ argv: ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk] });
    });
    after(async () => {
      await one().run({ argv: ["umount", disk] });
      await one().run({ argv: ["rmdir", disk] });
    });

    it("says so before it begins", async () => {
      writeFileSync(source, randomBytes(65 * 1024 * 1024));
      await assert.rejects(one().upload(source, `${disk}/image`), noSpace);
    });

    // Tried: a node's disk fills up in an upload → the error says so, the half of the file is taken away
    it("says so when it fills up meanwhile, and leaves nothing", async () => {
      // What is all zeros is not sent, and fills nothing.
      writeFileSync(source, randomBytes(60 * 1024 * 1024));
      const both = one();
      let filled: Promise<unknown> | undefined;
      const upload = both.upload(source, `${disk}/image`, () => {
        filled ??= both.run({ argv: ["fallocate", "-l", "40M", `${disk}/other`] });
      });
      await assert.rejects(upload, noSpace);
      await filled;
      assert.equal((await both.run({ argv: ["ls", disk] })).stdout, "other\n");
    });

    const noSpace = (error: unknown) =>
      error instanceof UploadError &&
      /No space left on device.* MiB free/.test(error.message) &&
      /Make room/.test(error.hint ?? "");
  });
});
