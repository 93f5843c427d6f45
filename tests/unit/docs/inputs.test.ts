import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { vmSchema } from "../../../provider/dist/resources/vm/schema.js";
import { root } from "../../../tools/env.mjs";

/** The words in backticks of the first cells of the table below a heading. */
function firstCells(page: string, heading: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  const from = text.indexOf(`\n| input |`, text.indexOf(heading));
  const table = text.slice(from, text.indexOf("\n\n", from));
  return table
    .split("\n")
    .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ""));
}

/** Not an input: put in by the sdk. */
const inputs = Object.keys(vmSchema.shape).filter((name) => name !== "owner");

describe("the inputs of a VM", () => {
  it("stand in the table of README.md, each once, and no others", () => {
    assert.deepEqual(firstCells("README.md", "## `seapath.Vm`").sort(), [...inputs].sort());
  });

  it("are in the table of docs/vm.md, with what a change does", () => {
    const named = new Set(
      firstCells("docs/vm.md", "# `seapath.Vm`").map(
        (name, index, all) => (name.startsWith(".") ? (all[index - 1] ?? "") : name).split(".")[0] ?? "",
      ),
    );
    assert.deepEqual([...named].sort(), [...inputs].sort());
  });
});
