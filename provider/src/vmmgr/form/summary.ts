/** What can be said of VMs and of the cluster in short: for lists, functions and programs that only look. */
import { readCapacity, type Capacity, type Inventory, type Runner } from "../../cluster";
import { BrokenVm } from "./broken";
import { DEFAULTS, type ObservedVm, type VmStatus } from "./model";
import { isDataImage, systemImage } from "./names";
import { findVm, ownerOfVm, vmImages, vmStatus } from "./observe";

/** A VM in a line. */
export interface VmSummary {
  name: string;
  /** In vm-mgr's words. */
  status: VmStatus;
  /** Where it runs; absent while it runs nowhere. */
  node?: string;
  /** Pacemaker has it. */
  enabled: boolean;
}

/** A disk of a VM. */
export interface DiskSummary {
  /** Its RBD image: `system_web01`, `data_web01_0`. */
  image: string;
  /** Bytes. */
  size: number;
}

/** A VM in a list that says more of each. */
export interface ListedVm extends VmSummary {
  /** The project and the stack that made it, or took it over. */
  owner?: string;
  /** Where alone it may run. */
  pinnedHost?: string;
  /** Where it runs when that is possible. */
  preferredHost?: string;
  /** Virtual CPUs of its domain. */
  vcpus?: number;
  /** Memory of its domain in MiB. */
  memory?: number;
  /** Its disks, the system disk first. */
  disks: DiskSummary[];
  /** Why what is stored of it cannot be read; what would come from there is left out then. */
  broken?: string;
}

/** A VM as it is. */
export interface VmDetails extends Omit<ObservedVm, "baseXml" | "unfinished"> {
  /** Its disks, the system disk first. */
  disks: DiskSummary[];
  /** The libvirt domain with everything in it, as the resource agent starts it. */
  xml: string;
}

/** The state of one VM; `Undefined` where there is none. */
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

/** The VMs of a cluster by name: its RBD groups, as vm-mgr has it, but for those of other programs, which hold no disk of a VM. */
export function listVms(inventory: Inventory): VmSummary[] {
  const names = [...inventory.groups].filter(
    ([group, images]) => images.length === 0 || images.some((image) => isDisk(group, image)),
  );
  return names
    .map(([group]) => group)
    .sort(byBytes)
    .map((vm) => summaryOf(inventory, vm));
}

/** The same with what each is and has. One that cannot be read says so, and the others are listed. */
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

/** All that is known of a VM, or undefined. */
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

/** The metadata of a VM in the order of their keys, vm-mgr's own (`_…`) among them; undefined: no such VM. */
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
  /** Pacemaker does not know what it does, and has yet to fence it. */
  unclean: boolean;
  /** The VMs that run there. */
  vms: string[];
  /** Logical processors; absent when the node did not answer. */
  vcpus?: number;
  /** Absent when the node did not answer. */
  memoryBytes?: number;
}

/** Whether a number of machines leaves one half with more votes than the other, however the cluster is parted. */
export const isOdd = (machines: number): boolean => machines % 2 === 1;

/** A cluster in short. */
export interface ClusterSummary {
  nodes: NodeSummary[];
  /** How many machines vote: the hypervisors and, where there is one, the observer. Guest nodes do not. */
  machines: number;
  /** Whether that is an odd number, SEAPATH's first rule: of an even one each half has as many votes as the other. */
  oddMachines: boolean;
  /** The node that never runs a VM, where there is one. */
  observer?: string;
  /** VMs that Pacemaker treats as nodes, by the name of the node, whether each is online. */
  guestNodes: { name: string; online: boolean }[];
  quorum: boolean;
  /** The whole cluster is in maintenance: Pacemaker does nothing. */
  maintenance: boolean;
  /** The node that decides; absent while there is none. */
  dc?: string;
  /** Whom the nodes let each other in as, so that live migration can work: `migrationUser`'s default. Absent where none is known that all do. */
  migrationUser?: string;
  storage: Capacity["ceph"];
  versions: Capacity["versions"];
}

/** What a cluster is and has, asked of each node that is online. */
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
