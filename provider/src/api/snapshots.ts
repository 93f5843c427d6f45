/**
 * Snapshots outside of Pulumi programs: vm-mgr's create_snapshot, remove_snapshot, list_snapshots, purge and rollback.
 */
import {
  chainNotice,
  createSnapshot as make,
  findSnapshot,
  listSnapshots as list,
  moment,
  nameProblem,
  NoSuchVm,
  NotFound,
  purgeSnapshots,
  Refused,
  removeSnapshot as drop,
  rollbackVm,
  vmDisks,
  type PurgeResult,
  type Quiesce,
  type VmSnapshot,
} from "../vmmgr";
import { contextOf, look, type At } from "./at";

/** A snapshot, for users and programs. */
export interface SnapshotSummary {
  name: string;
  /** e.g. `2026-03-01T12:00:00Z` */
  created: string;
  disks: { name: string; size: number }[];
  /** Disks of the VM without this snapshot. */
  lacking: string[];
  protected: boolean;
  /** Nothing was written meanwhile; unknown for snapshots made by other programs. */
  quiesced?: boolean;
  /** The same in words. */
  consistency?: string;
  /** The project and stack that own it. */
  owner?: string;
}

function summary({ name, created, disks, lacking, lost, mark, protected: isProtected }: VmSnapshot): SnapshotSummary {
  return {
    name,
    created: moment(created),
    disks: disks.map((disk) => ({ name: disk.image, size: disk.size })),
    lacking: [...lacking, ...lost],
    protected: isProtected,
    ...(mark?.quiesced === undefined ? {} : { quiesced: mark.quiesced }),
    ...(mark?.consistency === undefined ? {} : { consistency: mark.consistency }),
    ...(mark?.owner ? { owner: mark.owner } : {}),
  };
}

/** Options for making a snapshot. */
export interface SnapshotOptions {
  /** @default "auto" */
  quiesce?: Quiesce;
  /** @default false */
  protect?: boolean;
  /** Seconds that the guest may be frozen. @default 10 */
  freezeTimeout?: number;
}

/** The snapshots of a VM, oldest first. @throws NotFound if there is no such VM */
export async function listSnapshots(at: At, vm: string): Promise<SnapshotSummary[]> {
  const inventory = await look(at);
  if (vmDisks(inventory, vm).length === 0) {
    throw new NoSuchVm("list the snapshots of", vm, inventory.node);
  }
  return list(inventory, vm).map(summary);
}

/** Makes a snapshot of all disks, which belongs to no program. @throws Refused if the name is taken */
export async function createSnapshot(
  at: At,
  vm: string,
  name: string,
  options: SnapshotOptions = {},
): Promise<SnapshotSummary> {
  const problem = nameProblem(name);
  if (problem !== undefined)
    throw new Refused("create a snapshot of", vm, (await look(at)).node, [{ property: "name", reason: problem }]);
  const { quiesce = "auto", protect = false, freezeTimeout = 10 } = options;
  const notice = at.report === undefined ? undefined : chainNotice(await look(at), vm, name);
  if (notice !== undefined) at.report?.(notice);
  return summary(await make(contextOf(at), { vm, name, owner: "", quiesce, protect, freezeTimeout }));
}

/** Removes a snapshot from all disks. @throws NotFound if no disk has it */
export async function removeSnapshot(at: At, vm: string, name: string): Promise<void> {
  const inventory = await look(at);
  if (findSnapshot(inventory, vm, name) === undefined) {
    throw new NotFound(
      `Unable to remove snapshot "${name}" on ${inventory.node}: it does not exist on any disk of VM "${vm}"`,
    );
  }
  await drop(contextOf(at), vm, name);
}

/** Which snapshots to purge: all or some. */
export interface PurgeOptions {
  /** This many of the oldest. */
  number?: number;
  /** Those taken before this time. */
  before?: Date;
  /** Include those made by other programs. @default false */
  includeOthers?: boolean;
  /** Include those made by backup_restore. @default false */
  includeBackups?: boolean;
}

/**
 * Removes snapshots: all, or the oldest `number`, or those taken before `before`. Snapshots that are protected or
 * belong to a program stay, and so do those made by other programs unless included.
 */
export async function purge(
  at: At,
  vm: string,
  { number, before, ...include }: PurgeOptions = {},
): Promise<PurgeResult> {
  if (number !== undefined) return purgeSnapshots(contextOf(at), vm, { ...include, oldest: number });
  return purgeSnapshots(contextOf(at), vm, {
    ...include,
    ...(before === undefined ? { purgeAll: true } : { before: before.getTime() / 1000 }),
  });
}

/** Rolls a VM back to a snapshot, all disks or none; restarts it afterwards if it was running. @returns the disks */
export async function rollback(at: At, vm: string, name: string): Promise<string[]> {
  return (await rollbackVm(contextOf(at), { vm, snapshot: name })).disks;
}
