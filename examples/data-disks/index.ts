import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";

const config = new pulumi.Config("data-disks");
// The image is a small guest that boots on BIOS; the lab puts it on its nodes.
const image = config.get("image") ?? "/var/lib/seapath/images/tiny.qcow2";
const type = config.get("domainType") === "kvm" ? ("kvm" as const) : ("qemu" as const);
const bridge = config.get("bridge") ?? "br0";

const historian = new seapath.Vm("historian", {
  source: { nodePath: image },
  // The lab's guest takes its address from the last two bytes of its MAC: 10.99.0.110.
  domain: { type, memory: 96, machine: "pc", firmware: "bios", interfaces: [{ bridge, mac: "52:54:00:00:00:6e" }] },
  liveMigration: true,
});

// Blank. It can grow while the guest runs; a smaller size is rejected.
const archive = new seapath.Disk("archive", {
  vm: historian,
  size: config.get("archiveSize") ?? "32MiB",
  serial: "archive",
});

// Filled once from a file on the nodes. Its data outlives the disk and the VM: the image is kept under another name.
const settings = new seapath.Disk("settings", {
  vm: historian,
  source: { nodePath: config.get("settingsImage") ?? "/var/lib/seapath/images/tick.qcow2" },
  bus: "scsi",
  readOnly: true,
  serial: "settings",
  retain: config.getBoolean("retain") ?? false,
});

// A copy of another disk as it is now. The image name makes it depend on that disk.
const copy = new seapath.Disk("copy", {
  vm: historian,
  source: { image: settings.image },
  bus: "scsi",
  serial: "copy",
});

export const devices = pulumi
  .all([archive, settings, copy].map((disk) => pulumi.all([disk.image, disk.target])))
  .apply((pairs) => Object.fromEntries(pairs) as Record<string, string>);
