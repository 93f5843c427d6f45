import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cluster, inventory } from "../cluster/fixtures.ts";
import { spec } from "./specs.ts";

const { clonedDisks, cloneRefusals, parentOf, releaseParent, renamedDisks } = createRequire(import.meta.url)("../../../provider/dist/vmmgr/cloned.js") as typeof import("../../../provider/dist/vmmgr/cloned.js");

describe("a VM as it will be made of another", () => {
  const lab = () => {
    const made = inventory();
    for (const n of [10, 2]) made.images.set(`data_fxrun_${n}`, { name: `data_fxrun_${n}`, size: n * 512 });
    return made;
  };

  it("has every disk under its own name, by number", () => {
    const pairs = clonedDisks(lab(), "fxrun", "copy");
    assert.deepEqual(pairs.map(({ from, to }) => [from, to]), [["system_fxrun", "system_copy"], ["data_fxrun_2", "data_copy_2"], ["data_fxrun_10", "data_copy_10"]]);
    assert.deepEqual(pairs.map(({ size }) => size), [1048576, 1024, 5120]);
  });

  it("has each disk as it is described there, but for its name", () => {
    const made = lab();
    const metadata = made.images.get("system_fxrun")?.metadata;
    assert.ok(metadata);
    metadata["xml"] = '<domain><devices><disk><source name="rbd/data_fxrun_2"/><serial>S</serial></disk><disk><source name="rbd/data_fxrun_20"/></disk></devices></domain>';
    const stored = renamedDisks(made, "fxrun", clonedDisks(made, "fxrun", "copy"));
    assert.equal(stored && cluster.renderXml(stored), '<domain><devices><disk><source name="rbd/data_copy_2"/><serial>S</serial></disk><disk><source name="rbd/data_fxrun_20"/></disk></devices></domain>');
  });

  it("needs a VM that is there, that is another, and for a copy the room", () => {
    const why = (source: object, change?: (made: ReturnType<typeof lab>) => void) => {
      const made = lab();
      change?.(made);
      return cloneRefusals(made, { name: "copy" }, { vm: "fxrun", mode: "copy", ...source }).map(({ reason }) => reason).join();
    };
    assert.equal(why({}), "");
    assert.match(why({ vm: "copy" }), /of itself/);
    assert.match(why({ vm: "nobody" }), /has no VM "nobody"/);
    assert.match(why({}, (made) => (made.freeBytes = 5)), /have 1054720 bytes, and Ceph has 5 left/);
    assert.equal(why({ mode: "linked" }, (made) => (made.freeBytes = 5)), "");
    const cut = (made: ReturnType<typeof lab>) => Object.assign(made.images.get("system_fxrun")?.metadata ?? {}, { _seapath_create: "importing x" });
    assert.match(why({}, cut), /a create of VM "fxrun" has not ended/);
  });

  it("takes a snapshot of its own, which goes with it; one that was named stays", () => {
    const own = parentOf(spec({ name: "copy" }), { vm: "fxrun", mode: "copy" });
    assert.match(own.snapshot, /^clonecopy[0-9a-f]{8}$/);
    assert.deepEqual(releaseParent(own), [{ op: "releaseSnapshots", vm: "fxrun", snapshot: own.snapshot }]);
    const named = parentOf(spec({ name: "copy" }), { vm: "fxrun", snapshot: "before", mode: "linked" });
    assert.deepEqual([named, releaseParent(named), releaseParent(undefined)], [{ vm: "fxrun", snapshot: "before", own: false }, [], []]);
  });
});
