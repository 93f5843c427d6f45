import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";

const config = new pulumi.Config("quickstart");
// The image is a small guest that boots on BIOS; the lab puts it on its nodes.
const source = { nodePath: config.get("image") ?? "/var/lib/seapath/images/tiny.qcow2" };
const type = config.get("domainType") === "kvm" ? ("kvm" as const) : ("qemu" as const);

/** The guest takes its address from the last two bytes of its MAC: 10.99.0.<last>. */
const domain = (last: number): seapath.DomainArgs => ({
  type,
  memory: 96,
  machine: "pc",
  firmware: "bios",
  interfaces: [{ bridge: config.get("bridge") ?? "br0", mac: `52:54:00:00:00:${last.toString(16).padStart(2, "0")}` }],
});

const preferredHost = config.get("preferredHost") ?? "node2";

const vms = {
  // Runs only on one node: for VMs bound to that node's hardware.
  pinned: new seapath.Vm("pinned", { source, domain: domain(101), pinnedHost: config.get("pinnedHost") ?? "node1" }),
  // Runs on one node whenever it can, and elsewhere if not.
  preferred: new seapath.Vm("preferred", {
    source,
    domain: domain(102),
    liveMigration: true,
    ...(preferredHost === "none" ? {} : { preferredHost }),
  }),
  // Runs wherever Pacemaker puts it, and moves without stopping.
  free: new seapath.Vm("free", {
    source,
    domain: domain(103),
    liveMigration: true,
    priority: config.getNumber("priority") ?? 10,
    metadata: { owner: config.get("owner") ?? "protection" },
  }),
};

export const nodes = pulumi
  .all(Object.entries(vms).map(([name, vm]) => pulumi.all([name, vm.node])))
  .apply(Object.fromEntries);
