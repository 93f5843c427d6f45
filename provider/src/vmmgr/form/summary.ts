/** Summaries of VMs and of the cluster, for lists, functions and read-only programs. */
import { readCapacity, type Capacity, type Inventory, type Runner } from "../../cluster";
import { BrokenVm } from "./broken";
import { DEFAULTS, type ObservedVm, type VmStatus } from "./model";
import { isDataImage, systemImage } from "./names";
import { findVm, ownerOfVm, vmImages, vmStatus } from "./observe";

/** A VM in one line. */
export interface VmSummary {
  name: string;
  /** By vm-mgr's names. */
  status: VmStatus;
  /** The node it runs on; absent while it is not running. */
  node?: string;
  /** Pacemaker manages it. */
  enabled: boolean;
}

/** A disk of a VM. */
export interface DiskSummary {
  /** Its RBD image: `system_web01`, `data_web01_0`. */
  image: string;
  /** Bytes. */
  size: number;
}

/** A VM in a detailed list. */
export interface ListedVm extends VmSummary {
  /** The project and stack that created or adopted it. */
  owner?: string;
  /** The only node it may run on. */
  pinnedHost?: string;
  /** The node it runs on if possible. */
  preferredHost?: string;
  /** Virtual CPUs of its domain. */
  vcpus?: number;
  /** Memory of its domain in MiB. */
  memory?: number;
  /** Its disks, the system disk first. */
  disks: DiskSummary[];
  /** Why its stored data cannot be read; the fields from there are then absent. */
  broken?: string;
}

/** A VM in full. */
export interface VmDetails extends Omit<ObservedVm, "baseXml" | "unfinished"> {
  /** Its disks, the system disk first. */
  disks: DiskSummary[];
  /** The complete libvirt domain, as the resource agent starts it. */
  xml: string;
}

/** The state of one VM; `Undefined` if there is none. */
export function summaryOf(inventory: Inventory, vm: string): VmSummary {
  const nodes = inventory.status.resources.get(vm)?.nodes ?? [];
  const status = vmStatus(inventory, vm);
  const known = status !== "Undefined";
  return {
    name: vm,
    status,
    ...(known && nodes[0] !== undefined ? { node: nodes[0] } : {}),
    enabled: known && inventory.cib.primitives.has(vm),
  };
}

/**
 * The VMs of a cluster by name: its RBD groups, as in vm-mgr, except groups of other programs, which hold no VM disk.
 */
export function listVms(inventory: Inventory): VmSummary[] {
  const names = [...inventory.groups].filter(
    ([group, images]) => images.length === 0 || images.some((image) => isDisk(group, image)),
  );
  return names
    .map(([group]) => group)
    .sort(byBytes)
    .map((vm) => summaryOf(inventory, vm));
}

/** The same with details. A VM that cannot be read says so; the others are still listed. */
export const listVmsInDetail = (inventory: Inventory): ListedVm[] =>
  listVms(inventory).map((vm) => ({ ...vm, ...settingsOf(inventory, vm.name), disks: disksOf(inventory, vm.name) }));

function settingsOf(inventory: Inventory, vm: string): Partial<ListedVm> {
  const owner = ownerOfVm(inventory, vm);
  const made = owner === undefined ? {} : { owner };
  try {
    const found = findVm(inventory, vm);
    if (found === undefined) return made;
    const {
      pinnedHost,
      preferredHost,
      domain: { vcpus, memory },
    } = found;
    return {
      ...made,
      ...(pinnedHost === undefined ? {} : { pinnedHost }),
      ...(preferredHost === undefined ? {} : { preferredHost }),
      vcpus,
      memory,
    };
  } catch (error) {
    if (!(error instanceof BrokenVm)) throw error;
    return { ...made, broken: error.reason };
  }
}

function disksOf(inventory: Inventory, vm: string): DiskSummary[] {
  return vmImages(inventory, vm).flatMap((image) => {
    const facts = inventory.images.get(image);
    return facts === undefined ? [] : [{ image, size: facts.size }];
  });
}

