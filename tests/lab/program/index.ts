// A Pulumi program whose VMs are its configuration: `vms` is an object of the inputs of each. `$uuid:<name>` as a value
// of metadata stands for that VM's output, which a preview does not know; `$retain` sets `retainOnDelete`.
import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";

const vms: Record<string, seapath.Vm> = {};
type Args = seapath.VmArgs & { $retain?: boolean };
for (const [name, { $retain: retainOnDelete = false, ...args }] of Object.entries(new pulumi.Config().requireObject<Record<string, Args>>("vms"))) {
  const metadata = Object.entries((args.metadata ?? {}) as Record<string, string>).map(([key, value]) => {
    const other = /^\$uuid:(.*)$/.exec(value)?.[1];
    return [key, other === undefined ? value : vms[other]!.uuid];
  });
  vms[name] = new seapath.Vm(name, { ...args, metadata: Object.fromEntries(metadata) }, { retainOnDelete });
}
export const nodes = pulumi.output(Object.fromEntries(Object.entries(vms).map(([name, vm]) => [name, vm.node])));
