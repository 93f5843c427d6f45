import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Cluster } from "../../../../provider/dist/vmmgr/index.js";

const require = createRequire(import.meta.url);
const load = <T>(file: string) => require(`../../../../provider/dist/resources/${file}.js`) as T;
const { providerOf, retentionKind, rollbackKind, snapshotKind } =
  load<typeof import("../../../../provider/dist/resources/index.js")>("index");
const { parseAge } = load<typeof import("../../../../provider/dist/resources/units/age.js")>("units/age");
const { foretold, isDue } =
  load<typeof import("../../../../provider/dist/resources/engine/triggers.js")>("engine/triggers");

/** A cluster on which there is nothing yet. */
const empty = {
  recentInventory: () => Promise.resolve({ images: new Map(), groups: new Map() }),
} as unknown as Cluster;
const dependencies = { cluster: () => empty, say: () => undefined };
const kinds = {
  Snapshot: providerOf(snapshotKind(), dependencies),
  Rollback: providerOf(rollbackKind, dependencies),
  SnapshotRetention: providerOf(retentionKind, dependencies),
};

async function failures(kind: keyof typeof kinds, inputs: object): Promise<string> {
  const { failures: found = [] } = await kinds[kind].check!({}, { ...inputs });
  return found.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
}

describe("the inputs of snapshots, rollbacks and retentions", () => {
  const snapshot = { vm: "web01", name: "before", owner: "p/s" };

  it("have their defaults made explicit", async () => {
    const { inputs } = await kinds.Snapshot.check!({}, { ...snapshot });
    assert.deepEqual(inputs, {
      ...snapshot,
      quiesce: "auto",
      protect: false,
      adopt: false,
      freezeTimeout: 10,
      complete: true,
      timeouts: { create: 300, update: 300, delete: 300 },
    });
  });

  it("are refused by name when they are wrong", async () => {
    assert.equal(await failures("Snapshot", snapshot), "");
    for (const [more, says] of [
      [{ name: "not-legal" }, /^name: must have letters and digits only/],
      [{ name: "seapathsafety" }, /^name: must not be "seapathsafety"/],
      [{ vm: undefined }, /^vm: is missing/],
      [{ quiesce: "yes" }, /^quiesce: must be "auto", "required" or "none"/],
      [{ freezeTimeout: 0 }, /^freezeTimeout: must be at least 1/],
      [{ freezeTimeout: 301 }, /^freezeTimeout: must be at most 300/],
      [{ protected: true }, /^protected: is no input of seapath\.Snapshot/],
    ] as const)
      assert.match(await failures("Snapshot", { ...snapshot, ...more }), says);
    assert.match(
      await failures("Rollback", { vm: "web01", snapshot: "before", owner: "p/s/r", triggers: "now" }),
      /^triggers: must be a list or an object/,
    );
    assert.equal(
      await failures("Rollback", { vm: "web01", snapshot: "before", owner: "p/s/r", triggers: [{ a: 1 }, "b"] }),
      "",
    );
    for (const [rule, says] of [
      [{}, /^keepLast: is missing/],
      [{ purgeAll: true, keepLast: 1 }, /^purgeAll: must not stand beside/],
      [{ keepWithin: "a week" }, /^keepWithin: must be an age such as "7d"/],
      [{ keepLast: -1 }, /^keepLast: must be at least 0/],
    ] as const)
      assert.match(await failures("SnapshotRetention", { vm: "web01", ...rule }), says);
    for (const rule of [{ keepLast: 0 }, { keepWithin: "1w2d" }, { keepLast: 3, keepWithin: 60 }, { purgeAll: true }]) {
      assert.equal(await failures("SnapshotRetention", { vm: "web01", ...rule }), "");
    }
  });

  it("replace a snapshot when it is another one, or a disk has lost it; the old one first where the name is the same", async () => {
    const olds = (await kinds.Snapshot.check!({}, { ...snapshot })).inputs as Record<string, unknown>;
    const diff = (old: object, more: object) =>
      kinds.Snapshot.diff!("web01@before", { ...olds, ...old }, { ...olds, ...more });
    assert.deepEqual(await diff({}, {}), { replaces: [], deleteBeforeReplace: true });
    assert.deepEqual(await diff({}, { protect: true, quiesce: "none" }), { replaces: [], deleteBeforeReplace: true });
    assert.deepEqual(await diff({}, { name: "after" }), { replaces: ["name"], deleteBeforeReplace: false });
    assert.deepEqual(
      (await diff({}, { vm: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" })).replaces,
      ["vm"],
      "it goes with its VM",
    );
    assert.deepEqual(await diff({ complete: false }, {}), { replaces: ["complete"], deleteBeforeReplace: true });
  });
});

describe("a snapshot that somebody purged", () => {
  const VM = "web01";
  const mark = JSON.stringify({ owner: "p/s", disks: { [`system_${VM}`]: 20 } });
  const image = (snapshots: object[]) => ({
    name: `system_${VM}`,
    size: 1,
    snapshots,
    metadata: { vm_name: VM, _seapath_snapshot_before: mark },
  });
  const state = {
    vm: VM,
    name: "before",
    owner: "p/s",
    quiesce: "none",
    protect: false,
    adopt: false,
    freezeTimeout: 10,
    complete: true,
  };
  const backup = { name: "202611270200", size: 1, created: 30, protected: false };

  async function lookedAt(snapshots: object[]) {
    const said: string[] = [];
    const inventory = {
      images: new Map([[`system_${VM}`, image(snapshots)]]),
      groups: new Map([[VM, [`system_${VM}`]]]),
    };
    const kind = providerOf(snapshotKind(), {
      cluster: () => ({ recentInventory: () => Promise.resolve(inventory) }) as unknown as Cluster,
      say: (text) => void said.push(text),
    });
    const read = await kind.read!(`${VM}@before`, { ...state, created: "1970-01-01T00:00:20Z" });
    const byRefresh = said.splice(0);
    const { failures: refused = [] } = await kind.check!(state, state);
    return { id: read.id, byRefresh, byPreview: said.splice(0), refused };
  }

  it("is drift to a refresh, an error to nobody, and both the refresh and a preview say why that may be", async () => {
    const { id, byRefresh, byPreview, refused } = await lookedAt([backup]);
    assert.deepEqual([id, refused], ["", []]);
    assert.match(
      byRefresh.join("\n"),
      /^snapshot "before" of VM "web01" is gone from all disks\. A full backup of backup_restore is the likely cause: .*\. The next `pulumi up --refresh` takes a new one.*`protect: true`/,
    );
    assert.deepEqual(byPreview, byRefresh);
  });

  it("is not spoken of while it is there", async () => {
    const { id, byRefresh, byPreview } = await lookedAt([
      { name: "before", size: 1, created: 20, protected: false },
      backup,
    ]);
    assert.deepEqual([id, byRefresh, byPreview], [`${VM}@before`, [], []]);
  });
});

describe("ages and triggers", () => {
  it("are read as people write them", () => {
    for (const [text, seconds] of [
      ["7d", 604_800],
      ["36h", 129_600],
      ["1w2d", 777_600],
      ["90 min", 5400],
      ["1h 30m", 5400],
      [60, 60],
    ] as const)
      assert.equal(parseAge(text), seconds, String(text));
    for (const text of ["", "7", "d", "7y", "-1d", "0d", "1.5d", 0, -1, 0.5])
      assert.equal(parseAge(text), undefined, String(text));
  });

  it("are due when one of them has changed, and only perhaps while they are not known", () => {
    const [counted, olds] = [["snapshot", "triggers"], { snapshot: "a", triggers: [1, { b: 2 }], timeouts: 1 }];
    assert.equal(isDue(olds, { ...olds, timeouts: 2 }, counted), false);
    assert.equal(isDue(olds, { snapshot: "a", triggers: [1, { b: 3 }] }, counted), true);
    assert.equal(isDue({ snapshot: "a" }, { snapshot: "a", triggers: [] }, counted), true);
    assert.deepEqual(foretold({}, {}, counted, true), { prefix: "" });
    assert.equal(foretold(olds, olds, counted, false), undefined);
    assert.match(foretold(olds, { snapshot: "a" }, counted, false)?.prefix ?? "", /^if its triggers turn out/);
  });
});
