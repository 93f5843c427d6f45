/**
 * What the program says of its VMs, as far as this run has checked them. In a preview the cluster has not yet what the
 * same `up` makes, enables or pins; a resource that names a VM by its output is checked after it.
 */
import type { PlannedVm, PlannedVms } from "../vmmgr";
import { isUnknown } from "./unknowns";
import { isRecord, type Raw } from "./values";

export class PlannedRegister {
  readonly #vms = new Map<string, PlannedVm>();
  readonly #guests = new Set<string>();

  /** Takes down a VM. @param inputs those of a VM, its defaults put in */
  note(inputs: Raw): void {
    const { name, cluster, enabled, pinnedHost, metadata } = inputs;
    this.#vms.set(key(name, cluster), {
      ...(isUnknown(enabled) ? {} : { enabled: enabled !== false }),
      ...(typeof pinnedHost === "string" && !isUnknown(pinnedHost) ? { pinnedHost } : {}),
      ...(isRecord(metadata) ? { keys: Object.keys(metadata) } : {}),
    });
  }

  /** Takes down a guest node, by its name. */
  noteGuest(name: string, cluster: string | undefined): void {
    this.#guests.add(key(name, cluster));
  }

  /** Whether the program has a guest node of that name. */
  hasGuest(name: string, cluster: string | undefined): boolean {
    return this.#guests.has(key(name, cluster));
  }

  /** The VMs of the program on a cluster. */
  on(cluster: string | undefined): PlannedVms {
    return (vm) => this.#vms.get(key(vm, cluster));
  }
}

const key = (vm: unknown, cluster: unknown) => JSON.stringify([cluster ?? null, vm]);
