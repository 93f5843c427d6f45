import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cluster, CibFile, inventory } from "../../cluster/fixtures.ts";

const require = createRequire(import.meta.url);
const snapshots =
  require("../../../../provider/dist/vmmgr/snapshots/index.js") as typeof import("../../../../provider/dist/vmmgr/snapshots/index.js");
const bans =
  require("../../../../provider/dist/vmmgr/snapshots/ban.js") as typeof import("../../../../provider/dist/vmmgr/snapshots/ban.js");
const {
  chainNotice,
  describePurge,
  describeRollback,
  findRollback,
  findSnapshot,
  isBackupName,
  keyOf,
  lastRollback,
  listSnapshots,
  lossNotice,
  planPurge,
  rollbackRefusals,
  snapshotRefusals,
} = snapshots;
type VmSnapshot = import("../../../../provider/dist/vmmgr/snapshots/index.js").VmSnapshot;
type Inventory = ReturnType<typeof inventory>;

const VM = "fxrun";
const fact = (name: string, created: number, more = {}) => ({
  name,
  created,
  size: 1 << 20,
  protected: false,
  ...more,
});

/** The fixtures' VM with a data disk, and snapshots on the two. */
function withSnapshots(
  system: ReturnType<typeof fact>[],
  data: ReturnType<typeof fact>[],
  metadata: Record<string, string> = {},
): Inventory {
  const found = inventory();
  const before = found.images.get(`system_${VM}`);
  assert.ok(before?.metadata);
  found.images.set(`system_${VM}`, { ...before, snapshots: system, metadata: { ...before.metadata, ...metadata } });
  found.images.set(`data_${VM}_0`, { name: `data_${VM}_0`, size: 1 << 20, snapshots: data });
  found.groups.set(VM, [`data_${VM}_0`, `system_${VM}`]);
  return found;
}

const mark = (disks: Record<string, number>, more = {}) =>
  JSON.stringify({ owner: "grid/prod", quiesced: true, consistency: "words", disks, ...more });

describe("a snapshot as it is found", () => {
  it("is of all disks of the group, as old as its first one, protected when every disk's is", () => {
    const found = findSnapshot(withSnapshots([fact("a", 20, { protected: true })], [fact("a", 19)]), VM, "a");
    assert.deepEqual(
      [found?.created, found?.disks.map((disk) => disk.image), found?.protected],
      [19, ["system_fxrun", "data_fxrun_0"], false],
    );
    assert.equal(findSnapshot(withSnapshots([], []), VM, "a"), undefined);
    assert.equal(findSnapshot(inventory(), "nowhere", "a"), undefined);
  });

  it("tells a disk that came later from one that has lost it, or has another of its name", () => {
    const on = (data: ReturnType<typeof fact>[], made: Record<string, number>) =>
      findSnapshot(withSnapshots([fact("a", 20)], data, { _seapath_snapshot_a: mark(made) }), VM, "a");
    const [later, lost, another] = [
      on([], { system_fxrun: 20 }),
      on([], { system_fxrun: 20, data_fxrun_0: 20 }),
      on([fact("a", 99)], { system_fxrun: 20, data_fxrun_0: 20 }),
    ];
    assert.deepEqual([later?.lacking, later?.lost], [["data_fxrun_0"], []]);
    assert.deepEqual([lost?.lacking, lost?.lost], [[], ["data_fxrun_0"]]);
    assert.deepEqual([another?.lacking, another?.lost], [[], ["data_fxrun_0"]]);
    // A disk that the VM has no more takes nothing away from the snapshot.
    assert.deepEqual(on([fact("a", 20)], { system_fxrun: 20, data_fxrun_0: 20, data_fxrun_9: 20 })?.lost, []);
  });

  it("has no mark where that is none of ours, and a list has no safety snapshots", () => {
    for (const text of ["", "{", "[]", '"x"', '{"owner":1}']) {
      assert.equal(
        findSnapshot(withSnapshots([fact("a", 1)], [], { _seapath_snapshot_a: text }), VM, "a")?.mark,
        undefined,
        text,
      );
    }
    const all = listSnapshots(withSnapshots([fact("new", 9), fact("seapathsafety", 1)], [fact("old", 2)]), VM);
    assert.deepEqual(
      all.map(({ name }) => name),
      ["old", "new"],
    );
    // Those of a clone may be of one second: the order of the disk is that in which they were taken.
    const copied = listSnapshots(
      withSnapshots([fact("b", 5), fact("a", 5), fact("c", 6)], [fact("b", 7), fact("a", 7)]),
      VM,
    );
    assert.deepEqual(
      copied.map(({ name }) => name),
      ["b", "a", "c"],
    );
  });

  it("is refused under a name that is taken, unless it is ours or to be adopted", () => {
    const taken = withSnapshots([fact("a", 1)], [], { _seapath_snapshot_a: mark({}) });
    const of = (more: object) => snapshotRefusals(taken, { vm: VM, name: "a", owner: "other/stack", ...more });
    assert.match(
      of({})[0]?.reason ?? "",
      /snapshot "a" of VM "fxrun" already exists on image system_fxrun: it belongs to grid\/prod/,
    );
    assert.match(
      snapshotRefusals(withSnapshots([fact("a", 1)], []), { vm: VM, name: "a", owner: "" })[0]?.reason ?? "",
      /belongs to no program/,
    );
    for (const more of [{ adopt: true }, { owner: "grid/prod" }, { name: "b" }, { name: undefined }])
      assert.deepEqual(of(more), []);
  });
});

