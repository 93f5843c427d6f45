/** A VM as it is on the cluster, assembled from Ceph's and Pacemaker's data. */
import { canonicalXml, type ClusterStatus, type Inventory, type XmlElement } from "../../cluster";
import { readOf, refuseUnreadable, Senseless, storedDomain } from "./broken";
import { baseDomain, domainUuid, readDomain } from "./domain";
import { GROWING_KEY, OWNER_KEY, readMetadata, readNumber } from "./metadata";
import type { Domain, ObservedVm, VmStatus } from "./model";
import { dataNumber, isDataImage, systemImage } from "./names";
import { isOwned, type Owned } from "./ownership";
import { readPlacement } from "./placement";
import { readPrimitive } from "./primitive";
import { revisionOf, runningRevision } from "./revision";

/** The state of a VM by vm-mgr's names. */
export function vmStatus(inventory: Inventory, vm: string): VmStatus {
  if (!inventory.images.has(systemImage(vm)) && !inventory.groups.has(vm)) return "Undefined";
  if (!inventory.cib.primitives.has(vm)) return "Disabled";
  return resourceStatus(inventory.status, vm);
}

/** The state of a primitive by vm-mgr's names. */
export function resourceStatus(status: ClusterStatus, vm: string): VmStatus {
  const resource = status.resources.get(vm);
  if (resource === undefined) return "Stopped";
  if (resource.failed) return "FAILED";
  const stopping = resource.targetRole === "Stopped";
  switch (resource.role) {
    case "Started":
      return stopping || resource.pending === "Stopping" ? "Stopping" : "Started";
    case "Stopped":
      if (stopping) return "Stopped (disabled)";
      return resource.pending === "Starting" ? "Starting" : "Stopped";
    case "Starting":
    case "Stopping":
    case "Migrating":
      return resource.role;
    default:
      return "Stopped";
  }
}

/**
 * Whether an existing VM may be changed to match the spec: the user adopts it, or an earlier run of ours lost track of
 * it.
 */
export function isTakenOver(found: ObservedVm, spec: { adopt?: boolean } & Owned): boolean {
  return spec.adopt === true || isOwned(found.owner, spec);
}

/** The images of a VM, the system disk first, then its data disks by number. */
export function vmImages(inventory: Inventory, vm: string): string[] {
  const data = [...inventory.images.keys()].filter((image) => isDataImage(vm, image));
  return [systemImage(vm), ...data.sort((a, b) => dataNumber(a) - dataNumber(b))];
}

/** The uuid of every VM of the cluster, from its stored XML; unreadable XML has none. */
export function vmUuids(inventory: Inventory): Map<string, string> {
  const uuids = new Map<string, string>();
  for (const image of inventory.images.values()) {
    const vm = image.metadata?.["vm_name"];
    const uuid = /<uuid>\s*([0-9a-fA-F-]{36})\s*<\/uuid>/.exec(image.metadata?.["xml"] ?? "")?.[1];
    if (vm !== undefined && uuid !== undefined) uuids.set(uuid.toLowerCase(), vm);
  }
  return uuids;
}

/**
 * The VM as it is, or undefined if there is none: no system image, whatever else exists under its name.
 * @throws BrokenVm if its stored data makes no sense
 */
export function findVm(inventory: Inventory, vm: string): ObservedVm | undefined {
  const image = inventory.images.get(systemImage(vm));
  refuseUnreadable(inventory, vm);
  return image?.metadata === undefined
    ? undefined
    : readOf(inventory, vm, () => observeVm(inventory, vm, image.size, image.metadata ?? {}));
}

function observeVm(inventory: Inventory, vm: string, size: number, metadata: Record<string, string>): ObservedVm {
  const asked = readMetadata(metadata);
  const primitive = inventory.cib.primitives.get(vm);
  const root = storedDomain(inventory, vm)?.root;
  const resource = inventory.status.resources.get(vm);
  const { pinnedHost, preferredHost, ...rest } = asked;
  const base = root === undefined ? undefined : baseDomain(root, vm);
  const baseXml = base === undefined ? "" : canonicalXml(base);
  const runs = (resource?.nodes.length ?? 0) > 0;
  const running = runningRevision(inventory, vm, metadata);
  return {
    ...rest,
    name: vm,
    uuid: (root === undefined ? undefined : domainUuid(root)) ?? "",
    status: vmStatus(inventory, vm),
    ...(resource?.nodes.length === 1 && resource.nodes[0] ? { node: resource.nodes[0] } : {}),
    // A guest that has not learned of its larger disk has the old size until it does or restarts.
    systemSize: (runs ? readNumber(metadata, GROWING_KEY) : undefined) ?? size,
    restartRequired: runs && running !== undefined && running !== revisionOf(baseXml, asked.diskBus),
    baseXml,
    domain: base === undefined ? readDomain({ name: "domain", attrs: {}, children: [] }) : readSensible(base),
    enabled: primitive !== undefined,
    // Pacemaker acts on the CIB; the metadata only count while the VM is not in it.
    ...(primitive === undefined
      ? { ...(pinnedHost ? { pinnedHost } : {}), ...(preferredHost ? { preferredHost } : {}) }
      : { ...readPrimitive(primitive, asked.pacemaker), ...readPlacement(inventory.cib, vm) }),
  };
}

/** A stored domain as typed settings. @throws Senseless if no guest can have it */
function readSensible(base: XmlElement): Domain {
  const domain = readDomain(base);
  if (!(domain.memory > 0 && domain.memory < Infinity)) throw new Senseless("xml", "holds a domain without memory");
  if (!Number.isSafeInteger(domain.vcpus) || domain.vcpus < 1)
    throw new Senseless("xml", "holds a domain without processors");
  return domain;
}

/** The program that created or adopted a VM; undefined if none of ours did. */
export const ownerOfVm = (inventory: Inventory, vm: string): string | undefined =>
  inventory.images.get(systemImage(vm))?.metadata?.[OWNER_KEY] || undefined;
