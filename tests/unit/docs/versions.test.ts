/** What says a version more than once says the same. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const json = (file: string) =>
  JSON.parse(read(file)) as { version: string; engines: { node: string }; devDependencies: Record<string, string> };

describe("versions", () => {
  const packages = ["provider", "sdk", "policy"].map((name) => json(`${name}/package.json`));

  it("of Node are one: what tests run with, .nvmrc, and what the packages ask for", () => {
    const node = json("package.json").devDependencies["node"] ?? "";
    assert.equal(read(".nvmrc").trim(), node);
    // The root's own engine is what `npm run setup` starts with: it brings the other along.
    assert.deepEqual([...new Set(packages.map(({ engines }) => engines.node))], [`>=${node.split(".")[0]}`]);
  });

  it("of the packages are one, and have an entry in the changelog", () => {
    const [version = "", ...others] = [...new Set(packages.map((each) => each.version))];
    assert.deepEqual(others, []);
    assert.ok(
      read("CHANGELOG.md")
        .split("\n")
        .some((line) => line.startsWith("## ") && line.includes(version)),
      version,
    );
  });
});