describe("a purge", () => {
  const snapshot = (name: string, created: number, more: Partial<VmSnapshot> = {}): VmSnapshot => ({
    vm: VM,
    name,
    created,
    disks: [{ image: "system_fxrun", size: 1, created, protected: more.protected ?? false }],
    lacking: [],
    lost: [],
    protected: false,
    ...more,
  });
  const all = [
    snapshot("guarded", 10, { protected: true, mark: { owner: "" } }),
    snapshot("one", 20, { mark: { owner: "" } }),
    snapshot("held", 30, { mark: { owner: "grid/prod" } }),
    snapshot("two", 40, { mark: { owner: "", disks: { system_fxrun: 40 } } }),
    snapshot("three", 50, { mark: { owner: "" } }),
  ];
  const theirs = [
    snapshot("202611270200", 60),
    snapshot("nightly", 70),
    snapshot("benji-2", 71),
    snapshot("again", 72, { mark: { owner: "", disks: { system_fxrun: 1 } } }),
    snapshot("202611270300", 80, { mark: { owner: "" } }),
  ];
  const goes = (rule: Parameters<typeof planPurge>[1], now = 100) =>
    planPurge(all, rule, now).remove.map(({ name }) => name);

  it("removes by count, age, date, or all", () => {
    assert.deepEqual(goes({ keepLast: 1 }), ["one", "two"]);
    assert.deepEqual(goes({ keepLast: 0 }), ["one", "two", "three"]);
    assert.deepEqual(goes({ keepLast: 9 }), []);
    assert.deepEqual(goes({ keepWithin: 60 }), ["one"]);
    assert.deepEqual(goes({ keepWithin: 1 }), ["one", "two", "three"]);
    assert.deepEqual(goes({ oldest: 2 }), ["one", "two"]);
    assert.deepEqual(goes({ before: 40 }), ["one"]);
    assert.deepEqual(goes({ purgeAll: true }), ["one", "two", "three"]);
  });

  it("keeps what one of two rules keeps", () => {
    assert.deepEqual(goes({ keepLast: 1, keepWithin: 60 }), ["one"]);
    assert.deepEqual(goes({ keepLast: 2, keepWithin: 1 }), ["one"]);
  });

  it("touches what is protected or held only when it is told to, and counts it only then", () => {
    assert.deepEqual(goes({ purgeAll: true, includeProtected: true }), ["guarded", "one", "two", "three"]);
    assert.deepEqual(goes({ purgeAll: true, includeManaged: true }), ["one", "held", "two", "three"]);
    assert.deepEqual(goes({ keepLast: 3, includeManaged: true, includeProtected: true }), ["guarded", "one"]);
  });

  it("leaves what other programs made, and what backup_restore needs, unless each is asked for by name", () => {
    const of = (rule: Parameters<typeof planPurge>[1]) =>
      planPurge([...all, ...theirs], rule, 100).remove.map(({ name }) => name);
    const ours = ["one", "two", "three"];
    assert.deepEqual(of({ purgeAll: true }), ours);
    for (const rule of [{ keepLast: 0 }, { keepWithin: 1 }, { oldest: 99 }, { before: 99 }])
      assert.deepEqual(of(rule), ours);
    // A name of ours under which another program has made one since is that one's.
    assert.deepEqual(of({ purgeAll: true, includeOthers: true }), [...ours, "nightly", "benji-2", "again"]);
    assert.deepEqual(of({ purgeAll: true, includeBackups: true }), [...ours, "202611270200", "202611270300"]);
    assert.deepEqual(
      of({ keepLast: 2, includeOthers: true }),
      [...ours, "nightly"],
      "those that it may not touch do not count",
    );
    const text = describePurge(VM, planPurge(theirs, { purgeAll: true }, 100));
    assert.match(
      text,
      /removes nothing; keeps 202611270200 \(.*?\): it is one of backup_restore's, whose incremental backups may need it; nightly \(.*?\): another program made it;/,
    );
  });

  it("knows backup_restore's names by their minute", () => {
    for (const name of ["202611270230", "200001010000", "202402292359"]) assert.equal(isBackupName(name), true, name);
    for (const name of [
      "20261127023",
      "2026112702300",
      "202613010000",
      "202602290000",
      "202611272400",
      "202611270260",
      "199911270230",
      "20261127023x",
      "x202611270230",
      "",
    ])
      assert.equal(isBackupName(name), false, name);
  });

  it("is told in words", () => {
    const text = describePurge(VM, planPurge(all, { keepLast: 1 }, 100));
    assert.match(
      text,
      /^fxrun: the retention removes one \(1970-01-01T00:00:20Z\), two \(.*\); keeps guarded \(.*\): it is protected; held \(.*\): it belongs to grid\/prod; three \(.*\): it is among the newest 1$/,
    );
    assert.equal(
      describePurge(VM, { remove: [], keep: [] }),
      "fxrun: the retention removes nothing; no other snapshot is there",
    );
  });
});

