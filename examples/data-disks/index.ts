import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";

const config = new pulumi.Config("data-disks");
// The image is a small guest that boots on BIOS; the lab puts it on its nodes.
const image = config.get("image") ?? "/var/lib/seapath/images/tiny.qcow2";
const type = config.get("domainType") === "kvm" ? ("kvm" as const) : ("qemu" as const);
const bridge = config.get("bridge") ?? "br0";

const historian = new seapath.Vm("historian", {
  source: { nodePath: image },
  // The guest of the lab takes the last two bytes of its MAC for its address: 10.99.0.110.
  domain: { type, memory: 96, machine: "pc", firmware: "bios", interfaces: [{ bridge, mac: "52:54:00:00:00:6e" }] },
  liveMigration: true,
});

// Blank. A larger size is given to the guest while it runs; a smaller one is refused.
const archive = new seapath.Disk("archive", {
  vm: historian,
  size: config.get("archiveSize") ?? "32MiB",
  serial: "archive",
});

// Filled once from a file of the nodes. What is on it outlives the disk, and the VM: its image is kept under another name.
const settings = new seapath.Disk("settings", {
  vm: historian,
  source: { nodePath: config.get("settingsImage") ?? "/var/lib/seapath/images/tick.qcow2" },
  bus: "scsi",
  readOnly: true,
  serial: "settings",
  retain: config.getBoolean("retain") ?? false,
});

// A copy of a disk as it is now. It depends on the other by its image.
const copy = new seapath.Disk("copy", {
  vm: historian,
  source: { image: settings.image },
  bus: "scsi",
  serial: "copy",
});

export const devices = pulumi
  .all([archive, settings, copy].map((disk) => pulumi.all([disk.image, disk.target])))
  .apply((pairs) => Object.fromEntries(pairs) as Record<string, string>);
