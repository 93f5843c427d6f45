/** Reads of a cluster. None of them changes anything. */
import { adoptingInputs } from "../resources";
import { currentCluster } from "../session";
import {
  findDetails,
  findMetadata,
  listVms as list,
  listVmsInDetail as listInDetail,
  NoSuchVm,
  NotFound,
  summarizeCluster,
  summaryOf,
  type ClusterSummary,
  type Inventory,
  type ListedVm,
  type VmDetails,
  type VmSummary,
} from "../vmmgr";
import { look, type At } from "./at";

const noSuchVm = (verb: string, vm: string, inventory: Inventory) => new NoSuchVm(verb, vm, inventory.node);

/** The state of a VM in vm-mgr's words; `Undefined` if there is none. */
export async function getStatus(at: At, vm: string): Promise<VmSummary> {
  return summaryOf(await look(at), vm);
}

/** The VMs of the cluster by name. */
export async function listVms(at: At): Promise<VmSummary[]> {
  return list(await look(at));
}

/** The same, with their nodes, sizes and owners. */
export async function listVmsInDetail(at: At): Promise<ListedVm[]> {
  return listInDetail(await look(at));
}

/** Everything known about a VM. @throws NotFound */
export async function getVm(at: At, vm: string): Promise<VmDetails> {
  const inventory = await look(at);
  const found = findDetails(inventory, vm);
  if (found === undefined) throw noSuchVm("read", vm, inventory);
  return found;
}

/**
 * The keys of a VM's metadata as vm-mgr shows them: without its internal ones, which start with an underscore. @throws
 * NotFound
 */
export async function listMetadata(at: At, vm: string): Promise<string[]> {
  const inventory = await look(at);
  const found = findMetadata(inventory, vm);
  if (found === undefined) throw noSuchVm("list the metadata of", vm, inventory);
  return [...found.keys()].filter((key) => !key.startsWith("_"));
}

/** One value of a VM's metadata. @throws NotFound */
export async function getMetadata(at: At, vm: string, key: string): Promise<string> {
  const inventory = await look(at);
  const found = findMetadata(inventory, vm);
  if (found === undefined) throw noSuchVm("read the metadata of", vm, inventory);
  const value = found.get(key);
  if (value !== undefined) return value;
  const keys = [...found.keys()].filter((each) => !each.startsWith("_"));
  throw new NotFound(
    `Unable to read the metadata "${key}" of VM "${vm}" on ${inventory.node}: it does not exist`,
    `The VM has ${keys.join(", ")}.`,
  );
}

/** The cluster itself: nodes, quorum, capacity, versions. */
export async function getCluster(at: At): Promise<ClusterSummary> {
  return summarizeCluster(currentCluster(at.cluster).runner, await look(at));
}

/**
 * The inputs that adopt VMs as they are.
 * @returns the inputs by name, undefined if the cluster has no such VM
 */
export async function describeVms(
  at: At,
  names: readonly string[],
): Promise<Map<string, Record<string, unknown> | undefined>> {
  const inventory = await look(at);
  return new Map(names.map((name) => [name, adoptingInputs(inventory, name)]));
}
