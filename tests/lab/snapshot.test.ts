// Snapshots, rollbacks and retentions through their lives, by `pulumi up`, looked at and disturbed with other tools.
import assert from "node:assert/strict";
import { constraints, eventually, metaAttribute, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { content, data, giveDisk, notes, snaps, system, ticks, write } from "./support/snapshots.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const VM = "snaplife";
const vm: Vms = { [VM]: tick({ preferredHost: "node1", priority: 4 }) };
const snap = (more = {}) => ({ $kind: "Snapshot", vm: `$ref:${VM}.name`, ...more });
const rollback = (more = {}) => ({ $kind: "Rollback", vm: `$ref:${VM}.name`, snapshot: "$ref:before.name", ...more });
const retention = (more = {}) => ({ $kind: "SnapshotRetention", vm: `$ref:${VM}.name`, ...more });
const everySnap = async () => [await snaps(system(VM)), await snaps(data(VM))];

describe("snapshots, rollbacks and retentions through their lives", function () {
  this.timeout(180_000);
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.make("snaplife");
    await stack.up(vm);
    await giveDisk(VM);
  });
  after(async () => {
    await stack.destroy();
    assert.deepEqual(await traces(VM), []);
  });

  it("a snapshot is made of both disks, shows no change, and is a snapshot to other tools", async () => {
    const asked = { ...vm, before: snap() };
    const { changes } = await stack.up(asked);
    assert.deepEqual(changes, { create: 1, same: 2 });
    assert.deepEqual(await everySnap(), [{ before: false }, { before: false }]);
    const state = await stack.state();
    assert.match(
      state,
      /"consistency":"crash-consistent, each disk by itself: not frozen, [^"]*agent is not configured"/,
    );
    assert.match(
      state,
      /"disks":\[\{"name":"system_snaplife","size":1048576\},\{"name":"data_snaplife_0","size":1048576\}\]/,
    );
    assert.deepEqual((await stack.preview(asked, { refresh: true })).changes, { same: 3 });
  });

  it("is protected in place, and what others change of that is drift", async () => {
    const asked = { ...vm, before: snap({ protect: true }) };
    assert.deepEqual((await stack.up(asked)).changes, { update: 1, same: 2 });
    assert.deepEqual(await everySnap(), [{ before: true }, { before: true }]);
    await on("node1", "rbd", "snap", "unprotect", `${data(VM)}@before`);
    await stack.refresh();
    assert.match(await stack.state(), /"protect":false/);
    assert.deepEqual((await stack.up(asked)).changes, { update: 1, same: 2 });
    assert.deepEqual(await everySnap(), [{ before: true }, { before: true }]);
  });

  it("a snapshot that a disk has lost is replaced, which the preview announces; a disk that came later is no drift", async () => {
    const asked = { ...vm, before: snap({ protect: true }) };
    await giveDisk(VM, "data_snaplife_1");
    await on("node1", "rbd", "snap", "unprotect", `${data(VM)}@before`);
    await on("node1", "rbd", "snap", "rm", "--no-progress", `${data(VM)}@before`);
    await stack.refresh();
    assert.match(await stack.state(), /"lacking":\["data_snaplife_1"\]/);
    const { text, changes } = await stack.preview(asked);
    assert.match(text, /complete\s*:\s*false => true/);
    assert.match(text, /snapshot "before" of VM "snaplife" is missing on a disk.*a new one is taken/);
    assert.equal(changes["replace"], 1);
    await stack.up(asked);
    assert.deepEqual(
      [...(await everySnap()), await snaps("data_snaplife_1")],
      [{ before: true }, { before: true }, { before: true }],
    );
  });

  it("one that others made is refused by name, and adopted when that is asked", async () => {
    for (const image of [system(VM), data(VM), "data_snaplife_1"])
      await on("node1", "rbd", "snap", "create", "--no-progress", `${image}@nightly`);
    const asked = (more = {}) => ({
      ...vm,
      before: snap({ protect: true }),
      theirs: snap({ name: "nightly", ...more }),
    });
    assert.match(
      await stack.failing("preview", asked()),
      /snapshot "nightly" of VM "snaplife" already exists on image .*take it over with `adopt: true`/,
    );
    assert.deepEqual((await stack.up(asked({ adopt: true }))).changes, { create: 1, same: 3 });
    assert.deepEqual(await notes(VM), ["_seapath_snapshot_before", "_seapath_snapshot_nightly"]);
  });

  it("a rollback says what it does, brings the bytes back, and leaves what the CIB says of the VM; it comes again with its triggers", async () => {
    const asked = (attempt: number) => ({
      ...vm,
      before: snap({ protect: true }),
      undo: rollback({ triggers: [attempt] }),
    });
    await on("node1", "crm", "configure", "location", "snaplifeown", VM, "7:", "node3");
    await write(data(VM), "second");
    const { boots } = await ticks(VM);
    const { text } = await stack.preview(asked(1));
    assert.match(
      text,
      /snaplife: it is rolled back to the snapshot before of \S+Z: system_snaplife and data_snaplife_0 and data_snaplife_1 lose what was written since/,
    );
    assert.match(text, /it runs on node\d: it is stopped, and started again afterwards/);
    await stack.up(asked(1));
    assert.equal(await content(data(VM)), "first");
    assert.equal((await qemu(VM)).length, 1);
    const after = await eventually(
      () => ticks(VM),
      (found) => found.boots > boots,
    );
    assert.equal(after.boots, boots + 1);
    assert.deepEqual((await constraints(VM)).sort(), ["cli-prefer-snaplife", "nodes-only-snaplife", "snaplifeown"]);
    assert.equal(await metaAttribute(VM, "priority"), "4");
    assert.deepEqual((await stack.preview(asked(1), { refresh: true })).changes, { same: 4 });

    await on("node1", "crm", "resource", "stop", VM);
    await eventually(
      () => qemu(VM),
      (found) => found.length === 0,
    );
    await write(data(VM), "third");
    assert.equal((await stack.up(asked(2))).changes["update"], 1);
    assert.equal(await content(data(VM)), "first");
    assert.deepEqual(await qemu(VM), [], "it did not run, and does not");
    await on("node1", "cibadmin", "--delete", "--xpath", "//*[@id='snaplifeown']");
  });

  it("a rollback names a disk that is younger", async () => {
    await giveDisk(VM, "data_snaplife_2");
    const text = await stack.failing("up", {
      ...vm,
      before: snap({ protect: true }),
      undo: rollback({ triggers: [3] }),
    });
    assert.match(
      text,
      /Unable to roll back VM "snaplife" on node\d: snapshot: snapshot "before" does not exist on disk data_snaplife_2 of VM "snaplife"/,
    );
  });

  it("a retention says what goes, keeps the newest, what is protected and what belongs to a stack, and leaves other programs' theirs until it is told", async () => {
    for (const name of ["one", "two", "three"]) {
      for (const image of [system(VM), data(VM)])
        await on("node1", "rbd", "snap", "create", "--no-progress", `${image}@${name}`);
      await new Promise((resolve) => setTimeout(resolve, 1100)); // Ceph's times have seconds
    }
    await on("node1", "rbd", "snap", "protect", `${system(VM)}@one`);
    const closed = {
      ...vm,
      before: snap({ protect: true }),
      held: snap(),
      tidy: retention({ purgeAll: true, $after: ["held"] }),
    };
    assert.match(
      (await stack.preview(closed)).text,
      /snaplife: the retention removes nothing; keeps .*two \(\S+Z\): another program made it/,
    );
    const asked = { ...closed, tidy: retention({ keepLast: 1, includeOthers: true, $after: ["held"] }) };
    assert.match(
      (await stack.preview(asked)).text,
      /snaplife: the retention removes two \(\S+Z\); keeps .*one \(\S+Z\): it is protected; .*three \(\S+Z\): it is among the newest 1/,
    );
    await stack.up(asked);
    assert.deepEqual(Object.keys(await snaps(system(VM))).sort(), ["before", "held", "one", "three"]);
    assert.match(await stack.state(), /"removed":\["two"\]/);
    await stack.up({
      ...asked,
      tidy: retention({ purgeAll: true, includeProtected: true, includeOthers: true, triggers: { day: 1 } }),
    });
    assert.deepEqual(Object.keys(await snaps(system(VM))).sort(), ["before", "held"]);

    // What vm-mgr's purge does: everything that is not protected, on each disk.
    for (const image of [system(VM), data(VM), "data_snaplife_1", "data_snaplife_2"])
      await tryOn("node1", "rbd", "snap", "rm", "--no-progress", `${image}@held`);
    await stack.refresh();
    await stack.up({ ...vm, before: snap({ protect: true }), held: snap() });
    assert.ok("held" in (await snaps(data(VM))), "one that is gone everywhere is made anew");
  });
});
