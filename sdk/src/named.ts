/** What other resources name: a resource of this package, or the name that it has on the cluster. */
import * as pulumi from "@pulumi/pulumi";
import type { RemoteGuest } from "./remote-guest";
import type { Snapshot } from "./snapshot";
import type { Vm } from "./vm";

/**
 * A VM: the resource, or its name. The resource makes Pulumi do one after the other, as its output `name` does; a name that
 * is a mere text does not.
 *
 * @example
 * new seapath.Snapshot("before", { vm: web }); // or web.name; or "web01", of another program
 */
export type VmInput = pulumi.Input<string> | Vm;

/** A snapshot: the resource, or its name. */
export type SnapshotInput = pulumi.Input<string> | Snapshot;

/** A guest node: the resource, or its name. */
export type GuestInput = pulumi.Input<string> | RemoteGuest;

/** The name that is meant. */
export const nameOf = (what: VmInput | SnapshotInput | GuestInput): pulumi.Input<string> =>
  pulumi.Resource.isInstance(what) ? what.name : what;

/** The names that are meant by a list, which may itself be known later only. */
export function namesOf(vms: pulumi.Input<VmInput[]>): pulumi.Input<pulumi.Input<string>[]> {
  // What is no list is for the check to refuse, by its property.
  if (Array.isArray(vms)) return vms.map(nameOf);
  const later = pulumi.output(vms as Promise<string[]>);
  return later.apply((list) => pulumi.output(Array.isArray(list) ? (list as VmInput[]).map(nameOf) : list));
}

/** The arguments of a function with the name of the VM that is meant. */
export const withName = <A extends { name: VmInput }>(args: A) => ({ ...args, name: nameOf(args.name) });

/** Inputs in which a VM is named by `vm`, with its name there; they may be known later only. */
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
