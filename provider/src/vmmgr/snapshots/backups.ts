/**
 * Snapshots that backups leave on a VM's disks. SEAPATH's own backup_restore names each of its snapshots after the
 * minute it was taken. A full backup removes all unprotected snapshots of a disk and takes such a snapshot; an
 * incremental one counts from the newest snapshot of a disk, whatever program made it, and takes the next.
 */
import type { Inventory } from "../../cluster";
import { systemImage } from "../form/names";
import { findSnapshot, listSnapshots, readMark, vmDisks } from "./observe";
import { moment, type VmSnapshot } from "./model";

/** Whether a snapshot has a backup_restore name, e.g. `202611270230`. */
export function isBackupName(name: string): boolean {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(name) ?? [];
  const [year, month, day, hour, minute] = parts.map(Number);
  if (year === undefined || month === undefined || day === undefined || hour === undefined || minute === undefined)
    return false;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute));
  // A 13th month, or a 31st of February, would give a different date.
  return (
    year >= 2000 &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute
  );
}

/** Whether this project made it, and its mark refers to it: a later snapshot of the same name does not count. */
export function isMadeHere({ mark, disks }: VmSnapshot): boolean {
  if (mark === undefined) return false;
  const { making, disks: made } = mark;
  return making === true || made === undefined || disks.some(({ image, created }) => made[image] === created);
}

/** The backup snapshots of a VM, oldest first. */
const backupsOf = (inventory: Inventory, vm: string): VmSnapshot[] =>
  listSnapshots(inventory, vm).filter(({ name }) => isBackupName(name));

/**
 * A notice that a program's snapshot is gone from all or some disks, with the likely reason; undefined while it is
 * complete, or if its VM is gone as well.
 */
export function lossNotice(inventory: Inventory, vm: string, name: string): string | undefined {
  if (vmDisks(inventory, vm).length === 0) return undefined;
  const found = findSnapshot(inventory, vm, name);
  if (found !== undefined && (found.lost.length === 0 || found.mark?.making === true)) return undefined;
  // A purge leaves its mark, and with it the time it was taken.
  const times = Object.values(readMark(inventory.images.get(systemImage(vm))?.metadata ?? {}, name)?.disks ?? {});
  const taken = times.length === 0 ? Infinity : Math.min(...times);
  const [since] = backupsOf(inventory, vm).filter((backup) => backup.created >= taken);
  const where =
    found === undefined ? "is gone from all disks" : `is gone from ${found.lost.join(", ")}, or was made anew there`;
  const why =
    since === undefined
      ? "Somebody removed it: a full backup of backup_restore (`rbd snap purge`) and vm-mgr's purge do that with all that are not protected"
      : `A full backup of backup_restore is the likely cause: it removes all snapshots that are not protected, and the VM has ${since.name} of such a backup (${moment(since.created)}), which is younger`;
  return `snapshot "${name}" of VM "${vm}" ${where}. ${why}`;
}

/** The effect of a new snapshot on the incremental backups of its VM, or undefined if there are none. */
export function chainNotice(inventory: Inventory, vm: string, name: string): string | undefined {
  const latest = backupsOf(inventory, vm).at(-1);
  if (latest === undefined || findSnapshot(inventory, vm, name) !== undefined) return undefined;
  return (
    `snapshot "${name}" of VM "${vm}" comes after ${latest.name} of backup_restore, whose next incremental backup counts from the newest snapshot of a disk, ` +
    "whoever made it: with this one in between it cannot be restored. Remove the snapshot before that, or make a full backup next (it removes those that are not protected)"
  );
}
