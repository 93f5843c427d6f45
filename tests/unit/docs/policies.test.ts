import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { page, render } from "../../../tools/policies.mjs";

describe("docs/policies.md", () => {
  it("has the rules as they are, as `npm run docs:policies` writes them", () => {
    const text = readFileSync(page, "utf8");
    assert.equal(text, render(text));
    assert.ok(text.split("\n### ").length > 19);
  });
});
