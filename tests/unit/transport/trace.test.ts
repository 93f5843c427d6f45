import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, CommandResult, Runner } from "../../../provider/dist/transport/types.js";

const require = createRequire(import.meta.url);
const { traced } =
  require("../../../provider/dist/transport/trace.js") as typeof import("../../../provider/dist/transport/trace.js");
const { CommandError } =
  require("../../../provider/dist/transport/errors.js") as typeof import("../../../provider/dist/transport/errors.js");

/** Connects with the first program; `false` fails. */
class SmallRunner implements Runner {
  node: string | undefined;
  closed = false;

  run({ argv }: Command): Promise<CommandResult> {
    this.node = "node1";
    const told = { node: "node1", stdout: "größe", stderr: "e" };
    if (argv[0] === "false") return Promise.reject(new CommandError({ ...told, command: "false", exitCode: 1 }));
    return Promise.resolve({ ...told, exitCode: 0 });
  }

  upload(
    _local: string,
    _remote: string,
    onProgress?: (progress: { sent: number; total: number }) => void,
  ): Promise<string> {
    onProgress?.({ sent: 7, total: 7 });
    return Promise.resolve("node1");
  }

  close(): void {
    this.closed = true;
  }
}

describe("a trace of the link", () => {
  let folder = "";
  let file = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "seapath-trace-"));
    file = join(folder, "trace");
  });
  after(() => rmSync(folder, { recursive: true }));
  const lines = (path = file) =>
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it("is not there unless it is asked for", () => {
    const inner = new SmallRunner();
    assert.equal(traced(inner, {}), inner);
    assert.equal(traced(inner, { SEAPATH_TRACE: "" }), inner);
  });

  it("has a line for each program and each upload: what, where, how long, how much, and how it ended", async () => {
    const inner = new SmallRunner();
    const runner = traced(inner, { SEAPATH_TRACE: file });
    const from = Date.now();
    assert.equal(
      (
        await runner.run({
          argv: ["/usr/bin/python3", "-I", "-"],
          label: "the inventory program of secretvm",
          traceAs: "the inventory program",
          stdin: "größe",
        })
      ).stdout,
      "größe",
    );
    await runner.run({ argv: ["/usr/sbin/crm_mon", "-1"] });
    await assert.rejects(runner.run({ argv: ["false"] }), CommandError);
    assert.equal(await runner.upload("/local", "/remote"), "node1");
    runner.close();
    runner.close();
    assert.equal(inner.closed, true);
    const found = lines();
    for (const { at, ms } of found) assert.ok(Number(at) >= from && Number(at) <= Date.now() && Number(ms) >= 0);
    assert.deepEqual(
      found.map(({ at: _at, ms: _ms, ...rest }) => rest),
      [
        { what: "the inventory program", sent: 7, node: "node1", received: 8, connecting: true },
        { what: "crm_mon", sent: 0, node: "node1", received: 8 },
        { what: "false", sent: 0, received: 0, error: "CommandError" },
        { what: "upload", sent: 7, node: "node1", received: 0 },
      ],
    );
  });

  it("has one line for a question to all nodes, with what all of them said", async () => {
    const inner = new SmallRunner();
    const one = await inner.run({ argv: ["x"] });
    const all = Object.assign(new SmallRunner(), {
      runOnEach: () =>
        Promise.resolve([
          { address: "a", result: one },
          { address: "b", error: new Error() },
          { address: "c", result: one },
        ]),
    });
    const own = join(folder, "all");
    for (const each of [inner, all])
      assert.ok(
        (await traced(each, { SEAPATH_TRACE: own }).runOnEach!({ argv: ["/bin/true"], stdin: "größe" })).length > 0,
      );
    assert.deepEqual(
      lines(own).map(({ what, sent, received }) => [what, sent, received]),
      [
        ["true", 7, 8],
        ["true", 21, 16],
      ],
    );
  });

  it("has no word of arguments and data, is for its owner alone, and is added to", async () => {
    const runner = traced(new SmallRunner(), { SEAPATH_TRACE: file });
    await runner.run({
      argv: ["rbd", "image-meta", "set", "secretvm"],
      stdin: "secretdata",
      label: "rbd image-meta set secretvm",
    });
    await runner.upload("/secretlocal", "/secretremote");
    runner.close();
    assert.equal(lines().length, 6);
    assert.doesNotMatch(readFileSync(file, "utf8"), /secret/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it("that cannot be written is an error that says so, and how to go on", () => {
    const nowhere = join(folder, "none", "trace");
    assert.throws(
      () => traced(new SmallRunner(), { SEAPATH_TRACE: nowhere }),
      (error: Error & { hint?: string }) =>
        error.message.startsWith(`Unable to write the trace to ${nowhere}: ENOENT`) &&
        /SEAPATH_TRACE/.test(error.hint ?? ""),
    );
  });
});
