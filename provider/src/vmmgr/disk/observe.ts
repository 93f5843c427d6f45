/** Data disks as they are on the cluster. */
import {
  Coalesced,
  parseXml,
  ProgramError,
  readDomains,
  type Cluster,
  type GuestAt,
  type Inventory,
  type XmlElement,
} from "../../cluster";
import { ownDisks } from "../form/domain";
import { migrationUserOf } from "../form/metadata";
import { dataImage, dataNumber, isDataImage, systemImage } from "../form/names";
import { readNote, type ObservedDisk } from "./model";
import { storedXml } from "./stored";

/** Where a guest runs in a stable state, or undefined. */
export function guestAt(inventory: Inventory, vm: string): GuestAt | undefined {
  const resource = inventory.status.resources.get(vm);
  const [node] = resource?.nodes ?? [];
  if (resource?.role !== "Started" || resource.nodes.length !== 1 || node === undefined) return undefined;
  const migrationUser = migrationUserOf(inventory.images.get(systemImage(vm))?.metadata ?? {});
  return { domain: vm, node, asked: inventory.node, user: migrationUser };
}

/** Each domain's XML, or the error, which goes to the caller that asked for that domain. */
type Live = Map<string, string | ProgramError | undefined>;
const readers = new WeakMap<Cluster, Coalesced<GuestAt[], Live>>();

/** The domains of running guests, by name; concurrent callers share one program run. */
function liveDomains(cluster: Cluster, guests: GuestAt[]): Promise<Live> {
  const reader =
    readers.get(cluster) ??
    new Coalesced<GuestAt[], Live>(
      async (asked) => {
        const told = await readDomains(cluster.runner, asked);
        return new Map(asked.map(({ domain }, index) => [domain, told[index]]));
      },
      (a, b) => [
        ...a,
        ...b.filter((each) => !a.some((other) => other.domain === each.domain && other.node === each.node)),
      ],
    );
  readers.set(cluster, reader);
  return reader.ask(guests);
}

/** The disks of a running guest, by image; undefined if it is not running there. */
export async function liveDisks(cluster: Cluster, guest: GuestAt): Promise<Map<string, XmlElement> | undefined> {
  const told = (await liveDomains(cluster, [guest])).get(guest.domain);
  if (told instanceof ProgramError) throw told;
  return told === undefined ? undefined : ownDisks(parseXml(told, `virsh dumpxml ${guest.domain}`), guest.domain);
}

/** The disk as it is, without querying the guest; undefined if it or its VM does not exist. */
export function findDisk(inventory: Inventory, vm: string, index: number): ObservedDisk | undefined {
  const image = dataImage(vm, index);
  const facts = inventory.images.get(image);
  const note = readNote(image, facts?.metadata);
  if (facts === undefined || note?.deleted === true || !inventory.images.has(systemImage(vm))) return undefined;
  const root = storedXml(inventory, vm)?.root;
  const stored = root === undefined ? undefined : ownDisks(root, vm).get(image);
  return {
    image,
    vm,
    index,
    bytes: facts.size,
    ...(note === undefined ? {} : { note }),
    inGroup: (inventory.groups.get(vm) ?? []).includes(image),
    ...(stored === undefined ? {} : { stored }),
    running: guestAt(inventory, vm) !== undefined,
  };
}

/** The disk as it is, including its state in the running guest. */
export async function observeDisk(cluster: Cluster, vm: string, index: number): Promise<ObservedDisk | undefined> {
  const inventory = await cluster.recentInventory({ disks: true });
  const found = findDisk(inventory, vm, index);
  const guest = guestAt(inventory, vm);
  if (found === undefined || guest === undefined) return found;
  const disks = await liveDisks(cluster, guest);
  const live = disks?.get(found.image);
  return { ...found, running: disks !== undefined, ...(live === undefined ? {} : { live }) };
}

/** The numbers of a VM's data images, including deleted disks. */
export function takenNumbers(inventory: Inventory, vm: string): number[] {
  return [...inventory.images.keys()]
    .filter((image) => isDataImage(vm, image))
    .map(dataNumber)
    .sort((a, b) => a - b);
}

/** Whether a number only has the image of a deleted disk. */
export const isDeleted = (inventory: Inventory, vm: string, index: number) =>
  readNote(dataImage(vm, index), inventory.images.get(dataImage(vm, index))?.metadata)?.deleted === true;
