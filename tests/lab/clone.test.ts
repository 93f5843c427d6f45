// VMs made of other VMs: copies and linked clones, with their data disks, and what becomes of both.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../provider/dist/transport/index.js";
import { constraints, eventually, imageMeta, metaAttribute, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { seapath } from "./support/cli.ts";
import { HiddenModules } from "./support/hidden.ts";
import { clusterOn, FailingRunner, labRunner, type Moment } from "./support/failing.ts";
import { TestStack } from "./support/stack.ts";
import { specOf, tick } from "./support/vms.ts";
import { said } from "../said.ts";

const require = createRequire(import.meta.url);
const {
  createSnapshot,
  createVm,
  findSnapshot,
  findVm,
  purgeSnapshots,
  removeSnapshot,
  removeVm,
  rollbackVm,
  updateVm,
  ChangeFailed,
  Refused,
} = require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
type VmSpec = Parameters<typeof createVm>[1];

const SOURCE = "coresource";
const CLONES = ["coreclone", "corelink", "corethird"];
const rbd = (...words: string[]) => on("node1", "rbd", ...words);
const snapshots = async (image: string) =>
  (JSON.parse(await rbd("snap", "ls", image, "--format", "json")) as { name: string }[]).map(({ name }) => name);
/** A fingerprint of what is on a disk, or on a snapshot of it. */
const sum = (image: string) => on("node1", "sh", "-c", `rbd export --no-progress ${image} - | sha256sum`);

describe("clones", function () {
  this.timeout(180_000);
  let runner: Runner;
  const context = () => ({ cluster: clusterOn(runner) });
  const clone = (
    name: string,
    source: Partial<{ snapshot: string; mode: "copy" | "linked"; snapshots: boolean }> = {},
    more: Partial<VmSpec> = {},
  ): VmSpec => ({
    ...specOf(name),
    started: false,
    ...more,
    source: { vm: SOURCE, mode: "copy", ...source },
  });

  before(async () => {
    runner = labRunner();
    await createVm(context(), {
      ...specOf(SOURCE),
      preferredHost: "node2",
      priority: 4,
      stopTimeout: 25,
      pacemaker: { meta: { "migration-threshold": "3" }, params: {}, utilization: {} },
    });
    // A data disk as another tool gives it: on a bus of its own, with a serial number.
    await rbd("create", `data_${SOURCE}_0`, "--size", "2M");
    await rbd("group", "image", "add", SOURCE, `data_${SOURCE}_0`);
    await on(
      "node1",
      "sh",
      "-c",
      `head -c 1048576 /dev/urandom > /tmp/core.raw && qemu-img convert -n -f raw -O raw /tmp/core.raw rbd:rbd/data_${SOURCE}_0; rm /tmp/core.raw`,
    );
    const xml = await imageMeta(SOURCE, "xml");
    const disk = `<disk type="network" device="disk"><driver name="qemu" type="raw" cache="none"/><source protocol="rbd" name="rbd/data_${SOURCE}_0"/><target dev="sda" bus="scsi"/><serial>DATA0</serial></disk>`;
    await rbd("image-meta", "set", `system_${SOURCE}`, "xml", xml.replace("</devices>", `${disk}</devices>`));
    await rbd("image-meta", "set", `system_${SOURCE}`, "_additional_disks", "1");
  });
  after(async () => {
    for (const vm of [...CLONES, SOURCE]) await removeVm(context(), vm);
    for (const vm of [...CLONES, SOURCE]) assert.deepEqual(await traces(vm), [], vm);
    runner.close();
  });

  it("of a VM that runs have every disk as it was at one moment, with a uuid of their own, and leave no snapshot behind", async () => {
    const made = await createVm(context(), clone("coreclone", {}, { started: true }));
    assert.equal(made.status, "Started");
    assert.equal(await sum("data_coreclone_0"), await sum(`data_${SOURCE}_0`));
    assert.deepEqual((await rbd("group", "image", "list", "coreclone")).split(/\s+/).sort(), [
      "rbd/data_coreclone_0",
      "rbd/system_coreclone",
    ]);
    assert.deepEqual([...(await snapshots(`system_${SOURCE}`)), ...(await snapshots(`data_${SOURCE}_0`))], []);
    const source = findVm(await context().cluster.inventory(), SOURCE);
    assert.notEqual(made.uuid, source?.uuid);
    const xml = await imageMeta("coreclone", "xml");
    assert.match(xml, /name="rbd\/data_coreclone_0".*<target dev="sda" bus="scsi"\/>.*<serial>DATA0<\/serial>/s);
    assert.match(xml, /cache="none"/);
    assert.doesNotMatch(xml, new RegExp(SOURCE));
    assert.equal(await imageMeta("coreclone", "_additional_disks"), "1");
    assert.notEqual(
      (await tryOn("node1", "rbd", "image-meta", "get", "system_coreclone", "_seapath_parent")).exitCode,
      0,
    );
    // The guest goes on where the disk of the other one was, and writes to its own.
    const boots = async (vm: string) =>
      Number(
        await on(
          "node1",
          "sh",
          "-c",
          `rbd export --no-progress system_${vm} - | dd bs=512 skip=1 count=1 status=none | od -An -tu4 -j4 -N4`,
        ),
      );
    assert.equal(
      await eventually(
        () => boots("coreclone"),
        (found) => found === 2,
      ),
      2,
    );
    assert.equal(await boots(SOURCE), 1);
    assert.equal((await qemu(SOURCE)).length, 1);
  });

  // Tried: a VM is to be deleted whose disks a linked clone shares → refused, with who shares them
  it("that are linked share their disks, and keep the other VM from being deleted, by name", async () => {
    const made = await createVm(context(), clone("corelink", { mode: "linked" }));
    assert.match(await rbd("info", "system_corelink"), /parent: rbd\/system_coresource@clonecorelink[0-9a-f]{8}/);
    assert.match(await rbd("info", "data_corelink_0"), /parent: rbd\/data_coresource_0@clonecorelink/);
    assert.equal(made.linkedTo?.vm, SOURCE);
    assert.equal(await imageMeta("corelink", "vm_name"), "corelink");
    const watched = new FailingRunner(runner, 0, "before");
    const error = await removeVm({ cluster: clusterOn(watched) }, SOURCE).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    assert.ok(error instanceof Refused, String(error));
    said(error);
    assert.match(
      error.message,
      /^Unable to delete VM "coresource" on node\d: its disks: VM "corelink" shares them as a linked clone \(data_corelink_0, system_corelink\); delete that first, or make it stand alone with `mode: "copy"`/,
    );
    assert.deepEqual(watched.asked, []);
    assert.equal((await qemu(SOURCE)).length, 1);
  });

  it("that are linked can be made to stand alone, while they run; their snapshot goes", async () => {
    await updateVm(context(), clone("corelink", { mode: "linked" }, { started: true }));
    const before = await qemu("corelink");
    const alone = await updateVm(context(), clone("corelink", { mode: "copy" }, { started: true }));
    assert.equal(alone.linkedTo, undefined);
    assert.doesNotMatch(await rbd("info", "system_corelink"), /parent:/);
    assert.doesNotMatch(await rbd("info", "data_corelink_0"), /parent:/);
    assert.deepEqual([...(await snapshots(`system_${SOURCE}`)), ...(await snapshots(`data_${SOURCE}_0`))], []);
    assert.deepEqual(await qemu("corelink"), before);
    await removeVm(context(), "corelink");
  });

  it("that are linked take their snapshot along when they are deleted", async () => {
    await createVm(context(), clone("corelink", { mode: "linked" }));
    assert.equal((await snapshots(`system_${SOURCE}`)).length, 1);
    await removeVm(context(), "corelink");
    assert.deepEqual([...(await snapshots(`system_${SOURCE}`)), ...(await snapshots(`data_${SOURCE}_0`))], []);
  });

  it("of a snapshot are as it was then; it stays when they go; and every disk has to have it", async () => {
    for (const image of [`system_${SOURCE}`, `data_${SOURCE}_0`])
      await rbd("snap", "create", "--no-progress", `${image}@before`);
    for (const mode of ["copy", "linked"] as const) {
      await createVm(context(), clone("corethird", { snapshot: "before", mode }));
      assert.equal(await sum("system_corethird"), await sum(`system_${SOURCE}@before`));
      await removeVm(context(), "corethird");
      assert.deepEqual(await snapshots(`system_${SOURCE}`), ["before"]);
    }
    await rbd("snap", "unprotect", `data_${SOURCE}_0@before`);
    await rbd("snap", "rm", "--no-progress", `data_${SOURCE}_0@before`);
    const error = await createVm(context(), clone("corethird", { snapshot: "before" })).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    assert.ok(error instanceof ChangeFailed, String(error));
    assert.match(error.message, /data_coresource_0 has no snapshot before/);
    assert.deepEqual([error.left, await traces("corethird")], [[], []]);
    await rbd("snap", "unprotect", `system_${SOURCE}@before`);
    await rbd("snap", "rm", "--no-progress", `system_${SOURCE}@before`);
  });

  // One that is copied has the same calls with snapshots, below, and breaks off in each of them there.
  for (const moment of ["before", "after"] as Moment[]) {
    // Tried: a linked clone breaks off at any call → nothing of it is left, nor a snapshot on the other VM
    it(`leave nothing when a linked one breaks off at any call, ${moment} it was done`, async () => {
      const whole = 3;
      for (let at = 1; at <= (moment === "before" ? whole : whole - 1); at++) {
        const broken = new FailingRunner(runner, at, moment);
        const failure = await createVm({ cluster: clusterOn(broken) }, clone("corethird", { mode: "linked" })).then(
          () => undefined,
          (error: unknown) => error,
        );
        assert.ok(failure instanceof ChangeFailed, `call ${at}: ${String(failure)}`);
        assert.deepEqual(
          [
            failure.left,
            await traces("corethird"),
            await snapshots(`system_${SOURCE}`),
            await snapshots(`data_${SOURCE}_0`),
          ],
          [[], [], [], []],
          `call ${at}`,
        );
      }
    });
  }

  describe("with the other VM's snapshots", () => {
    const disks = (vm: string) => [`system_${vm}`, `data_${vm}_0`];
    interface Row {
      name: string;
      size: number;
      protected: string;
    }
    /** The snapshots of each disk, as Ceph lists them. */
    const rows = async (vm: string) => {
      const all = await Promise.all(
        disks(vm).map(async (image) => JSON.parse(await rbd("snap", "ls", image, "--format", "json")) as Row[]),
      );
      return all.map((each) => each.map(({ name, size, protected: guarded }) => [name, size, String(guarded)]));
    };
    const sums = (vm: string) =>
      Promise.all(disks(vm).flatMap((image) => ["first", "second"].map((name) => sum(`${image}@${name}`))));
    /** Other bytes on the data disk, which no guest has open. */
    const write = (mib: number, vm = SOURCE) =>
      on(
        "node1",
        "sh",
        "-c",
        `head -c ${mib}M /dev/urandom > /tmp/core.raw && qemu-img convert -n -f raw -O raw /tmp/core.raw rbd:rbd/data_${vm}_0; rm /tmp/core.raw`,
      );
    const mark = async (vm: string, name: string) =>
      JSON.parse(await imageMeta(vm, `_seapath_snapshot_${name}`)) as {
        owner: string;
        quiesced: boolean;
        disks: Record<string, number>;
      };
    const copy = (more: Partial<VmSpec> = {}) => clone("corethird", { snapshots: true }, more);
    const spec = { vm: SOURCE, owner: "grid/prod", quiesce: "none" as const, freezeTimeout: 10 };
    let source: { rows: unknown; sums: string[] };

    before(async () => {
      await createSnapshot(context(), { ...spec, name: "first", protect: true });
      await rbd("resize", "--no-progress", `data_${SOURCE}_0`, "--size", "3M");
      await write(3);
      // As vm-mgr makes one: of each disk, without a word about it.
      for (const image of disks(SOURCE)) await rbd("snap", "create", "--no-progress", `${image}@second`);
      await write(3);
      source = { rows: await rows(SOURCE), sums: await sums(SOURCE) };
    });
    afterEach(async () => {
      await removeVm(context(), "corethird");
      assert.deepEqual(await traces("corethird"), []);
      assert.deepEqual(
        { rows: await rows(SOURCE), sums: await sums(SOURCE) },
        source,
        "the other VM's are as they were",
      );
    });
    after(async () => {
      for (const name of ["first", "second"]) await removeSnapshot(context(), SOURCE, name);
    });

    it("have each of every disk under its name, with its bytes, its size and its protection, and no others", async () => {
      await createVm(context(), copy());
      assert.deepEqual([await rows("corethird"), await sums("corethird")], [source.rows, source.sums]);
      assert.equal(await sum("data_corethird_0"), await sum(`data_${SOURCE}_0`));
      assert.equal((await seapath("list_snapshots", "-n", "corethird")).stdout, "['first', 'second']\n");
      const kept = await mark("corethird", "first");
      assert.deepEqual(
        [kept.owner, kept.quiesced, Object.keys(kept.disks).sort()],
        ["", false, disks("corethird").sort()],
      );
      assert.equal(
        (await tryOn("node1", "rbd", "image-meta", "get", "system_corethird", "_seapath_snapshot_second")).exitCode,
        2,
      );
      const inventory = await context().cluster.inventory();
      for (const name of ["first", "second"]) {
        const found = findSnapshot(inventory, "corethird", name);
        assert.deepEqual(
          [found?.disks.length, found?.lacking, found?.lost, found?.protected],
          [2, [], [], name === "first"],
          name,
        );
      }
      assert.equal((await mark(SOURCE, "first")).owner, "grid/prod");
    });

    it("are counted by what was written between them and since", async () => {
      for (const cluster of [context().cluster, clusterOn(new HiddenModules(runner))]) {
        const held = async (now: boolean, ...snapshots: string[]) => {
          const ask = { op: "changedBytes" as const, image: `data_${SOURCE}_0`, snapshots, now };
          return (await cluster.changeAndRead([ask])).before.get(ask);
        };
        assert.deepEqual(
          [await held(true, "first", "second"), await held(false, "first", "second"), await held(false, "first")],
          [{ ok: 6 << 20 }, { ok: 3 << 20 }, { ok: 0 }],
        );
      }
    });

    it("goes back to them, and loses them, by itself", async () => {
      await createVm(context(), copy({ started: true, systemSize: 4 << 20 }));
      await rollbackVm(context(), { vm: "corethird", snapshot: "first" });
      assert.deepEqual(await Promise.all([sum("data_corethird_0"), sum("data_corethird_0@first")]), [
        source.sums[2],
        source.sums[2],
      ]);
      await rollbackVm(context(), { vm: "corethird", snapshot: "second" });
      assert.equal(await sum("data_corethird_0"), source.sums[3]);
      assert.deepEqual(
        (await purgeSnapshots(context(), "corethird", { purgeAll: true, includeOthers: true })).removed,
        ["second"],
      );
      assert.deepEqual(
        (await rows("corethird")).map((each) => each.map(([name]) => name)),
        [["first"], ["first"]],
      );
      assert.deepEqual(await removeSnapshot(context(), "corethird", "first"), disks("corethird").sort());
      assert.deepEqual(await rows("corethird"), [[], []]);
    });

    it("up to the one that it is made of, by the command line, on a node without Ceph's Python as well", async () => {
      const { code, stderr } = await seapath(
        "clone",
        "-n",
        SOURCE,
        "--dst_name",
        "corethird",
        "--with-snapshots",
        "--snapshot",
        "first",
        "--nostart",
      );
      assert.equal(code, 0, stderr);
      assert.deepEqual(
        (await rows("corethird")).map((each) => each.map(([name]) => name)),
        [["first"], ["first"]],
      );
      assert.equal(await sum("data_corethird_0"), source.sums[2]);
      await removeVm(context(), "corethird");
      await createVm({ cluster: clusterOn(new HiddenModules(runner)) }, copy());
      assert.deepEqual([await rows("corethird"), await sums("corethird")], [source.rows, source.sums]);
    });

    it("of a linked clone are whole, and share nothing", async () => {
      await createVm(context(), clone("corelink", { mode: "linked", snapshot: "first" }));
      try {
        for (const name of ["first", "second"]) {
          for (const image of disks("corelink")) await rbd("snap", "create", "--no-progress", `${image}@${name}`);
          await write(1, "corelink");
        }
        await createVm(context(), { ...copy(), source: { vm: "corelink", mode: "copy", snapshots: true } });
        assert.deepEqual(await sums("corethird"), await sums("corelink"));
        for (const image of disks("corethird")) assert.doesNotMatch(await rbd("info", image), /parent:/);
        assert.equal(await sum("data_corethird_0"), await sum("data_corelink_0"));
      } finally {
        await removeVm(context(), "corelink");
      }
    });

    for (const moment of ["before", "after"] as Moment[]) {
      // Tried: a clone with snapshots breaks off at any call → nothing of it is left, and the other VM's snapshots are as they were
      it(`leaves nothing when it breaks off at any call, ${moment} it was done`, async () => {
        const whole = 6;
        for (let at = 1; at <= (moment === "before" ? whole : whole - 1); at++) {
          const broken = new FailingRunner(runner, at, moment);
          const failure = await createVm({ cluster: clusterOn(broken) }, copy()).then(
            () => undefined,
            (error: unknown) => error,
          );
          assert.ok(failure instanceof ChangeFailed, `call ${at}: ${String(failure)}`);
          assert.deepEqual(
            [failure.left, await traces("corethird"), await rows(SOURCE)],
            [[], [], source.rows],
            `call ${at}`,
          );
        }
      });
    }
  });

  it("are refused of a VM that is not there, and of themselves", async () => {
    for (const [source, says] of [
      ["nobody", /source\.vm: VM "nobody" does not exist/],
      ["corethird", /source\.vm: a VM cannot be made of itself/],
    ] as const) {
      await assert.rejects(createVm(context(), { ...clone("corethird"), source: { vm: source, mode: "copy" } }), says);
    }
  });

  it("in a program inherit what it does not say, once, and come before their source when both are deleted", async function () {
    this.timeout(300_000);
    const stack = await TestStack.make("coreclone");
    const nic = { bridge: "br0", mac: "52:54:00:00:00:aa" };
    const origin = tick({
      priority: 4,
      preferredHost: "node2",
      stopTimeout: 25,
      metadata: { owner: "alice", site: "north" },
      domain: { type: "qemu", memory: 5, machine: "pc", firmware: "bios", interfaces: [nic] },
      pacemaker: { meta: { "migration-threshold": "3" } },
      crmConfigCommands: ["location fromorigin coreorigin 33: node1"],
    });
    const copy = {
      source: { vm: "$ref:coreorigin.name", mode: "linked", clear: ["placement"] },
      metadata: { owner: "bob" },
      pacemaker: { meta: { "failure-timeout": "60" } },
    };
    try {
      const first = await stack.preview({ coreorigin: origin, corecopy: copy });
      assert.equal(first.changes["create"], 3);
      await stack.up({ coreorigin: origin, corecopy: copy });
      assert.equal(await metaAttribute("corecopy", "priority"), "4");
      assert.equal(await metaAttribute("corecopy", "migration-threshold"), "3");
      assert.equal(await metaAttribute("corecopy", "failure-timeout"), "60");
      assert.deepEqual([await imageMeta("corecopy", "owner"), await imageMeta("corecopy", "site")], ["bob", "north"]);
      assert.match(await imageMeta("corecopy", "xml"), /<memory unit="MiB">5</);
      assert.doesNotMatch(await imageMeta("corecopy", "xml"), /52:54:00:00:00:aa/);
      assert.deepEqual(await constraints("corecopy"), ["nodes-only-corecopy"]);
      assert.deepEqual((await stack.preview({ coreorigin: origin, corecopy: copy }, { refresh: true })).changes, {
        same: 3,
      });
      // What becomes of the one is none of the other's; and what the program takes back is inherited again.
      const changed = { ...origin, priority: 9 };
      assert.deepEqual((await stack.preview({ coreorigin: changed, corecopy: copy })).changes, { update: 1, same: 2 });
      const { text } = await stack.preview({
        coreorigin: origin,
        corecopy: { ...copy, source: { ...copy.source, mode: "copy" } },
      });
      assert.match(text, /what its disks share with VM "coreorigin" is copied, while it runs/);
    } finally {
      await stack.destroy();
    }
    for (const vm of ["coreorigin", "corecopy"]) assert.deepEqual(await traces(vm), [], vm);
  });
});
