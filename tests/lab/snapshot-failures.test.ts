// Snapshots and rollbacks that fail, are cut off, or are asked for twice: all disks or none, and never a half that runs.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../provider/dist/transport/index.js";
import { constraints, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { clusterOn, FailingRunner, labRunner } from "./support/failing.ts";
import {
  content,
  data,
  giveDisk,
  notes,
  ONE_BY_ONE,
  PatchedRunner,
  snaps,
  snapshotSpec,
  system,
  ticks,
  vmmgr,
  write,
} from "./support/snapshots.ts";
import { tickSpec } from "./support/vms.ts";

const { providerOf, snapshotKind, PartialCreateError } = createRequire(import.meta.url)(
  "../../provider/dist/resources/index.js",
) as typeof import("../../provider/dist/resources/index.js");
const {
  ChangeFailed,
  createSnapshot,
  createVm,
  findRollback,
  purgeSnapshots,
  removeSnapshot,
  removeVm,
  rollbackVm,
  setStarted,
  updateVm,
} = vmmgr;
const VM = "snaphalf";
const KILLED = "    import os\n    os.kill(os.getpid(), 9)";

const failure = (act: Promise<unknown>) =>
  act.then(
    () => assert.fail("it had to fail"),
    (error: unknown) => error as Error,
  );

describe("a snapshot or a rollback that fails", function () {
  this.timeout(180_000);
  let runner: Runner;
  const at = (link: Runner = runner) => ({ cluster: clusterOn(link) });
  const spec = (name: string, more = {}) => snapshotSpec(VM, name, more);
  const everySnap = async () => [await snaps(system(VM)), await snaps(data(VM))];
  const patched = (program: string, lines: string) => at(new PatchedRunner(runner, program, ONE_BY_ONE + lines));

  before(async () => {
    runner = labRunner();
    await removeVm(at(), VM);
    await createVm(at(), { ...tickSpec(VM), started: false });
    await giveDisk(VM);
  });
  after(async () => {
    await removeVm(at(), VM);
    assert.deepEqual(await traces(VM), []);
    runner.close();
  });

  describe("a snapshot", () => {
    it("leaves nothing when a disk refuses it, and names that disk", async () => {
      await on("node1", "rbd", "snap", "create", "--no-progress", `${data(VM)}@filler`);
      await on("node1", "rbd", "snap", "limit", "set", data(VM), "--limit", "1");
      const error = await failure(createSnapshot(at(), spec("refused")));
      await on("node1", "rbd", "snap", "limit", "clear", data(VM));
      await on("node1", "rbd", "snap", "rm", "--no-progress", `${data(VM)}@filler`);
      assert.match(
        error.message,
        /^Unable to create snapshot "refused" of VM "snaphalf" on node\d: data_snaphalf_0: .*quota exceeded/,
      );
      assert.deepEqual([await everySnap(), await notes(VM)], [[{}, {}], []]);
    });

    it("leaves nothing when its link breaks, before or after it was made", async () => {
      for (const moment of ["before", "after"] as const) {
        const error = await failure(createSnapshot(at(new FailingRunner(runner, 1, moment)), spec("broken")));
        assert.ok(error instanceof ChangeFailed && error.left.length === 0, error.message);
        assert.deepEqual([await everySnap(), await notes(VM)], [[{}, {}], []]);
      }
    });

    it("is recorded when it cannot be told what became of it: the next up has it, or a destroy removes it", async () => {
      for (const next of ["update", "delete"] as const) {
        // Done, but neither the answer nor the undo comes through.
        const answerless =
          "def run(handler, encoded):\n    handler(json.loads(base64.b64decode(encoded)))\n    sys.exit(1)\n";
        const lossy = new PatchedRunner(runner, "snapshots", answerless, true);
        const inputs = { vm: VM, name: "unsure", owner: "project/stack", __provider: "the stub" };
        const say = () => undefined;
        const error = await failure(
          providerOf(snapshotKind(), { cluster: () => clusterOn(lossy), say }).create(inputs),
        );
        assert.ok(error instanceof PartialCreateError, String(error));
        const whole = providerOf(snapshotKind(), { cluster: () => clusterOn(runner), say });
        if (next === "update") {
          const { outs } = (await whole.update!(error.id, error.properties, inputs)) as { outs: { created: string } };
          assert.match(outs.created, /^\d{4}-.*Z$/);
          assert.deepEqual(await everySnap(), [{ unsure: false }, { unsure: false }]);
        }
        await whole.delete!(error.id, error.properties);
        assert.deepEqual([await everySnap(), await notes(VM)], [[{}, {}], []]);
      }
    });

    it("that was cut off between two disks is made anew by its own program alone", async () => {
      const cut = `def snapshot_create(self, name, create=LibrbdImage.snapshot_create):\n    create(self, name)\n${KILLED}\nLibrbdImage.snapshot_create = snapshot_create\n`;
      const noUndo =
        "def remove(pool, request):\n    raise Failure('test', 'made by the test')\nACTIONS['remove'] = remove\n";
      await failure(createSnapshot(patched("snapshots", cut + noUndo), spec("cutoff")));
      assert.deepEqual(await everySnap(), [{ cutoff: false }, {}]);
      assert.match(
        (await failure(createSnapshot(at(), spec("cutoff", { owner: "another/stack" })))).message,
        /it belongs to project\/stack/,
      );
      const made = await createSnapshot(at(), spec("cutoff"));
      assert.deepEqual([made.disks.length, made.lost, made.mark?.making], [2, [], undefined]);
      await removeSnapshot(at(), VM, "cutoff");
    });

    it("of two at once one is made, and the other says so", async () => {
      const other = labRunner();
      try {
        const both = await Promise.allSettled(
          [at(), at(other)].map((each, index) => createSnapshot(each, spec("twice", { owner: `stack/${index}` }))),
        );
        const lost = both.flatMap((each) => (each.status === "rejected" ? [String(each.reason)] : []));
        assert.equal(lost.length, 1, lost.join("\n"));
        assert.match(
          lost[0] ?? "",
          /already exists on (image )?(data_snaphalf_0, system_snaphalf|system_snaphalf, data_snaphalf_0)/,
        );
        assert.deepEqual(await everySnap(), [{ twice: false }, { twice: false }]);
      } finally {
        other.close();
      }
    });

    it("with a linked clone is not removed, and the clone is named; removing one that is gone is no error", async () => {
      await vmmgr.updateSnapshot(at(), spec("twice", { protect: true }));
      await on("node1", "rbd", "clone", `${data(VM)}@twice`, "snaphalfclone");
      for (const act of [removeSnapshot(at(), VM, "twice"), vmmgr.updateSnapshot(at(), spec("twice"))]) {
        assert.match((await failure(act)).message, /there are linked clones of it: snaphalfclone/);
      }
      const purged = await purgeSnapshots(at(), VM, { purgeAll: true, includeManaged: true, includeProtected: true });
      assert.deepEqual(purged, { removed: [], kept: ["twice"], held: {} });
      assert.deepEqual(await everySnap(), [{ twice: true }, { twice: true }]);
      await on("node1", "rbd", "rm", "--no-progress", "snaphalfclone");
      assert.deepEqual(await removeSnapshot(at(), VM, "twice"), [data(VM), system(VM)]);
      assert.deepEqual(await removeSnapshot(at(), VM, "twice"), []);
      assert.deepEqual([await everySnap(), await notes(VM)], [[{}, {}], []]);
    });
  });

  describe("a rollback", () => {
    before(async () => {
      await createSnapshot(at(), spec("good"));
    });
    beforeEach(() => write(data(VM), "second"));

    it("names a disk that is younger, before the VM is stopped", async () => {
      await setStarted(at(), VM, true);
      const pid = await qemu(VM);
      await giveDisk(VM, "data_snaphalf_1");
      const error = await failure(rollbackVm(at(), { vm: VM, snapshot: "good" }));
      assert.match(
        error.message,
        /^Unable to roll back VM "snaphalf" on node\d: snapshot: snapshot "good" does not exist on disk data_snaphalf_1 of VM "snaphalf"/,
      );
      assert.match(
        (await failure(rollbackVm(at(), { vm: VM, snapshot: "none" }))).message,
        /snapshot "none" of VM "snaphalf" does not exist/,
      );
      assert.deepEqual(await qemu(VM), pid);
      await on("node1", "rbd", "group", "image", "rm", VM, "data_snaphalf_1");
      await on("node1", "rbd", "rm", "--no-progress", "data_snaphalf_1");
    });

    it("leaves all disks as they were when one cannot be brought back, and the VM runs again", async () => {
      const broken = patched(
        "rollback",
        `def snapshot_rollback(self, name, rollback=LibrbdImage.snapshot_rollback):\n    if self.name.startswith("data") and name != SAFETY:\n        raise PoolError("IOError", "made by the test")\n    rollback(self, name)\nLibrbdImage.snapshot_rollback = snapshot_rollback`,
      );
      const before = await ticks(VM);
      const error = await failure(rollbackVm(broken, { vm: VM, snapshot: "good" }));
      assert.match(error.message, /bringing its disks back: data_snaphalf_0: made by the test/);
      assert.ok(error instanceof ChangeFailed && error.left.length === 0);
      assert.equal(await content(data(VM)), "second");
      assert.ok((await ticks(VM)).total >= before.total, "what the guest had counted is there");
      assert.equal((await qemu(VM)).length, 1);
      assert.deepEqual(
        [await everySnap(), await notes(VM)],
        [[{ good: false }, { good: false }], ["_seapath_snapshot_good"]],
      );
      assert.deepEqual((await constraints(VM)).sort(), ["cli-prefer-snaphalf", "nodes-only-snaphalf"]);
    });

    it("killed between two disks keeps the VM from running, whoever starts it; the next one carries it through", async () => {
      const cut = `def snapshot_rollback(self, name, rollback=LibrbdImage.snapshot_rollback):\n    rollback(self, name)\n${KILLED}\nLibrbdImage.snapshot_rollback = snapshot_rollback`;
      const link = new PatchedRunner(runner, "rollback", ONE_BY_ONE + cut, true);
      const error = await failure(rollbackVm(at(link), { vm: VM, snapshot: "good", request: "one" }));
      assert.ok(error instanceof ChangeFailed && error.left.length > 0, error.message);
      assert.deepEqual(await snaps(data(VM)), { good: false, seapathsafety: false });
      await on("node1", "crm", "resource", "start", VM);
      await on("node1", "crm_resource", "--wait", "--timeout=30s");
      assert.deepEqual(await qemu(VM), []);
      const done = await rollbackVm(at(), { vm: VM, snapshot: "good", request: "one" });
      assert.deepEqual(done.disks, [system(VM), data(VM)]);
      assert.equal(await content(data(VM)), "first");
      assert.equal((await qemu(VM)).length, 1);
      assert.deepEqual(await everySnap(), [{ good: false }, { good: false }]);
      assert.deepEqual(await notes(VM), ["_seapath_rollback_last", "_seapath_snapshot_good"]);
      const again = (await ticks(VM)).boots;
      await rollbackVm(at(), { vm: VM, snapshot: "good", request: "one" });
      assert.equal((await ticks(VM)).boots, again, "what has been done for a request is not done for it again");
    });

    it("of two at once one is done, and the other says so", async () => {
      const other = labRunner();
      try {
        const both = await Promise.allSettled(
          [at(), at(other)].map((each, index) =>
            rollbackVm(each, { vm: VM, snapshot: "good", request: `at once ${index}` }),
          ),
        );
        const lost = both.flatMap((each) => (each.status === "rejected" ? [String(each.reason)] : []));
        assert.equal(lost.length, 1, lost.join("\n"));
        assert.match(lost[0] ?? "", /another program is rolling it back right now/);
        assert.equal((await qemu(VM)).length, 1);
      } finally {
        other.close();
      }
    });

    it("whose link breaks is done, or undone, or carried on", async () => {
      await setStarted(at(), VM, false);
      const whole = new FailingRunner(runner, 0, "before");
      await rollbackVm(at(whole), { vm: VM, snapshot: "good" });
      assert.deepEqual(whole.asked, [
        "the rollback program",
        "the write program",
        "the storage program",
        "the rollback program",
        "the write program",
        "the storage program",
      ]);
      const breaks = [
        ["after", 1],
        ["after", 2],
        ["before", 3],
        ["after", 4],
        ["before", 5],
        ["after", 6],
      ] as const;
      for (const [moment, call] of breaks) {
        const label = `${moment} ${call}`;
        await write(data(VM), "second");
        const error = await rollbackVm(at(new FailingRunner(runner, call, moment)), {
          vm: VM,
          snapshot: "good",
          request: label,
        }).then(
          () => undefined,
          (cause: unknown) => cause as Error,
        );
        // The fourth is the rollback itself, which is asked again; of the last it counts whether it was done.
        if (call === 4 || call === 6) assert.equal(error, undefined, label);
        else assert.ok(error instanceof ChangeFailed, `${label}: ${String(error)}`);
        assert.equal(await content(data(VM)), call <= 3 ? "second" : "first", label);
        const found = findRollback(await clusterOn(runner).inventory(), VM);
        assert.equal(found !== undefined, call === 5, label);
        // An update of the VM carries it on as well.
        if (found !== undefined) await updateVm(at(), { ...tickSpec(VM), started: false, priority: call });
        assert.deepEqual(await everySnap(), [{ good: false }, { good: false }]);
        assert.ok(!(await constraints(VM)).includes("rollback-snaphalf"), label);
      }
      assert.notEqual((await tryOn("node1", "rbd", "image-meta", "get", system(VM), "_seapath_rollback")).exitCode, 0);
    });
  });
});
