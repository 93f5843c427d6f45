/** A VM cloned from another one: every disk, under its own name, uuid and MACs. */
import { randomBytes } from "node:crypto";
import { type Inventory, type StorageOperation, type XmlElement } from "../../cluster";
import { words } from "../../words";
import { BrokenVm, storedDomain } from "../form/broken";
import { carriedRefusals } from "./clone-snapshots";
import type { Refusal } from "../core/errors";
import type { CloneSource, Parent, VmSpec } from "../form/model";
import { dataImage, dataNumber, noSuchVm, systemImage } from "../form/names";
import { findVm, vmImages } from "../form/observe";

/** A disk of the source VM, and its clone. */
export interface DiskPair {
  from: string;
  to: string;
  size: number;
}

/** The disks of a clone, the system disk first. */
export function clonedDisks(inventory: Inventory, from: string, to: string): DiskPair[] {
  return vmImages(inventory, from).map((image, index) => ({
    from: image,
    to: index === 0 ? systemImage(to) : dataImage(to, dataNumber(image)),
    size: inventory.images.get(image)?.size ?? 0,
  }));
}

/**
 * The stored domain of the source VM, with the clone's disk names: each disk keeps its bus, cache and serial number.
 */
export function renamedDisks(inventory: Inventory, from: string, pairs: readonly DiskPair[]): XmlElement | undefined {
  const stored = storedDomain(inventory, from)?.root;
  const names = new Map(pairs.map((pair) => [`rbd/${pair.from}`, `rbd/${pair.to}`]));
  const renamed = (node: XmlElement): XmlElement => {
    const name = node.name === "source" ? names.get(node.attrs["name"] ?? "") : undefined;
    return {
      ...node,
      attrs: name === undefined ? node.attrs : { ...node.attrs, name },
      children: node.children.map(renamed),
    };
  };
  return stored === undefined ? undefined : renamed(stored);
}

/** Reasons to reject a VM as the source of a clone. */
export function cloneRefusals(inventory: Inventory, spec: { name?: string }, source: CloneSource): Refusal[] {
  const refuse = (reason: string) => [{ property: "source.vm", reason }];
  if (source.vm === spec.name)
    return refuse("a VM cannot be made of itself: source and destination cannot have the same name");
  let found;
  try {
    found = findVm(inventory, source.vm);
  } catch (error) {
    if (error instanceof BrokenVm) return refuse(`VM "${source.vm}" cannot be read: ${error.reason}. ${error.hint}`);
    throw error;
  }
  if (found === undefined) return refuse(noSuchVm(source.vm));
  if (found.unfinished !== undefined) return refuse(`a create of VM "${source.vm}" has not ended`);
  const bytes = clonedDisks(inventory, source.vm, "").reduce((sum, { size }) => sum + size, 0);
  if (source.mode === "copy" && bytes > inventory.freeBytes) {
    return refuse(
      `its disks have ${bytes} bytes, and Ceph has ${inventory.freeBytes} left; ${words().given("source.mode", "linked")} shares them`,
    );
  }
  return carriedRefusals(inventory, source);
}

/** The snapshot that a clone is based on: the named one, or one taken for it. */
export function parentOf(spec: VmSpec, source: CloneSource): Parent {
  const { vm, snapshot } = source;
  if (snapshot !== undefined) return { vm, snapshot, own: false };
  return { vm, snapshot: `clone${spec.name}${randomBytes(4).toString("hex")}`, own: true };
}

/** The operations that remove the snapshot taken for a clone. */
export const releaseParent = (parent: Parent | undefined): StorageOperation[] =>
  parent?.own ? [{ op: "releaseSnapshots", vm: parent.vm, snapshot: parent.snapshot }] : [];
