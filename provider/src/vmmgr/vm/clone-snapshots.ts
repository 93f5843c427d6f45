/** The snapshots of a VM that a clone carries along: which ones, and what is recorded of each. */
import { isImageName, type Inventory } from "../../cluster";
import type { DiskPair } from "./clone-plan";
import type { Refusal } from "../core/errors";
import { parentIn } from "../form/metadata";
import type { CloneSource, Parent } from "../form/model";
import { systemImage } from "../form/names";
import { vmImages } from "../form/observe";
import { SAFETY, SNAPSHOT_KEY } from "../snapshots/model";
import { findSnapshot, readMark } from "../snapshots/observe";

/**
 * The carried snapshots of each disk of the source VM, oldest first. Excluded: a snapshot in the making, those of a
 * rollback in progress, and those taken for clones.
 * @param until the snapshot that the clone is based on: younger ones on any disk stay behind
 */
export function carriedSnapshots(inventory: Inventory, vm: string, until?: Parent): Map<string, string[]> {
  const names = new Map(
    vmImages(inventory, vm).map((image) => [
      image,
      (inventory.images.get(image)?.snapshots ?? []).map(({ name }) => name),
    ]),
  );
  const left = new Set([SAFETY, ...clonesOwn(inventory, vm), ...unfinished(inventory, vm)]);
  if (until !== undefined) {
    for (const all of names.values()) all.slice(all.indexOf(until.snapshot) + 1).forEach((name) => left.add(name));
    if (until.own) left.add(until.snapshot);
  }
  return new Map([...names].map(([image, all]) => [image, all.filter((name) => !left.has(name))]));
}

/** Snapshots that were taken for a clone and are removed with it. */
const clonesOwn = (inventory: Inventory, vm: string): string[] =>
  [...inventory.images.values()].flatMap(({ metadata }) => {
    const parent = parentIn(metadata ?? {});
    return parent?.own && parent.vm === vm ? [parent.snapshot] : [];
  });

const unfinished = (inventory: Inventory, vm: string): string[] => {
  const metadata = inventory.images.get(systemImage(vm))?.metadata ?? {};
  const names = Object.keys(metadata)
    .filter((key) => key.startsWith(SNAPSHOT_KEY))
    .map((key) => key.slice(SNAPSHOT_KEY.length));
  return names.filter((name) => readMark(metadata, name)?.making === true);
};

/**
 * The records of a clone's snapshots: those of the source VM's, with the clone's own disks and times. No program owns
 * them: a `Snapshot` of the source VM has nothing to do with them.
 * @param before the source VM when the snapshots were chosen
 * @param after the clone with its snapshots
 * @param names the carried snapshots
 */
export function carriedMarks(
  before: Inventory,
  after: Inventory,
  from: string,
  to: string,
  pairs: readonly DiskPair[],
  names: Iterable<string>,
): Record<string, string> {
  const metadata = before.images.get(systemImage(from))?.metadata ?? {};
  const marks = [...new Set(names)].flatMap((name) => {
    const mark = readMark(metadata, name);
    const made = findSnapshot(after, to, name);
    if (mark === undefined || made === undefined) return [];
    const lost = findSnapshot(before, from, name)?.lost ?? [];
    // Time 0 marks a disk that had lost its snapshot, so it counts as lost here as well.
    const disks = pairs.flatMap((pair) => {
      const created = lost.includes(pair.from) ? 0 : made.disks.find(({ image }) => image === pair.to)?.created;
      return created === undefined ? [] : [[pair.to, created] as const];
    });
    return [[SNAPSHOT_KEY + name, JSON.stringify({ ...mark, owner: "", disks: Object.fromEntries(disks) })] as const];
  });
  return Object.fromEntries(marks);
}

/** Reasons not to carry the snapshots along. */
export function carriedRefusals(inventory: Inventory, source: CloneSource): Refusal[] {
  if (source.snapshots !== true) return [];
  const refuse = (reason: string) => [{ property: "source.snapshots", reason }];
  if (source.mode === "linked")
    return refuse('a linked clone shares one snapshot of the other VM, and has none of its others; use `mode: "copy"`');
  for (const [image, names] of carriedSnapshots(inventory, source.vm)) {
    const odd = names.find((name) => !isImageName(`${image}@${name}`));
    if (odd !== undefined)
      return refuse(
        `the snapshot ${JSON.stringify(odd)} of ${image} has a name that QEMU cannot be given; rename it with \`rbd snap rename\``,
      );
  }
  return [];
}
