/** The usage of each node's memory and processors, with VMs where they are or will be. */
import { isOnline, nvpairs, parseXml, readCapacity, type Cib, type Cluster, type Inventory } from "../../cluster";
import { readDomain } from "../form/domain";
import { DEFAULTS, type Domain, type VmSpec } from "../form/model";
import { systemImage } from "../form/names";
import { isVm } from "./declared";
import type { Fate } from "./outcome";

/** A VM's usage of a node. */
export interface Need {
  vcpus: number;
  memoryBytes: number;
}

/** The capacity of a node. */
export interface NodeRoom {
  node: string;
  /** Logical processors; absent if the node did not report them. */
  vcpus?: number | undefined;
  /** Absent if the node did not report it. */
  memoryBytes?: number | undefined;
}

/** A node and its usage by VMs. */
export interface Room extends NodeRoom {
  /** The sum over its VMs. */
  taken: Need;
  /** VMs on it with unknown memory: they are not counted. */
  needUnknown: string[];
  /** Its VMs that use the most memory, at most three, the largest first. */
  largest: { vm: string; memoryBytes: number }[];
}

const NAMED = 3;

/** A declared capacity of a node, overriding what its libvirt reports. */
export interface Capacity {
  vcpus?: number;
  memoryMiB?: number;
}

const MIB = 1024 ** 2;

const needOf = ({ vcpus, memory }: Domain): Need => ({ vcpus, memoryBytes: memory * MIB });

/**
 * The needs of a cluster's VMs: for the plan's VMs from the plan, for others from what the resource agent writes into
 * the CIB.
 * @param domains needs from other sources, for VMs without them in the CIB
 */
export function needsOf(
  cib: Cib,
  planned: readonly VmSpec[],
  domains: Readonly<Record<string, Need>>,
): Map<string, Need> {
  const needs = new Map<string, Need>(Object.entries(domains));
  for (const [id, primitive] of cib.primitives) {
    const written = nvpairs(primitive, "utilization");
    const memory = written["host_memory"] ?? written["hv_memory"];
    if (memory !== undefined) needs.set(id, { vcpus: Number(written["cpu"] ?? 0), memoryBytes: Number(memory) * MIB });
  }
  for (const { name, domain, xml } of planned) {
    const need = domain === undefined ? storedNeed(xml) : needOf(domain);
    if (need !== undefined) needs.set(name, need);
  }
  return needs;
}

/** The needs in a domain's XML; undefined if it is invalid or does not say. */
function storedNeed(xml: string | undefined): Need | undefined {
  if (xml === undefined) return undefined;
  try {
    const need = needOf(readDomain(parseXml(xml, "the domain XML")));
    return need.memoryBytes > 0 ? need : undefined;
  } catch {
    return undefined; // not ours; reported as unknown
  }
}

/** The needs from the stored domains of VMs without them in the CIB, because they were never monitored. */
export function storedNeeds({ cib, images }: Inventory): Record<string, Need> {
  const silent = [...cib.primitives].filter(
    ([, primitive]) => isVm(primitive) && nvpairs(primitive, "utilization")["host_memory"] === undefined,
  );
  return Object.fromEntries(
    silent.flatMap(([vm]) => {
      const { xml, _base_xml: base } = images.get(systemImage(vm))?.metadata ?? {};
      const need = storedNeed(xml) ?? storedNeed(base);
      return need === undefined ? [] : [[vm, need]];
    }),
  );
}

/** The capacity of each node, and its usage by the VMs that end up on it. */
export function roomOf(nodes: readonly NodeRoom[], fates: readonly Fate[], needs: ReadonlyMap<string, Need>): Room[] {
  const rooms = new Map(
    nodes.map((node): [string, Room] => [
      node.node,
      { ...node, taken: { vcpus: 0, memoryBytes: 0 }, needUnknown: [], largest: [] },
    ]),
  );
  for (const { vm, after } of fates) {
    const room = rooms.get(after ?? "");
    const need = needs.get(vm);
    if (room === undefined) continue;
    if (need === undefined) room.needUnknown.push(vm);
    room.taken.vcpus += need?.vcpus ?? 0;
    room.taken.memoryBytes += need?.memoryBytes ?? 0;
    if (need !== undefined) room.largest.push({ vm, memoryBytes: need.memoryBytes });
  }
  const larger = (a: Room["largest"][number], b: Room["largest"][number]) =>
    b.memoryBytes - a.memoryBytes || (a.vm < b.vm ? -1 : 1);
  return [...rooms.values()].map((room) => ({ ...room, largest: room.largest.sort(larger).slice(0, NAMED) }));
}

/** Nodes with the declared capacities, if any. */
export const withCapacity = (nodes: readonly NodeRoom[], said: Readonly<Record<string, Capacity>>): NodeRoom[] =>
  nodes.map((room) => {
    const { vcpus, memoryMiB } = said[room.node] ?? {};
    return {
      ...room,
      ...(vcpus === undefined ? {} : { vcpus }),
      ...(memoryMiB === undefined ? {} : { memoryBytes: memoryMiB * MIB }),
    };
  });

/** The nodes' capacity, as reported by their libvirt. */
export async function nodesRoom(cluster: Cluster, hypervisors: readonly string[]): Promise<NodeRoom[]> {
  const { status } = await cluster.recentInventory();
  const online = hypervisors.filter((name) => isOnline(status, name));
  const { nodes } = await readCapacity(cluster.runner, online, DEFAULTS.migrationUser);
  const known = new Map(nodes.flatMap((each) => ("vcpus" in each ? [[each.node, each] as const] : [])));
  return hypervisors.map((node) => {
    const { vcpus, memoryBytes } = known.get(node) ?? {};
    return { node, ...(vcpus === undefined ? {} : { vcpus }), ...(memoryBytes === undefined ? {} : { memoryBytes }) };
  });
}
