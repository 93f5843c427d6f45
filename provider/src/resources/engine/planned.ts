/**
 * The program's plans for its VMs, as far as this run has checked them. During a preview the cluster lacks what the
 * same `up` makes, enables or pins. A resource that refers to a VM by its output is checked after it.
 */
import type { Addresses, PlannedVm, PlannedVms, VmSpec, XmlElement } from "../../vmmgr";
import { isMarkedBy } from "../../vmmgr";
import { isUnknown } from "./unknowns";
import { isRecord, type Raw } from "./values";

export class PlannedRegister {
  readonly #vms = new Map<string, PlannedVm>();
  readonly #specs = new Map<unknown, Map<string, VmSpec>>();
  readonly #addresses = new Map<unknown, Map<string, Addresses>>();
  readonly #guests = new Set<string>();
  readonly #leaving = new Set<string>();
  /** By cluster and owner, the constraints of each relation. */
  readonly #relations = new Map<unknown, Map<string, readonly XmlElement[]>>();

  /** Records a VM. @param inputs of a VM, with defaults */
  note(inputs: Raw): void {
    const { name, cluster, enabled, started, pinnedHost, metadata } = inputs;
    this.#vms.set(key(name, cluster), {
      ...(isUnknown(enabled) ? {} : { enabled: enabled !== false }),
      ...(isUnknown(started) ? {} : { started: started !== false }),
      ...(typeof pinnedHost === "string" && !isUnknown(pinnedHost) ? { pinnedHost } : {}),
      ...(isRecord(metadata) ? { keys: Object.keys(metadata) } : {}),
    });
  }

  /** Records the spec of a VM that is completely known. */
  noteSpec(spec: VmSpec, cluster: string | undefined): void {
    const known = this.#specs.get(cluster) ?? new Map<string, VmSpec>();
    this.#specs.set(cluster, known.set(spec.name, spec));
  }

  /** The completely known VMs of a cluster, in the order of their checks. */
  specs(cluster: string | undefined): VmSpec[] {
    return [...(this.#specs.get(cluster)?.values() ?? [])];
  }

  /** Records the addresses of a VM. @returns those of the VMs checked before it, by VM */
  noteAddresses(vm: string, cluster: string | undefined, addresses: Addresses): ReadonlyMap<string, Addresses> {
    const known = this.#addresses.get(cluster) ?? new Map<string, Addresses>();
    this.#addresses.set(cluster, known.set(vm, addresses));
    return known;
  }

  /** Records a guest node by its name. */
  noteGuest(name: string, cluster: string | undefined): void {
    this.#guests.add(key(name, cluster));
  }

  /** Whether the program has a guest node of that name. */
  hasGuest(name: string, cluster: string | undefined): boolean {
    return this.#guests.has(key(name, cluster));
  }

  /** Records that a guest node is replaced. */
  leaveGuest(name: unknown, cluster: unknown): void {
    this.#leaving.add(key(name, cluster));
  }

  /** Whether a guest node is replaced, as far as this run has diffed. */
  leavesGuest(name: unknown, cluster: unknown): boolean {
    return this.#leaving.has(key(name, cluster));
  }

  /** Records a relation. @param owner the resource that has it @param former its earlier owner names */
  noteRelation(
    owner: string,
    cluster: string | undefined,
    elements: readonly XmlElement[],
    former: readonly string[] = [],
  ): void {
    const known = this.#relations.get(cluster) ?? new Map<string, readonly XmlElement[]>();
    // The constraints under a former name go. Two relations that swapped their names have both.
    for (const each of former) if (!known.has(each)) known.set(each, []);
    this.#relations.set(cluster, known.set(owner, elements));
  }

  /** The future constraints of a cluster, as far as this run has checked its relations. */
  constraints(present: readonly XmlElement[], cluster: string | undefined): XmlElement[] {
    const known = this.#relations.get(cluster) ?? new Map<string, readonly XmlElement[]>();
    const kept = present.filter((node) => ![...known.keys()].some((owner) => isMarkedBy(node, owner)));
    return [...kept, ...[...known.values()].flat()];
  }

  /** The VMs of the program on a cluster. */
  on(cluster: string | undefined): PlannedVms {
    return (vm) => this.#vms.get(key(vm, cluster));
  }
}

const key = (vm: unknown, cluster: unknown) => JSON.stringify([cluster ?? null, vm]);
