import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";

const config = new pulumi.Config("upgrade");
const type = config.get("domainType") === "kvm" ? ("kvm" as const) : ("qemu" as const);

// The lab's smallest guest: it counts seconds on its own disk, so that you can see it go back.
const relay = new seapath.Vm("relay", {
  source: { nodePath: config.get("image") ?? "/var/lib/seapath/images/tick.qcow2" },
  domain: { type, memory: 4, machine: "pc", firmware: "bios" },
});

// Taken once, before a change that you may want to undo. Protected: even vm-mgr's purge leaves it.
const before = new seapath.Snapshot("beforeupgrade", { vm: relay, quiesce: "auto", protect: true });

// `pulumi config set upgrade:undo 1` rolls the VM back; 2, 3, … do it again. Without it, nothing is rolled back.
const undo = config.get("undo");
const rollback =
  undo === undefined ? undefined : new seapath.Rollback("undo", { vm: relay, snapshot: before, triggers: [undo] });

// Also covers snapshots of other programs, e.g. a nightly vm-mgr: the newest three stay, and those of the last week.
// Runs at most once a day.
const tidy = new seapath.SnapshotRetention("tidy", {
  vm: relay,
  keepLast: 3,
  keepWithin: "7d",
  includeOthers: true,
  triggers: [config.get("today") ?? new Date().toISOString().slice(0, 10)],
});

export const takenAt = before.created;
export const consistency = before.consistency;
export const rolledBackAt = rollback?.rolledBack ?? "never";
export const removed = tidy.removed;
