/** Snapshots outside of a Pulumi program: vm-mgr's create_snapshot, remove_snapshot, list_snapshots, purge and rollback. */
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

/** A snapshot, for people and programs. */
export interface SnapshotSummary {
  name: string;
  /** e.g. `2026-03-01T12:00:00Z` */
  created: string;
  disks: { name: string; size: number }[];
  /** Disks of the VM that it does not have. */
  lacking: string[];
  protected: boolean;
  /** Nothing was written meanwhile; not known of those that other programs made. */
  quiesced?: boolean;
  /** The same in words. */
  consistency?: string;
  /** The project and stack whose it is. */
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

/** How a snapshot is to be made. */
export interface SnapshotOptions {
  /** @default "auto" */
  quiesce?: Quiesce;
  /** @default false */
  protect?: boolean;
  /** Seconds that the guest may be frozen. @default 10 */
  freezeTimeout?: number;
}

/** The snapshots of a VM, the oldest first. @throws NotFound where there is no such VM */
export async function listSnapshots(at: At, vm: string): Promise<SnapshotSummary[]> {
  const inventory = await look(at);
  if (vmDisks(inventory, vm).length === 0) {
    throw new NoSuchVm("list the snapshots of", vm, inventory.node);
  }
  return list(inventory, vm).map(summary);
}

/** Makes a snapshot of all disks; it belongs to no program. @throws Refused where one of the name is there */
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

/** Removes a snapshot from all disks. @throws NotFound where no disk has it */
export async function removeSnapshot(at: At, vm: string, name: string): Promise<void> {
  const inventory = await look(at);
  if (findSnapshot(inventory, vm, name) === undefined) {
    throw new NotFound(
      `Unable to remove snapshot "${name}" on ${inventory.node}: it does not exist on any disk of VM "${vm}"`,
    );
  }
  await drop(contextOf(at), vm, name);
}

/** Which snapshots a purge takes: all, or some. */
export interface PurgeOptions {
  /** The oldest so many. */
  number?: number;
  /** Those taken before it. */
  before?: Date;
  /** Those as well that other programs made. @default false */
  includeOthers?: boolean;
  /** Those as well that backup_restore made. @default false */
  includeBackups?: boolean;
}

/**
 * Removes snapshots: all, or the oldest `number`, or those taken before `before`. Those that are protected or belong to a
 * program stay, and those of other programs unless they are asked for.
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

/** Brings a VM back to a snapshot, all disks or none; it runs afterwards if it ran. @returns the disks */
export async function rollback(at: At, vm: string, name: string): Promise<string[]> {
  return (await rollbackVm(contextOf(at), { vm, snapshot: name })).disks;
}
