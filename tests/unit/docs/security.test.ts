import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/security.md"), "utf8");
const rows = page
  .slice(page.indexOf("## Inputs from outside"))
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .slice(1);
const files = (folder: string): string[] => readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? "");

describe("docs/security.md", () => {
  it("names for each input who can write it, where it is checked, and a test", () => {
    assert.ok(rows.length > 15);
    for (const row of rows)
      assert.ok(
        row
          .split("|")
          .slice(1, -1)
          .every((cell) => cell.trim() !== "") && row.split("|").length === 6,
        row,
      );
  });

  it("names files and tests that there are", () => {
    const sources = ["provider/src", "provider/python", "provider/guard", "ci"].flatMap((folder) =>
      files(folder).map((file) => `/${folder}/${file}`),
    );
    const tests = { unit: files("tests/unit"), lab: files("tests/lab") };
    for (const row of rows) {
      const [, , , where = "", shown = ""] = row.split("|");
      for (const file of quoted(where).filter((text) => /\.(ts|py|mjs)$/.test(text))) {
        assert.ok(
          sources.some((each) => each.endsWith(`/${file.replace("*/", "vm/").replace(/^python\//, "")}`)),
          `${file} in ${row}`,
        );
      }
      for (const name of quoted(shown)) {
        assert.ok(
          [...tests.unit, ...tests.lab].some((each) => each === `${name}.test.ts` || each.endsWith(`/${name}.test.ts`)),
          `${name} in ${row}`,
        );
      }
    }
    assert.ok(existsSync(join(root, "SECURITY.md")));
  });
});
