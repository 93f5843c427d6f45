import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { normalized, page, readRows, readSeen, render } from "../../../tools/failures.mjs";

describe("docs/failures.md", () => {
  const rows = readRows();

  it("has what the tests say that they try, as `npm run docs:failures` writes it", () => {
    const text = readFileSync(page, "utf8");
    assert.ok(rows.length > 20);
    const keys = new Set(rows.map(({ file, title }) => `${file}: ${title}`));
    assert.deepEqual(
      Object.keys(readSeen()).filter((key) => !keys.has(key)),
      [],
    );
    assert.equal(text, render(text, rows, readSeen()));
  });

  it("shows errors without what differs from run to run", () => {
    const first =
      'x\n  error: Unable to create VM "a" on node1: waited 15 s\n  → see 10.99.0.12:22, 0b7f9e0e-5d5b-4b0e-9c56-3a3f8a1f2b3c';
    assert.equal(normalized(first), 'Unable to create VM "a" on <node>: waited <n> s\n  → see <address>, <uuid>');
  });
});
