import assert from "node:assert/strict";
import { readOptions, UsageError } from "../../../bench/options.ts";

describe("the benchmark's options", () => {
  it("are all of it when nothing is said", () => {
    assert.deepEqual(readOptions([]), {
      settings: ["near", "far", "wide"],
      parts: ["up", "update", "refresh", "many", "policies"],
      sizes: [1, 5, 10],
      images: 200,
      saved: [10, 100, 1000],
      latency: 50,
      parallel: 16,
    });
  });

  it("are a short form, whose parts can be said otherwise", () => {
    const { settings, sizes, images, parts } = readOptions(["--quick", "--parts", "refresh,up"]) ?? {};
    assert.deepEqual(
      { settings, sizes, images, parts },
      { settings: ["near"], sizes: [1], images: 10, parts: ["up", "refresh"] },
    );
    assert.deepEqual(readOptions(["--quick", "--settings=far,near"])?.settings, ["near", "far"]);
  });

  it("take sizes in any order, each once", () => {
    assert.deepEqual(readOptions(["--sizes", "10,1,10,2", "--json", "out.json"])?.sizes, [1, 2, 10]);
    assert.equal(readOptions(["--json", "out.json"])?.json, "out.json");
    assert.equal(readOptions(["--help"]), undefined);
  });

  for (const [args, says] of [
    [["--settings", "near,moon"], /^--settings: no "moon"; there are near, far, wide$/],
    [["--parts", ""], /^--parts: no ""/],
    [["--sizes", "1,x"], /^--sizes: "x" is no whole number from 1 to 99$/],
    [["--sizes", "0"], /^--sizes: "0"/],
    [["--images", "1.5"], /^--images/],
    [["--latency", ""], /^--latency/],
    [["--fast"], /--fast/],
    [["more"], /more/],
  ] as const) {
    it(`refuse ${args.join(" ")}`, () => {
      assert.throws(
        () => readOptions([...args]),
        (error) => error instanceof UsageError && says.test(error.message),
      );
    });
  }
});
