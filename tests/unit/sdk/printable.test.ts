// Nothing that others wrote acts on the terminal of whoever reads it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ofResource, notes } from "../policy/ask.ts";

const require = createRequire(import.meta.url);
const { describeError, printable, SeapathError } =
  require("../../../provider/dist/index.js") as typeof import("../../../provider/dist/index.js");
const { CommandError } =
  require("../../../provider/dist/transport/errors.js") as typeof import("../../../provider/dist/transport/errors.js");
const { shown } =
  require("../../../provider/dist/resources/engine/shown.js") as typeof import("../../../provider/dist/resources/engine/shown.js");
const { Progress } = require("../../../sdk/dist/cli/print.js") as typeof import("../../../sdk/dist/cli/print.js");

const acts = [
  "\u001b[2J",
  "\u001b]0;title\u0007",
  "\u009b31m",
  "\r",
  "\b\b",
  "\u007f",
  "\u202etxt.exe",
  "\u2066",
  "\u061c",
  "\u200f",
  "\u2028",
  "\u{e0041}",
  "\ud800",
  "\u0000",
];
const clean = (text: string) =>
  acts.every((each) => !text.includes(each)) && !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(text);

describe("what is printed", () => {
  it("has nothing that a terminal acts on, and the rest as it was", () => {
    for (const each of acts) assert.ok(clean(printable(`a${each}b`)), JSON.stringify(each));
    assert.equal(printable("two\r\nlines\tand é漢😀👩‍🚒"), "two\nlines\tand é漢😀👩‍🚒");
    assert.equal(printable("\u001b[31m"), "\\u001b[31m");
    const value = { a: acts.join("x"), b: "\\" };
    assert.deepEqual(JSON.parse(printable(JSON.stringify(value))), value, "JSON stays the same JSON");
  });

  it("is such in every error, with its hint", async () => {
    for (const text of acts) {
      const error = new CommandError({
        node: `n${text}`,
        command: text,
        exitCode: 1,
        stdout: "",
        stderr: text,
        hint: `do ${text}`,
      });
      assert.ok(clean(describeError(error)) && clean(error.message) && error.stderr === text);
      assert.ok(clean(describeError(new Error(text))) && clean(describeError(text)));
      await assert.rejects(
        shown(() => Promise.reject(new Error(text))),
        (raised: Error) => clean(raised.message),
      );
      const { failures } = await shown(() =>
        Promise.resolve({ failures: [{ property: `p${text}`, reason: `r${text}` }] }),
      );
      assert.ok(clean(failures[0]!.property + failures[0]!.reason));
      assert.ok(clean(new SeapathError("x", text, { hint: text }).hint ?? text));
    }
  });

  it("is such in the progress of a verb, whose own signs are kept", () => {
    const out = {
      text: "",
      isTTY: true,
      write(text: string) {
        this.text += text;
      },
    };
    const progress = new Progress({ out });
    progress.report("image \u001b[2J: 50 %");
    progress.report("\u009bdone\u202e");
    assert.equal(out.text, "\r\u001b[Kimage \\u001b[2J: 50 %\r\u001b[K\\u009bdone\\u202e\n");
  });

  it("is such on both outputs of the command line", function () {
    this.timeout(60_000);
    const cli = join(import.meta.dirname, "../../../sdk/bin/seapath.js");
    const ran = (...words: string[]) =>
      spawnSync(process.execPath, [cli, ...words], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
      });
    for (const text of ["\u001b]0;x\u0007", "\u202e"]) {
      for (const done of [
        ran(text),
        ran("list", `--${text}`),
        ran("--hosts", `a${text}`, "list"),
        ran("list", "--cluster", text),
        ran("plan", "--cib", `/none${text}`, "--no-preview"),
      ]) {
        assert.ok(
          clean(done.stdout) && clean(done.stderr) && done.status !== 0 && done.stderr !== "",
          JSON.stringify(done.stderr),
        );
      }
    }
  });

  it("is such in what a rule says, and in what it notes", async () => {
    const said: string[] = [];
    const before = console.error;
    console.error = (text: string) => void said.push(text);
    try {
      notes.notChecked({ rule: "r", about: "\u001b[2Ja", why: "\u202e" }, true);
    } finally {
      console.error = before;
      notes.takeNotes();
    }
    assert.deepEqual(said, ["not checked for \\u001b[2Ja: \\u202e"]);
    const { policies, vm } = await import("../policy/ask.ts");
    const broken = await ofResource(policies.vmStopTimeout, vm("a\u001b[2J", { stopTimeout: 1 }));
    assert.ok(broken.length > 0 && clean(JSON.stringify(broken).replaceAll("\\\\u", "")));
  });
});
