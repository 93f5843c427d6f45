// Snapshots of a guest that writes, with its file systems frozen: what is in them, what comes back, and that whatever dies
// the guest is thawed.
import assert from "node:assert/strict";
import { inGuest } from "../../lab/index.ts";
import type { Runner } from "../../provider/dist/transport/index.js";
import { eventually, on, traces, tryOn } from "./support/cluster.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { data, PatchedRunner, snaps, snapshotSpec, system, vmmgr } from "./support/snapshots.ts";
import { tickSpec } from "./support/vms.ts";

const { createDisk, createSnapshot, createVm, removeVm, rollbackVm, updateVm } = vmmgr;
const VM = "snapquiet";
/** The last byte of its MAC is that of its address. */
const ADDRESS = "10.99.0.182";

const xml = (memory: number) => `<domain type="qemu">
  <memory unit="MiB">${memory}</memory><vcpu>1</vcpu>
  <os><type arch="x86_64" machine="pc">hvm</type><boot dev="hd"/></os>
  <features><acpi/><apic/><tcg><tb-cache unit="MiB">48</tb-cache></tcg></features>
  <clock offset="utc"><timer name="hpet" present="no"/></clock>
  <on_poweroff>destroy</on_poweroff>
  <devices>
    <interface type="bridge"><mac address="52:54:00:00:00:b6"/><source bridge="br0"/><model type="virtio"/></interface>
    <serial type="pty"/><console type="pty"/>
    <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>
    <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
    <memballoon model="none"/>
  </devices>
</domain>`;

const guest = async (command: string) => (await inGuest(ADDRESS, command)).stdout.trim();
const inside = (command: string) =>
  eventually(
    () => guest(command).catch(() => undefined),
    (found) => found !== undefined,
    60,
  );
const failure = (act: Promise<unknown>) =>
  act.then(
    () => assert.fail("it had to fail"),
    (error: unknown) => error as Error,
  );

/** Where it runs, which is not where the programs do. */
const NODE = "node2";
const agent = (command: string) =>
  tryOn(NODE, "virsh", "qemu-agent-command", "--timeout", "5", VM, JSON.stringify({ execute: command }));
const frozen = async () => /"return":"(\w+)"/.exec((await agent("guest-fsfreeze-status")).text)?.[1];

/** Runs commands on a copy of a snapshot of a disk: the file system of the data disk is on all of it. */
const onCopy = (snapshot: string, script: string) =>
  on(
    "node1",
    "bash",
    "-c",
    `rm -f /tmp/snapquiet.raw; rbd export --no-progress "$1" /tmp/snapquiet.raw && ${script}; code=$?; rm -f /tmp/snapquiet.raw; exit $code`,
    "bash",
    `${data(VM)}@${snapshot}`,
  );

