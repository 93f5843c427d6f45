import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cluster, fixture, inventory } from "../../cluster/fixtures.ts";
import { ScriptedRunner } from "../../cluster/runner.ts";
import { spec } from "../form/specs.ts";

const { clonedDisks, cloneRefusals, parentOf, releaseParent, renamedDisks } = createRequire(import.meta.url)(
  "../../../../provider/dist/vmmgr/vm/clone-plan.js",
) as typeof import("../../../../provider/dist/vmmgr/vm/clone-plan.js");

describe("a VM as it will be made of another", () => {
  const lab = () => {
    const made = inventory();
    for (const n of [10, 2]) made.images.set(`data_fxrun_${n}`, { name: `data_fxrun_${n}`, size: n * 512 });
    return made;
  };

  it("has every disk under its own name, by number", () => {
    const pairs = clonedDisks(lab(), "fxrun", "copy");
    assert.deepEqual(
      pairs.map(({ from, to }) => [from, to]),
      [
        ["system_fxrun", "system_copy"],
        ["data_fxrun_2", "data_copy_2"],
        ["data_fxrun_10", "data_copy_10"],
      ],
    );
    assert.deepEqual(
      pairs.map(({ size }) => size),
      [1048576, 1024, 5120],
    );
  });

  it("has each disk as it is described there, but for its name", () => {
    const made = lab();
    const metadata = made.images.get("system_fxrun")?.metadata;
    assert.ok(metadata);
    metadata["xml"] =
      '<domain><devices><disk><source name="rbd/data_fxrun_2"/><serial>S</serial></disk><disk><source name="rbd/data_fxrun_20"/></disk></devices></domain>';
    const stored = renamedDisks(made, "fxrun", clonedDisks(made, "fxrun", "copy"));
    assert.equal(
      stored && cluster.renderXml(stored),
      '<domain><devices><disk><source name="rbd/data_copy_2"/><serial>S</serial></disk><disk><source name="rbd/data_fxrun_20"/></disk></devices></domain>',
    );
  });

  it("needs a VM that is there, that is another, and for a copy the room", () => {
    const why = (source: object, change?: (made: ReturnType<typeof lab>) => void) => {
      const made = lab();
      change?.(made);
      return cloneRefusals(made, { name: "copy" }, { vm: "fxrun", mode: "copy", ...source })
        .map(({ reason }) => reason)
        .join();
    };
    assert.equal(why({}), "");
    assert.match(why({ vm: "copy" }), /of itself/);
    assert.match(why({ vm: "nobody" }), /VM "nobody" does not exist/);
    assert.match(
      why({}, (made) => (made.freeBytes = 5)),
      /have 1054720 bytes, and Ceph has 5 left/,
    );
    assert.equal(
      why({ mode: "linked" }, (made) => (made.freeBytes = 5)),
      "",
    );
    const cut = (made: ReturnType<typeof lab>) =>
      Object.assign(made.images.get("system_fxrun")?.metadata ?? {}, { _seapath_create: "importing x" });
    assert.match(why({}, cut), /a create of VM "fxrun" has not ended/);
  });

  it("takes a snapshot of its own, which goes with it; one that was named stays", () => {
    const own = parentOf(spec({ name: "copy" }), { vm: "fxrun", mode: "copy" });
    assert.match(own.snapshot, /^clonecopy[0-9a-f]{8}$/);
    assert.deepEqual(releaseParent(own), [{ op: "releaseSnapshots", vm: "fxrun", snapshot: own.snapshot }]);
    const named = parentOf(spec({ name: "copy" }), { vm: "fxrun", snapshot: "before", mode: "linked" });
    assert.deepEqual(
      [named, releaseParent(named), releaseParent(undefined)],
      [{ vm: "fxrun", snapshot: "before", own: false }, [], []],
    );
  });
});