describe("a snapshot beside backups", () => {
  const made = { _seapath_snapshot_a: mark({ system_fxrun: 20, data_fxrun_0: 20 }) };
  const both = (...names: [string, number][]) =>
    withSnapshots(
      names.map(([name, at]) => fact(name, at)),
      names.map(([name, at]) => fact(name, at)),
      made,
    );

  it("that is gone is laid to a full backup where a younger one has left its own", () => {
    const said = lossNotice(both(["202611270200", 25]), VM, "a") ?? "";
    assert.match(
      said,
      /^snapshot "a" of VM "fxrun" is gone from all disks\. A full backup of backup_restore is the likely cause: .*has 202611270200 of such a backup \(1970-01-01T00:00:25Z\), which is younger$/,
    );
    // It came first, so that it was not that backup.
    for (const found of [both(["202611270200", 15]), both()])
      assert.match(
        lossNotice(found, VM, "a") ?? "",
        /\. Somebody removed it: a full backup of backup_restore \(`rbd snap purge`\) and vm-mgr's purge do that/,
      );
    assert.match(
      lossNotice(withSnapshots([fact("a", 20), fact("202611270200", 25)], [fact("202611270200", 25)], made), VM, "a") ??
        "",
      /is gone from data_fxrun_0, or was made anew there\. A full backup/,
    );
  });

  it("is not spoken of while it is whole, is being made, or its VM is gone", () => {
    assert.equal(lossNotice(both(["a", 20]), VM, "a"), undefined);
    assert.equal(
      lossNotice(
        withSnapshots([fact("a", 20)], [], { _seapath_snapshot_a: mark({ data_fxrun_0: 1 }, { making: true }) }),
        VM,
        "a",
      ),
      undefined,
    );
    assert.equal(lossNotice(inventory(), "nowhere", "a"), undefined);
  });

  it("comes between two backups only where there is one, and it is not there yet", () => {
    assert.match(
      chainNotice(both(["202611270200", 15], ["202611280200", 18]), VM, "a") ?? "",
      /^snapshot "a" of VM "fxrun" comes after 202611280200 of backup_restore, whose next incremental backup counts from the newest snapshot/,
    );
    assert.deepEqual(
      [chainNotice(both(["nightly", 15]), VM, "a"), chainNotice(both(["a", 20], ["202611270200", 15]), VM, "a")],
      [undefined, undefined],
    );
  });
});

