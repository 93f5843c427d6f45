import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";

const config = new pulumi.Config("clones");
// The image is a small guest that boots on BIOS; the lab puts it on its nodes.
const source = { nodePath: config.get("image") ?? "/var/lib/seapath/images/tick.qcow2" };
const type = config.get("domainType") === "kvm" ? ("kvm" as const) : ("qemu" as const);

// The VM to clone. It does not run: a golden image changes only on purpose.
const golden = new seapath.Vm("golden", {
  source,
  domain: { type, memory: 4, machine: "pc", firmware: "bios" },
  started: false,
  priority: 5,
  metadata: { image: "golden", site: "north" },
});

// Has its own disks. Domain, priority and metadata come from the golden VM; a key given here wins.
const copy = new seapath.Vm("copy", { source: { vm: golden }, metadata: { site: "south" } });

// Shares the golden VM's blocks, so it is created instantly. `pulumi config set clones:mode copy` makes it independent
// later.
const mode = config.get("mode") === "copy" ? "copy" : "linked";
const linked = [1, 2].map((n) => new seapath.Vm(`linked${n}`, { source: { vm: golden, mode } }));

export const uuids = pulumi
  .all([golden, copy, ...linked].map((vm) => pulumi.all([vm.name, vm.uuid])))
  .apply(Object.fromEntries);
