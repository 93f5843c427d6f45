/** The snapshots of a VM, assembled from those of its disks. */
import { z } from "zod";
import type { Inventory } from "../../cluster";
import { systemImage } from "../form/names";
import { SAFETY, SNAPSHOT_KEY, type DiskSnapshot, type SnapshotMark, type VmSnapshot } from "./model";

const markSchema = z.object({
  owner: z.string(),
  making: z.boolean().optional(),
  quiesced: z.boolean().optional(),
  consistency: z.string().optional(),
  disks: z.record(z.string(), z.number()).optional(),
});

/** The disks of a VM: the content of its RBD group, the system disk first. */
export function vmDisks(inventory: Inventory, vm: string): string[] {
  const first = systemImage(vm);
  const others = (inventory.groups.get(vm) ?? []).filter((image) => image !== first && inventory.images.has(image));
  const order = (a: string, b: string) => a.length - b.length || (a < b ? -1 : 1);
  return [...(inventory.images.has(first) ? [first] : []), ...others.sort(order)];
}

/** The record of a snapshot; text that is not ours is ignored. */
export function readMark(metadata: Record<string, string>, name: string): SnapshotMark | undefined {
  const text = metadata[SNAPSHOT_KEY + name];
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const read = markSchema.safeParse(parsed);
  return read.success ? read.data : undefined;
}

/** A snapshot of a VM, or undefined if no disk has it. */
export function findSnapshot(inventory: Inventory, vm: string, name: string): VmSnapshot | undefined {
  const images = vmDisks(inventory, vm);
  const disks = images.flatMap((image): DiskSnapshot[] => {
    const found = inventory.images.get(image)?.snapshots?.find((each) => each.name === name);
    return found === undefined ? [] : [{ image, size: found.size, created: found.created, protected: found.protected }];
  });
  if (disks.length === 0) return undefined;
  const mark = readMark(inventory.images.get(systemImage(vm))?.metadata ?? {}, name);
  const made = new Map(Object.entries(mark?.disks ?? {}));
  const times = new Map(disks.map((disk) => [disk.image, disk.created]));
  return {
    vm,
    name,
    created: Math.min(...disks.map((disk) => disk.created)),
    disks,
    lacking: images.filter((image) => !times.has(image) && !made.has(image)),
    lost: images.filter((image) => made.has(image) && made.get(image) !== times.get(image)),
    protected: disks.every((disk) => disk.protected),
    ...(mark === undefined ? {} : { mark }),
  };
}

/**
 * All snapshots of a VM, oldest first: those that a clone got at the same moment stay in their order on the disks, the
 * older one first.
 */
export function listSnapshots(inventory: Inventory, vm: string): VmSnapshot[] {
  const all = vmDisks(inventory, vm).flatMap((image) => inventory.images.get(image)?.snapshots ?? []);
  const names = new Set(all.map((each) => each.name).filter((name) => name !== SAFETY));
  const found = [...names].flatMap((name) => findSnapshot(inventory, vm, name) ?? []);
  return found.sort((a, b) => a.created - b.created);
}
