/** What is left of each node's memory and processors, with VMs where they are or will be. */
import { nvpairs, readCapacity, type Cib, type Cluster } from "../../cluster";
import { DEFAULTS, type VmSpec } from "../model";
import type { Fate } from "./outcome";

/** What a VM takes of a node. */
export interface Need {
  vcpus: number;
  memoryBytes: number;
}

/** What a node has. */
export interface NodeRoom {
  node: string;
  /** Logical processors; absent when the node did not say. */
  vcpus?: number | undefined;
  /** Absent when the node did not say. */
  memoryBytes?: number | undefined;
}

/** A node and what its VMs take of it. */
export interface Room extends NodeRoom {
  /** What its VMs take. */
  taken: Need;
}

const MIB = 1024 ** 2;

/** What the VMs of a cluster take: of a plan as it says, of others what the resource agent writes into the CIB. */
export function needsOf(cib: Cib, planned: readonly VmSpec[]): Map<string, Need> {
  const needs = new Map<string, Need>();
  for (const [id, primitive] of cib.primitives) {
    const written = nvpairs(primitive, "utilization");
    needs.set(id, { vcpus: Number(written["cpu"] ?? 0), memoryBytes: Number(written["host_memory"] ?? written["hv_memory"] ?? 0) * MIB });
  }
  for (const { name, domain } of planned) {
    if (domain !== undefined) needs.set(name, { vcpus: domain.vcpus, memoryBytes: domain.memory * MIB });
  }
  return needs;
}

/** What each node has and gives to the VMs that are on it in the end. */
export function roomOf(nodes: readonly NodeRoom[], fates: readonly Fate[], needs: ReadonlyMap<string, Need>): Room[] {
  return nodes.map((node) => {
    const taken = { vcpus: 0, memoryBytes: 0 };
    for (const { vm, after } of fates) {
      if (after !== node.node) continue;
      taken.vcpus += needs.get(vm)?.vcpus ?? 0;
      taken.memoryBytes += needs.get(vm)?.memoryBytes ?? 0;
    }
    return { ...node, taken };
  });
}

/** What the nodes have, in their own libvirt's words. */
export async function nodesRoom(cluster: Cluster, hypervisors: readonly string[]): Promise<NodeRoom[]> {
  const { status } = await cluster.recentInventory();
  const online = hypervisors.filter((name) => status.nodes.some((node) => node.name === name && node.online));
  const { nodes } = await readCapacity(cluster.runner, online, DEFAULTS.migrationUser);
  const known = new Map(nodes.flatMap((each) => ("vcpus" in each ? [[each.node, each] as const] : [])));
  return hypervisors.map((node) => {
    const { vcpus, memoryBytes } = known.get(node) ?? {};
    return { node, ...(vcpus === undefined ? {} : { vcpus }), ...(memoryBytes === undefined ? {} : { memoryBytes }) };
  });
}
