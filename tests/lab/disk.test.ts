// Data disks through their life, by `pulumi up`, looked at with other programs than the one that made them.
import assert from "node:assert/strict";
import { eventually, imageMeta, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { TICK } from "./support/vms.ts";

const TINY = "/var/lib/seapath/images/tiny.qcow2";

/** A guest with Linux in it, which lets go of a disk when it is asked to. */
const linux = (more: Record<string, unknown> = {}) => ({
  source: { nodePath: TINY },
  domain: {
    type: "qemu",
    memory: 96,
    machine: "pc",
    firmware: "bios",
    interfaces: [{ bridge: "br0", mac: "52:54:00:00:00:d7" }],
  },
  liveMigration: true,
  ...more,
});
const disk = (more: Record<string, unknown>) => ({ $kind: "Disk", ...more });

const group = (vm: string) =>
  on("node1", "rbd", "group", "image", "list", vm).then((text) =>
    text
      .split("\n")
      .map((line) => line.trim())
      .sort(),
  );
const exists = async (image: string) => (await tryOn("node1", "rbd", "info", image)).exitCode === 0;
const nodeOf = async (vm: string) => (await qemu(vm))[0]?.split(":")[0] ?? "";
const block = async (vm: string) => on(await nodeOf(vm), "virsh", "domblklist", vm);
/** The count that vm-mgr's clone goes by; empty where there is none. */
const counted = async (vm: string) => {
  const { exitCode, text } = await tryOn("node1", "rbd", "image-meta", "get", `system_${vm}`, "_additional_disks");
  return exitCode === 0 ? text : "";
};

describe("data disks", function () {
  this.timeout(240_000);
  let stack: TestStack;
  let pid: string[];
  const vm = { diskvm: linux({ preferredHost: "node2" }) };
  const name = "$ref:diskvm.name";
  const blank = { vm: name, size: "8MiB", serial: "blank0" };
  const filled = { vm: name, source: { nodePath: TICK }, bus: "scsi", cache: "none", readOnly: true };
  const cold = { vm: name, size: "1MiB", bus: "sata" };
  const three: Vms = { ...vm, blank: disk(blank), filled: disk(filled), cold: disk(cold) };

  before(async () => {
    stack = await TestStack.make("disks");
    await tryOn("node1", "rbd", "rm", "--no-progress", "retained_diskvm_1"); // of a run that was killed
    await stack.up(vm);
    pid = await qemu("diskvm");
    assert.match(pid.join(), /^node2:\d+$/);
  });
  after(async () => {
    await stack.destroy();
    assert.deepEqual(await traces("diskvm"), []);
  });

  /** An output of a disk, as the state has it. */
  const output = async (logical: string, key: string) => {
    const { deployment } = JSON.parse(await stack.state()) as {
      deployment: { resources: { urn: string; outputs: Record<string, unknown> }[] };
    };
    return deployment.resources.find(({ urn }) => urn.endsWith(`::${logical}`))?.outputs[key];
  };

  it("are given to a guest that runs, where their bus allows that, and are what vm-mgr makes", async () => {
    const { changes } = await stack.up(three);
    assert.equal(changes["create"], 3);
    assert.deepEqual(await qemu("diskvm"), pid);
    assert.deepEqual(await group("diskvm"), [
      "rbd/data_diskvm_0",
      "rbd/data_diskvm_1",
      "rbd/data_diskvm_2",
      "rbd/system_diskvm",
    ]);
    assert.equal(await counted("diskvm"), "3");
    const xml = await imageMeta("diskvm", "xml");
    assert.match(xml, /name="rbd\/data_diskvm_0".*dev="vdb" bus="virtio".*<serial>blank0<\/serial>/s);
    assert.match(xml, /cache="none".*name="rbd\/data_diskvm_1".*dev="sdc" bus="scsi".*<readonly\/>/s);
    assert.match(xml, /name="rbd\/data_diskvm_2".*dev="sdd" bus="sata"/s);
    const live = await block("diskvm");
    assert.match(live, /vdb\s+rbd\/data_diskvm_0/);
    assert.match(live, /sdc\s+rbd\/data_diskvm_1/);
    assert.doesNotMatch(live, /data_diskvm_2/);
    assert.deepEqual(
      [
        await output("blank", "restartRequired"),
        await output("cold", "restartRequired"),
        await output("cold", "attached"),
      ],
      [false, true, false],
    );
    assert.deepEqual(
      [await output("blank", "index"), await output("blank", "target"), await output("cold", "image")],
      [0, "vdb", "data_diskvm_2"],
    );
    assert.match(
      await on("node1", "sh", "-c", "rbd export data_diskvm_1 - 2>/dev/null | head -c 512 | tail -c 2 | od -An -tx1"),
      /55 aa/,
      "the boot sector of its source",
    );
  });

  it("show no change in a preview, also of what the cluster says", async () => {
    assert.deepEqual((await stack.preview(three, { refresh: true })).changes, { same: 5 });
  });

  it("move with their guest, and are grown while it runs; what it gets only at its next start is announced", async () => {
    await on("node1", "crm_resource", "--move", "--resource", "diskvm", "--node", "node3");
    await eventually(
      () => qemu("diskvm"),
      (found) => found.length === 1 && found[0]?.startsWith("node3:") === true,
      60,
    );
    assert.match(await on("node3", "virsh", "domblklist", "diskvm"), /vdb\s+rbd\/data_diskvm_0/);
    const there = { diskvm: linux({ preferredHost: "node3" }) };
    assert.match(
      await stack.failing("preview", { ...three, ...there, blank: disk({ ...blank, size: "4MiB" }) }),
      /data_diskvm_0 has 8388608 bytes and is never made smaller/,
    );
    const changed: Vms = {
      ...there,
      blank: disk({ ...blank, size: "16MiB" }),
      filled: disk({ ...filled, cache: "writeback" }),
      cold: disk(cold),
    };
    const { text } = await stack.preview(changed);
    assert.match(text, /disk "data_diskvm_1": another cache takes effect when VM "diskvm" is next stopped and started/);
    await stack.up(changed);
    assert.match(await on("node3", "virsh", "domblkinfo", "diskvm", "vdb"), /Capacity:\s+16777216/);
    assert.match(await imageMeta("diskvm", "xml"), /cache="writeback"\/>\s*<auth[^§]*name="rbd\/data_diskvm_1"/);
    assert.match(await on("node3", "virsh", "dumpxml", "diskvm"), /cache='none'/);
    assert.deepEqual([await output("filled", "restartRequired"), await output("filled", "attached")], [true, true]);
    pid = await qemu("diskvm");
    assert.match(pid.join(), /^node3:\d+$/);
  });

  it("show what others changed of them, and `up` mends it while the guest runs", async () => {
    const now: Vms = {
      diskvm: linux({ preferredHost: "node3" }),
      blank: disk({ ...blank, size: "16MiB" }),
      filled: disk(filled),
      cold: disk(cold),
    };
    await stack.up(now);
    await on("node3", "virsh", "detach-disk", "diskvm", "vdb", "--live");
    await on("node1", "rbd", "group", "image", "rm", "diskvm", "data_diskvm_1");
    await on("node1", "rbd", "resize", "--no-progress", "--size", "24M", "data_diskvm_0");
    const script = `x=$(rbd image-meta get system_diskvm xml | sed '/<disk/{:a;N;/<\\/disk>/!ba;/data_diskvm_2/d}') && rbd image-meta set system_diskvm xml "$x"`;
    await on("node1", "sh", "-c", script);
    assert.doesNotMatch(await imageMeta("diskvm", "xml"), /data_diskvm_2/);
    await eventually(
      () => on("node3", "virsh", "domblklist", "diskvm"),
      (text) => !text.includes("vdb"),
    );
    const wanted: Vms = { ...now, blank: disk({ ...blank, size: "24MiB" }) };
    const { text } = await stack.preview(now, { refresh: true }).catch((error: Error) => ({ text: error.message }));
    assert.match(text, /data_diskvm_0 has 25165824 bytes and is never made smaller/);
    const shown = (await stack.preview(wanted, { refresh: true })).text;
    assert.match(shown, /drift\s*: "the running guest does not have it"/);
    assert.match(shown, /drift\s*: "the RBD group diskvm does not have it"/);
    assert.match(shown, /drift\s*: "the XML of VM diskvm does not have it"/);
    await stack.refresh();
    assert.equal((await stack.up(wanted)).changes["update"], 3);
    assert.match(await block("diskvm"), /vdb\s+rbd\/data_diskvm_0/);
    assert.match(await imageMeta("diskvm", "xml"), /data_diskvm_2/);
    assert.ok((await group("diskvm")).includes("rbd/data_diskvm_1"));
    assert.deepEqual(await qemu("diskvm"), pid);
    assert.deepEqual((await stack.preview(wanted, { refresh: true })).changes, { same: 5 });
  });

  it("stay where others stay after them", async () => {
    const text = await stack.failing("up", {
      diskvm: linux({ preferredHost: "node3" }),
      filled: disk(filled),
      cold: disk(cold),
    });
    assert.match(
      text,
      /data_diskvm_1 \(labtest\/disks\/filled\), data_diskvm_2 \(labtest\/disks\/cold\) come after it and stay/,
    );
    assert.equal(await exists("data_diskvm_0"), true);
  });

  it("are taken from a guest that runs, one kept, and given back to it from there", async () => {
    const there = { diskvm: linux({ preferredHost: "node3" }) };
    await stack.up({ ...there, blank: disk({ ...blank, size: "24MiB" }), filled: disk({ ...filled, retain: true }) });
    assert.equal(await exists("data_diskvm_2"), false);
    const { text } = await stack.up({ ...there, blank: disk({ ...blank, size: "24MiB" }) });
    assert.match(text, /data_diskvm_1: its image is kept as retained_diskvm_1/);
    assert.equal(await counted("diskvm"), "1");
    await stack.up({
      ...there,
      blank: disk({ ...blank, size: "24MiB" }),
      back: disk({ vm: name, source: { image: "retained_diskvm_1" } }),
    });
    assert.match(await block("diskvm"), /vdc\s+rbd\/data_diskvm_1/);
    await stack.up(there);
    assert.deepEqual(
      [await exists("data_diskvm_0"), await exists("data_diskvm_1"), await counted("diskvm")],
      [false, false, ""],
    );
    assert.doesNotMatch(await imageMeta("diskvm", "xml"), /data_diskvm/);
    assert.deepEqual(await qemu("diskvm"), pid, "all of it without a restart");
    await on("node1", "rbd", "rm", "--no-progress", "retained_diskvm_1");
  });

  it("are made anew with their VM, which takes its disks with it", async () => {
    const before = {
      diskvm: linux({ preferredHost: "node3" }),
      blank: disk(blank),
      filled: disk({ ...filled, bus: "virtio" }),
    };
    await stack.up(before);
    const after = { ...before, diskvm: { ...linux({ preferredHost: "node3" }), source: { nodePath: TICK } } };
    const { text } = await stack.preview(after);
    assert.match(
      text,
      /disk "data_diskvm_0": its VM is made anew, and so is the disk; this one is deleted with all that is on it/,
    );
    const { changes } = await stack.up(after);
    assert.deepEqual(changes, { replace: 3, same: 1 });
    assert.match(await block("diskvm"), /vdb\s+rbd\/data_diskvm_0\s+vdc\s+rbd\/data_diskvm_1/);
    assert.deepEqual((await stack.preview(after, { refresh: true })).changes, { same: 4 });
    // The guest has no system now that would let go of them: they go with it all the same, see the end.
  });
});
