/** Which tests a command line means. */
import assert from "node:assert/strict";
import { chosenTests, labFiles, telling } from "../../../tools/chosen.mjs";

describe("the tests that a command line means", () => {
  it("are all, where it names none, and the words of mocha are handed on", () => {
    assert.deepEqual(chosenTests(["--grep", "a VM"]), {
      unitOnly: false,
      tellingOnly: false,
      ofLab: [],
      ofMocha: ["--grep", "a VM"],
    });
  });

  it("are those that tell labs apart, on a lab of a mood", () => {
    assert.deepEqual(chosenTests(["--hardened", "--telling", "--upstream-agent", "--bail"]), {
      unitOnly: false,
      tellingOnly: true,
      ofLab: ["--hardened", "--upstream-agent"],
      ofMocha: ["--bail"],
    });
    assert.equal(chosenTests(["--unit"]).unitOnly, true);
  });

  it("are there: each that is listed, once, and not all of the lab's", () => {
    const files = ["", "alone"].flatMap((folder) => labFiles(folder, true));
    assert.deepEqual(files.sort(), telling.map((name) => `tests/lab/${name}.test.ts`).sort());
    assert.ok(files.length < ["", "alone"].flatMap((folder) => labFiles(folder, false)).length);
  });
});