describe("the snapshots that come along with a clone", () => {
  const { carriedMarks, carriedRefusals, carriedSnapshots } = createRequire(import.meta.url)(
    "../../../../provider/dist/vmmgr/vm/clone-snapshots.js",
  ) as typeof import("../../../../provider/dist/vmmgr/vm/clone-snapshots.js");
  const fact = (name: string, created = 1) => ({ name, created, size: 512, protected: false });
  const mark = (more: object) =>
    JSON.stringify({ owner: "grid/prod", quiesced: true, consistency: "2 file systems were frozen", ...more });
  /** The VM of the fixtures with a data disk, and what is on the two. */
  const lab = (system: string[], data: string[], metadata: Record<string, string> = {}) => {
    const made = inventory();
    const before = made.images.get("system_fxrun");
    made.images.set("system_fxrun", {
      name: "system_fxrun",
      size: 512,
      ...before,
      metadata: { ...before?.metadata, ...metadata },
      snapshots: system.map((name) => fact(name)),
    });
    made.images.set("data_fxrun_0", { name: "data_fxrun_0", size: 512, snapshots: data.map((name) => fact(name)) });
    made.groups.set("fxrun", ["system_fxrun", "data_fxrun_0"]);
    return made;
  };
  const carried = (...args: Parameters<typeof carriedSnapshots>) => [...carriedSnapshots(...args).values()];
  const own = { vm: "fxrun", snapshot: "clonecopy00000000", own: true };

  it("are those of each disk in their order, up to the one that the clone is made of", () => {
    const made = lab(["b", "a", own.snapshot, "young"], ["a", own.snapshot, "young"]);
    assert.deepEqual(carried(made, "fxrun", own), [["b", "a"], ["a"]]);
    assert.deepEqual(carried(made, "fxrun", { vm: "fxrun", snapshot: "a", own: false }), [["b", "a"], ["a"]]);
    // Taken of one disk before and of the other after: not of this moment, so of none.
    assert.deepEqual(carried(lab(["a", "late", own.snapshot], ["a", own.snapshot, "late"]), "fxrun", own), [
      ["a"],
      ["a"],
    ]);
  });

  it("are none that is being made, of a rollback, or of another clone", () => {
    const made = lab(
      ["a", "cut", "seapathsafety", "cloneother11111111", own.snapshot],
      ["a", "cloneother11111111", own.snapshot],
      { _seapath_snapshot_cut: mark({ making: true }) },
    );
    made.images.set("system_other", {
      name: "system_other",
      size: 1,
      metadata: { _seapath_parent: JSON.stringify({ vm: "fxrun", snapshot: "cloneother11111111", own: true }) },
    });
    assert.deepEqual(carried(made, "fxrun", own), [["a"], ["a"]]);
    made.images.set("system_other", {
      name: "system_other",
      size: 1,
      metadata: { _seapath_parent: JSON.stringify({ vm: "fxrun", snapshot: "a", own: false }) },
    });
    assert.deepEqual(carried(made, "fxrun", own)[0]?.includes("a"), true, "one that was named stays whoever shares it");
  });

  it("are no program's, of the clone's disks and times, and have lost what they had lost", () => {
    const before = lab(["a", "plain"], ["plain"], {
      _seapath_snapshot_a: mark({ disks: { system_fxrun: 1, data_fxrun_0: 1 } }),
    });
    const after = inventory();
    after.images.set("system_copy", {
      name: "system_copy",
      size: 512,
      metadata: {},
      snapshots: [fact("a", 70), fact("plain", 71)],
    });
    after.images.set("data_copy_0", { name: "data_copy_0", size: 512, snapshots: [fact("plain", 72)] });
    after.groups.set("copy", ["system_copy", "data_copy_0"]);
    const marks = carriedMarks(before, after, "fxrun", "copy", clonedDisks(before, "fxrun", "copy"), [
      "a",
      "plain",
      "a",
    ]);
    assert.deepEqual(Object.keys(marks), ["_seapath_snapshot_a"]);
    assert.deepEqual(JSON.parse(marks["_seapath_snapshot_a"] ?? ""), {
      owner: "",
      quiesced: true,
      consistency: "2 file systems were frozen",
      disks: { system_copy: 70, data_copy_0: 0 },
    });
  });

  it("need their room beside the disks: what was written between them, of which Ceph is only asked where they might not fit", async () => {
    const { carriedRoomRefusals } = createRequire(import.meta.url)(
      "../../../../provider/dist/vmmgr/vm/clone-room.js",
    ) as typeof import("../../../../provider/dist/vmmgr/vm/clone-room.js");
    const asked: unknown[] = [];
    const refusals = async (freeBytes: number, source: object = {}, name = "copy") => {
      const made = { ...lab(["a", "b"], ["b"]), freeBytes };
      const runner = new ScriptedRunner({
        "the inventory program": (request) => {
          const { before } = request as { before: { snapshots: string[] }[] };
          asked.push(before);
          const answer = JSON.parse(fixture("inventory.json")) as { ok: { storage: { space: object } } };
          Object.assign(answer.ok.storage.space, { available: freeBytes, quotaBytes: 0 });
          return { ok: { ...answer.ok, before: before.map(({ snapshots }) => ({ ok: snapshots.length * 100 })) } };
        },
      });
      const found = await carriedRoomRefusals(new cluster.Cluster(runner), made, {
        name,
        source: { vm: "fxrun", mode: "copy", snapshots: true, ...source },
      });
      return found.map(({ property, reason }) => `${property}: ${reason}`).join();
    };
    const size = inventory().images.get("system_fxrun")?.size ?? 0;
    const [disks, most] = [size + 512, 3 * size + 2 * 512];
    assert.deepEqual([await refusals(most), asked], ["", []], "they fit whatever they hold");
    assert.equal(await refusals(disks + 300), "");
    assert.deepEqual(asked, [
      [
        { op: "changedBytes", image: "system_fxrun", snapshots: ["a", "b"], now: true },
        { op: "changedBytes", image: "data_fxrun_0", snapshots: ["b"], now: true },
      ],
    ]);
    assert.equal(
      await refusals(disks + 299),
      `source.snapshots: the disks of VM "fxrun" have ${disks} bytes and their snapshots hold 300 more, and Ceph has ${disks + 299} left; without the snapshots the disks alone are copied`,
    );
    asked.length = 0;
    assert.match(await refusals(disks, { snapshot: "a" }), /their snapshots hold 100 more/);
    assert.deepEqual(asked, [[{ op: "changedBytes", image: "system_fxrun", snapshots: ["a"], now: false }]]);
    asked.length = 0;
    for (const other of [{ snapshots: false }, { mode: "linked" }]) assert.equal(await refusals(0, other), "");
    assert.equal(await refusals(0, {}, "fxstop"), "", "it is taken over, and has its disks");
    assert.deepEqual(asked, []);
  });

  it("are refused of a linked clone, and where one has a name that the tools cannot be given", () => {
    const why = (system: string[], source: object) =>
      cloneRefusals(lab(system, []), { name: "copy" }, { vm: "fxrun", mode: "copy", ...source })
        .map(({ property, reason }) => `${property}: ${reason}`)
        .join();
    assert.equal(why(["a"], { snapshots: true }), "");
    assert.match(
      why(["a"], { snapshots: true, mode: "linked" }),
      /^source\.snapshots: a linked clone shares one snapshot/,
    );
    assert.match(
      why(["back:up"], { snapshots: true }),
      /^source\.snapshots: the snapshot "back:up" of system_fxrun has a name that QEMU cannot be given; rename it/,
    );
    assert.equal(why(["back:up"], {}), "");
    assert.deepEqual(carriedRefusals(lab(["back:up"], []), { vm: "fxrun", mode: "linked" }), []);
  });
});