const isDisk = (vm: string, image: string) => image === systemImage(vm) || isDataImage(vm, image);
const byBytes = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** All that is known about a VM, or undefined. */
export function findDetails(inventory: Inventory, vm: string): VmDetails | undefined {
  const observed = findVm(inventory, vm);
  if (observed === undefined) return undefined;
  const { baseXml: _base, unfinished: _unfinished, ...rest } = observed;
  return {
    ...rest,
    disks: disksOf(inventory, vm),
    xml: inventory.images.get(systemImage(vm))?.metadata?.["xml"] ?? "",
  };
}

/** The metadata of a VM sorted by key, including vm-mgr's own (`_…`); undefined if there is no such VM. */
export function findMetadata(inventory: Inventory, vm: string): Map<string, string> | undefined {
  const metadata = inventory.images.get(systemImage(vm))?.metadata;
  return metadata === undefined ? undefined : new Map(Object.entries(metadata).sort(([a], [b]) => byBytes(a, b)));
}

/** A machine of the cluster. */
export interface NodeSummary {
  name: string;
  /** The observer votes and never runs a VM. */
  role: "hypervisor" | "observer";
  online: boolean;
  standby: boolean;
  maintenance: boolean;
  /** Pacemaker does not know its state and has yet to fence it. */
  unclean: boolean;
  /** The VMs that run there. */
  vms: string[];
  /** Logical processors; absent if the node did not answer. */
  vcpus?: number;
  /** Absent if the node did not answer. */
  memoryBytes?: number;
}

/** Whether a number of machines gives one side of any split more votes than the other. */
export const isOdd = (machines: number): boolean => machines % 2 === 1;

/** A cluster summary. */
export interface ClusterSummary {
  nodes: NodeSummary[];
  /** The number of voting machines: the hypervisors and the observer, if any. Guest nodes do not vote. */
  machines: number;
  /** Whether that number is odd, SEAPATH's first rule: with an even one, both halves can have equal votes. */
  oddMachines: boolean;
  /** The node that never runs a VM, if there is one. */
  observer?: string;
  /** VMs that Pacemaker treats as nodes: node name and online state. */
  guestNodes: { name: string; online: boolean }[];
  quorum: boolean;
  /** The whole cluster is in maintenance: Pacemaker does nothing. */
  maintenance: boolean;
  /** The designated coordinator; absent while there is none. */
  dc?: string;
  /**
   * The user that the nodes accept from each other for live migration: `migrationUser`'s default. Absent if no user is
   * known to work on all nodes.
   */
  migrationUser?: string;
  storage: Capacity["ceph"];
  versions: Capacity["versions"];
}

/** Summarizes a cluster, querying each online node. */
export async function summarizeCluster(runner: Runner, inventory: Inventory): Promise<ClusterSummary> {
  const { cib, status, observer } = inventory;
  const seen = new Map(status.nodes.map((node) => [node.name, node]));
  const online = cib.nodes.filter((node) => seen.get(node)?.online);
  const capacity = await readCapacity(runner, online, DEFAULTS.migrationUser);
  const offers = new Map(capacity.nodes.map((node) => [node.node, node]));
  const vms = listVms(inventory);
  const nodes = cib.nodes.map((name): NodeSummary => {
    const node = seen.get(name);
    const offer = offers.get(name);
    return {
      name,
      role: name === observer ? "observer" : "hypervisor",
      online: node?.online ?? false,
      standby: node?.standby ?? cib.standby.has(name),
      maintenance: node?.maintenance ?? false,
      unclean: node?.unclean ?? false,
      vms: vms.filter((vm) => vm.node === name).map((vm) => vm.name),
      ...(offer !== undefined && "vcpus" in offer ? { vcpus: offer.vcpus, memoryBytes: offer.memoryBytes } : {}),
    };
  });
  return {
    nodes,
    machines: nodes.length,
    oddMachines: isOdd(nodes.length),
    ...(observer === undefined ? {} : { observer }),
    guestNodes: status.nodes.filter((node) => node.type === "remote").map(({ name, online }) => ({ name, online })),
    quorum: status.withQuorum,
    maintenance: status.maintenance,
    ...(status.dc === undefined ? {} : { dc: status.dc }),
    ...(capacity.between.user === undefined ? {} : { migrationUser: capacity.between.user }),
    storage: capacity.ceph,
    versions: capacity.versions,
  };
}
