/** References to other resources: a resource of this package, or its name on the cluster. */
import * as pulumi from "@pulumi/pulumi";
import type { RemoteGuest } from "./remote-guest";
import type { Snapshot } from "./snapshot";
import type { Vm } from "./vm";

/**
 * A VM: the resource, or its name. With the resource, Pulumi orders the operations, as with its output `name`; a plain
 * string does not.
 *
 * @example
 * new seapath.Snapshot("before", { vm: web }); // or web.name; or "web01", of another program
 */
export type VmInput = pulumi.Input<string> | Vm;

/** A snapshot: the resource, or its name. */
export type SnapshotInput = pulumi.Input<string> | Snapshot;

/** A guest node: the resource, or its name. */
export type GuestInput = pulumi.Input<string> | RemoteGuest;

/** The name that a reference stands for. */
export const nameOf = (what: VmInput | SnapshotInput | GuestInput): pulumi.Input<string> =>
  pulumi.Resource.isInstance(what) ? what.name : what;

/** The names that a list of references stands for. The list itself may be known only later. */
export function namesOf(vms: pulumi.Input<VmInput[]>): pulumi.Input<pulumi.Input<string>[]> {
  // Leave a value that is not a list to the check, which names its property.
  if (Array.isArray(vms)) return vms.map(nameOf);
  const later = pulumi.output(vms as Promise<string[]>);
  return later.apply((list) => pulumi.output(Array.isArray(list) ? (list as VmInput[]).map(nameOf) : list));
}

/** A function's arguments with the VM reference replaced by its name. */
export const withName = <A extends { name: VmInput }>(args: A) => ({ ...args, name: nameOf(args.name) });

/** Inputs that refer to a VM by `vm`, with that replaced by its name. They may be known only later. */
export function withVmName<T extends object>(inputs: pulumi.Input<T> | undefined): pulumi.Input<T> | undefined {
  if (inputs === undefined) return undefined;
  if (pulumi.Output.isInstance(inputs) || inputs instanceof Promise) {
    const later = pulumi.output(inputs as Promise<{ vm?: string }>);
    return later.apply((known) => pulumi.output(vmNamed(known))) as unknown as pulumi.Output<T>;
  }
  return vmNamed(inputs);
}

const vmNamed = <T extends object>(inputs: T): T =>
  typeof inputs === "object" && inputs !== null && "vm" in inputs
    ? { ...inputs, vm: nameOf(inputs.vm as VmInput) }
    : inputs;