describe("a snapshot of a guest that writes", function () {
  this.timeout(180_000);
  let runner: Runner;
  const at = (link: Runner = runner) => ({ cluster: clusterOn(link) });
  const take = (name: string, more: Parameters<typeof snapshotSpec>[2] = {}, link?: Runner) =>
    createSnapshot(at(link), snapshotSpec(VM, name, more));
  /** Snapshots that take so long on each disk. */
  const slow = (seconds: number, more = "") =>
    new PatchedRunner(
      runner,
      "snapshots",
      `def snapshot_create(self, name, create=LibrbdImage.snapshot_create):\n    time.sleep(${seconds})\n    create(self, name)\nLibrbdImage.snapshot_create = snapshot_create\n${more}`,
    );

  before(async () => {
    runner = labRunner();
    await removeVm(at(), VM);
    const spec = { ...tickSpec(VM), source: { nodePath: "/var/lib/seapath/images/remote.qcow2" }, preferredHost: NODE };
    delete spec.domain;
    await createVm(at(), { ...spec, xml: xml(128), started: false });
    await createDisk(at(), {
      vm: VM,
      index: 0,
      size: 32 << 20,
      bus: "virtio",
      cache: "writeback",
      readOnly: false,
      retain: false,
    });
    await updateVm(at(), { ...spec, xml: xml(128) });
    await inside("true");
    await eventually(frozen, (found) => found === "thawed", 60);
    // A counter on each of the two disks, the data disk first, and each number with its own checksum.
    await guest(
      `echo before >/data/precious; sync; (n=0; while :; do n=$((n+1)); echo "$n $(echo $n | md5sum)" >/data/n; sync -d /data/n; echo $n >/root/n; sync -d /root/n; done) </dev/null >/dev/null 2>&1 &`,
    );
  });
  after(async () => {
    await removeVm(at(), VM);
    assert.deepEqual(await traces(VM), []);
    runner.close();
  });

  it("is of file systems at rest when it is quiesced, and needs a journal's replay when it is not", async () => {
    const made = await take("quiet", { quiesce: "required" });
    assert.deepEqual([made.mark?.quiesced, made.mark?.consistency], [true, "2 file systems were frozen"]);
    assert.equal(await frozen(), "thawed");
    const features = await onCopy("quiet", "dumpe2fs -h /tmp/snapquiet.raw 2>/dev/null | grep features");
    assert.doesNotMatch(features, /needs_recovery/);
    await onCopy("quiet", "e2fsck -f -n /tmp/snapquiet.raw");
    const [number = "", sum] = (await onCopy("quiet", "debugfs -R 'cat /n' /tmp/snapquiet.raw 2>/dev/null")).split(" ");
    assert.equal(
      sum,
      (await on("node1", "bash", "-c", "echo $1 | md5sum", "bash", number)).split(" ")[0],
      "what was written is whole",
    );

    const rough = await take("rough", { quiesce: "none" });
    assert.equal(rough.mark?.quiesced, false);
    assert.match(await onCopy("rough", "dumpe2fs -h /tmp/snapquiet.raw 2>/dev/null | grep features"), /needs_recovery/);
  });

  it("brings the bytes back, of both disks and of one moment", async () => {
    await guest("echo after >/data/precious; echo after >/root/later; sync");
    const last = Number(await guest("cat /root/n"));
    await rollbackVm(at(), { vm: VM, snapshot: "quiet" });
    assert.equal(await inside("cat /data/precious"), "before");
    assert.equal(await inside("ls /root/later 2>/dev/null || echo none"), "none");
    const [first, second] = [Number((await guest("cat /data/n")).split(" ")[0]), Number(await guest("cat /root/n"))];
    assert.ok(second > 0 && second < last, `${second} of ${last}`);
    assert.ok(first === second || first === second + 1, `the disks are of one moment: ${first} and ${second}`);
    await eventually(frozen, (found) => found === "thawed", 60);
  });

  it("is not held up by an agent that hangs: `auto` says so, `required` leaves nothing", async () => {
    await guest("pkill -STOP qemu-ga");
    const made = await take("hanging");
    assert.equal(made.mark?.quiesced, false);
    assert.match(made.mark?.consistency ?? "", /^crash-consistent, each disk by itself: not frozen, .*agent/);
    assert.match(
      (await failure(take("never", { quiesce: "required" }))).message,
      /^Unable to create snapshot "never" of VM "snapquiet" on node\d: .*agent/,
    );
    assert.deepEqual(Object.keys(await snaps(system(VM))), ["quiet", "rough", "hanging"]);
    await guest("pkill -CONT qemu-ga");
    assert.equal(await eventually(frozen, (found) => found === "thawed"), "thawed");
  });

  it("is thawed when its time is over, whatever the snapshots take; `required` leaves nothing then", async () => {
    assert.match(
      (await failure(take("late", { quiesce: "required", freezeTimeout: 2 }, slow(4)))).message,
      /it was thawed when its time of 2 s was over/,
    );
    assert.equal(await frozen(), "thawed");
    assert.deepEqual(Object.keys(await snaps(data(VM))), ["quiet", "rough", "hanging"]);
  });

  it("is thawed at once when the program that takes it is killed", async () => {
    const mark = "/tmp/snapquiet.pid";
    const run = failure(
      take("killed", { freezeTimeout: 120 }, slow(60, `open("${mark}", "w").write(str(__import__("os").getpid()))`)),
    );
    assert.equal(await eventually(frozen, (found) => found === "frozen", 60), "frozen");
    for (const node of ["node1", "node2", "node3"])
      await on(node, "bash", "-c", `[ ! -e ${mark} ] || { kill -9 $(cat ${mark}); rm ${mark}; }`);
    assert.equal(await eventually(frozen, (found) => found === "thawed", 30), "thawed");
    await run;
    assert.deepEqual(Object.keys(await snaps(data(VM))), ["quiet", "rough", "hanging"]);
  });

  it("is thawed when what is to thaw it is killed itself", async () => {
    const run = take("unwatched", { freezeTimeout: 120 }, slow(8));
    assert.equal(await eventually(frozen, (found) => found === "frozen", 60), "frozen");
    await on(NODE, "pkill", "-9", "-f", "^/usr/bin/python3 -I -c import sys; exec.*'freezer'");
    const made = await run;
    assert.equal(made.mark?.quiesced, false);
    assert.match(made.mark?.consistency ?? "", /what freezes it ended on node2/);
    assert.equal(await eventually(frozen, (found) => found === "thawed", 30), "thawed");
  });
});
