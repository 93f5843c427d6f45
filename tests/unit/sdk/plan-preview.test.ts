// What a preview is read from: Pulumi's JSON, with what others print around it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { parsePreview } =
  require("../../../sdk/dist/cli/plan/preview.js") as typeof import("../../../sdk/dist/cli/plan/preview.js");
const { UsageError } = require("../../../sdk/dist/cli/grammar.js") as typeof import("../../../sdk/dist/cli/grammar.js");

const PREVIEW = { config: { "a:b": "}\n{" }, steps: [{ op: "same", urn: "urn:x" }] };

describe("a preview that is read", () => {
  // Tried: a warning stands before the JSON on standard input → it is passed over
  it("may have warnings before and behind it, and may be in one line", () => {
    for (const json of [JSON.stringify(PREVIEW, undefined, 4), JSON.stringify(PREVIEW)]) {
      for (const before of [
        "",
        "\uFEFF",
        "warning: using pulumi-language-nodejs from $PATH\n",
        "warning: A new version of Pulumi is available {…}\r\n\r\n",
      ]) {
        for (const behind of ["", "\n", "\nwarning: x\n"])
          assert.deepEqual(parsePreview(`${before}${json}${behind}`, "-"), PREVIEW, JSON.stringify([before, behind]));
      }
    }
  });

  it("is refused with its beginning where it is none", () => {
    const said = (text: string) => {
      try {
        parsePreview(text, "standard input");
      } catch (error) {
        assert.ok(error instanceof UsageError);
        return error.message;
      }
      throw new Error(`${text} was taken`);
    };
    assert.match(
      said("Previewing update (prod):\n + Vm web01\n"),
      /^what standard input has is no JSON: it begins with "Previewing update \(prod\):"\. Give what `pulumi preview --json` printed/,
    );
    assert.match(said(""), /it is empty/);
    assert.match(said(JSON.stringify(PREVIEW, undefined, 4).slice(0, -3)), /is no JSON: it begins with "\{"/);
    assert.match(said("x".repeat(1000)), /begins with "x{80}…"/);
  });
});