describe("a rollback", () => {
  const both = () => withSnapshots([fact("a", 20)], [fact("a", 20)]);
  const reasons = (found: Inventory, name = "a") =>
    rollbackRefusals(found, VM, name)
      .map(({ reason }) => reason)
      .join("; ");

  it("is refused where a disk is younger, there is none, or Pacemaker would not stop the VM", () => {
    assert.equal(reasons(both()), "");
    assert.match(
      reasons(withSnapshots([fact("a", 20)], [])),
      /snapshot "a" does not exist on disk data_fxrun_0 of VM "fxrun": it is younger/,
    );
    assert.match(reasons(both(), "b"), /snapshot "b" of VM "fxrun" does not exist/);
    assert.match(rollbackRefusals(both(), "nowhere", "a")[0]?.reason ?? "", /VM "nowhere" does not exist/);
    for (const [change, says] of [
      [{ managed: false }, /it is unmanaged/],
      [{ blocked: true }, /a stop of VM "fxrun" has failed/],
    ] as const) {
      const found = both();
      const resource = found.status.resources.get(VM);
      assert.ok(resource !== undefined && resource.nodes.length > 0);
      found.status.resources.set(VM, { ...resource, ...change });
      assert.match(reasons(found), says);
    }
  });

  it("is told in words: what is lost, sizes that shrink, that it stops", () => {
    const found = both();
    found.images.set("data_fxrun_0", { ...found.images.get("data_fxrun_0"), name: "data_fxrun_0", size: 2 << 20 });
    const text = describeRollback(found, VM, "a");
    assert.match(
      text,
      /^fxrun: it is rolled back to the snapshot a of 1970-01-01T00:00:20Z: system_fxrun and data_fxrun_0 \(which has 1048576 bytes again instead of 2097152\) lose what was written since, \d+ d \d+ h; it runs on node\d: it is stopped, and started again afterwards; fxstop cannot run without it: stopped and started with it$/,
    );
    assert.match(describeRollback(found, VM, "b"), /snapshot b, which is not there yet/);
  });

  const others = (node: string) => {
    const found = both();
    found.cib.constraints.splice(0, Infinity, cluster.parseXml(node, "a test"));
    return /; ([^;]*) cannot run without it/.exec(describeRollback(found, VM, "a"))?.[1] ?? "";
  };
  const set = (members: string, more = "") =>
    `<resource_set id="s${members}" ${more}>${members
      .split("")
      .map((id) => `<resource_ref id="${id === "v" ? VM : id}"/>`)
      .join("")}</resource_set>`;

  for (const [what, node, wanted] of [
    ["a colocation", `<rsc_colocation id="t" rsc="a" with-rsc="${VM}" score="INFINITY"/>`, "a"],
    ["one that is a wish", `<rsc_colocation id="t" rsc="a" with-rsc="${VM}" score="100"/>`, ""],
    [
      "a colocation of a set, each with the one before it",
      `<rsc_colocation id="t" score="INFINITY">${set("avbc")}</rsc_colocation>`,
      "b, c",
    ],
    [
      "a colocation of several sets, each with the one behind it",
      `<rsc_colocation id="t" score="INFINITY">${set("ab", 'sequential="false"')}${set("v", 'sequential="false"')}${set("c")}</rsc_colocation>`,
      "a, b",
    ],
    ["an order", `<rsc_order id="t" first="${VM}" then="a"/>`, "a"],
    ["an order of a set", `<rsc_order id="t" kind="Mandatory">${set("avb")}${set("c")}</rsc_order>`, "b, c"],
    ["one that serializes alone", `<rsc_order id="t" kind="Serialize" first="${VM}" then="a"/>`, ""],
    ["one that is a wish", `<rsc_order id="t" kind="Optional" first="${VM}" then="a"/>`, ""],
    ["one that is of starts alone", `<rsc_order id="t" symmetrical="false" first="${VM}" then="a"/>`, ""],
  ] as const) {
    it(`names those that stop with it: ${what}`, () => assert.equal(others(node), wanted));
  }

  it("that is under way is read from its mark, whatever else is there", () => {
    const of = (value: string, done?: string) =>
      findRollback(
        withSnapshots([], [], {
          _seapath_rollback: value,
          ...(done === undefined ? {} : { _seapath_rollback_done: done }),
        }),
        VM,
      );
    assert.deepEqual(of("a:ran:k1 own 3"), {
      snapshot: "a",
      ran: true,
      key: "k1",
      mark: "a:ran:k1 own 3",
      done: false,
    });
    assert.deepEqual([of("a:stood:k1 own 3", "a")?.done, of("a:stood:k1 own 3", "b")?.done], [true, false]);
    for (const value of ["", "a", "a:walked:k own", "a b:ran:k own"]) assert.equal(of(value), undefined, value);
    for (const text of ["", "null", "{", '{"key":1}'])
      assert.equal(lastRollback(withSnapshots([], [], { _seapath_rollback_last: text }), VM), undefined, text);
  });

  it("is another one for another request, another snapshot, or one made anew, and for none each time", () => {
    const key = (more = {}, found = both()) => keyOf(found, { vm: VM, snapshot: "a", request: "r", ...more });
    assert.equal(key(), key());
    assert.notEqual(key(), key({ request: "s" }));
    assert.notEqual(key(), key({}, withSnapshots([fact("a", 21)], [fact("a", 21)])));
    assert.notEqual(key({ request: undefined }), key({ request: undefined }));
  });

  it("keeps the VM from running by a constraint that Pacemaker takes, and takes it away again", () => {
    const file = new CibFile();
    try {
      const apply = (changes: ReturnType<typeof bans.banChanges>) => {
        const { code, stderr } = file.run(["cibadmin", "--patch", "--xml-pipe"], cluster.renderPatch(changes));
        assert.equal(code, 0, stderr);
      };
      const before = file.configuration();
      apply(bans.banChanges(file.read(), VM));
      assert.ok(file.read().constraints.some((node) => node.attrs["id"] === "rollback-fxrun"));
      assert.deepEqual(bans.banChanges(file.read(), VM), []);
      apply(bans.unbanChanges(file.read(), VM));
      assert.equal(file.configuration(), before);
      assert.deepEqual([bans.unbanChanges(file.read(), VM), bans.banChanges(file.read(), "nowhere")], [[], []]);
    } finally {
      file.end();
    }
  });
});
