import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";

const config = new pulumi.Config("redundant-pair");
// The image is a small guest that boots on BIOS; the lab puts it on its nodes.
const source = { nodePath: config.get("image") ?? "/var/lib/seapath/images/tick.qcow2" };
const type = config.get("domainType") === "kvm" ? ("kvm" as const) : ("qemu" as const);
const strong = config.getBoolean("strong") ?? true;

const [primary, standby] = ["primary", "standby"].map(
  (name) =>
    new seapath.Vm(name, {
      source,
      domain: { type, memory: config.getNumber("memory") ?? 4, machine: "pc", firmware: "bios" },
      liveMigration: true,
      // If strongly apart, an up restarts the standby, and the primary once the standby runs again. If a guest takes a
      // minute until it does its work, set `rolling: { readyAfter: 60 }`.
      restart: "whenRequired",
    }),
) as [seapath.Vm, seapath.Vm];

// With `strong`, the standby does not run while there is only one node; without, it shares that node meanwhile.
const apart = new seapath.Colocation("apart", { vm: standby, with: [primary], apart: true, strong });

// If both start at once, as after a power cut, the primary comes first. Otherwise neither waits for the other.
new seapath.Order("boot", { first: primary, then: [standby], kind: "optional" });

// Another stack may also set metadata of a VM, without owning it.
new seapath.Metadata("role", { vm: primary, metadata: { role: "primary" } });

export const nodes = apart.nodes;
