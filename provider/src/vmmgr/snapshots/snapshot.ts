/** Creates a snapshot of all disks of a VM, changes it in place and removes it. */
import { changeSnapshot, dropSnapshot, makeSnapshot, NotFound, ProgramError, type Inventory } from "../../cluster";
import { SeapathError } from "../../errors";
import { words } from "../../words";
import type { Context } from "../core/context";
import { Refused, type Refusal } from "../core/errors";
import { noSuchVm } from "../form/names";
import { findVm } from "../form/observe";
import { isOwned } from "../form/ownership";
import { runSteps } from "../core/steps";
import { CHANNEL } from "./agent";
import { findSnapshot } from "./observe";
import type { SnapshotSpec, VmSnapshot } from "./model";

/** A snapshot could not be made, changed or removed; nothing has changed. */
export class SnapshotFailed extends SeapathError {
  constructor(what: string, reason: string, hint: string | undefined, cause: unknown) {
    super("snapshot-failed", `${what}: ${reason}`, { cause, ...(hint === undefined ? {} : { hint }) });
  }
}

const HINTS: Record<string, () => string> = {
  quiesce: () =>
    `Let the qemu-guest-agent run in the guest, and give the VM its channel (${CHANNEL}), or ask for ${words().given("quiesce", "auto")}.`,
  children: () => "Flatten those images (`rbd flatten`), or remove them first.",
  exists: () => `Choose another name, or ${words().takeOver("snapshot")}.`,
  NoSnapshot: () => `Somebody removed it meanwhile, as a full backup of backup_restore does. ${words().gone}`,
  locked: () => "Wait until that one has ended, and run it again.",
};

/** A node program's refusal in terms of the request; any other error unchanged. */
function told(what: string, error: unknown): unknown {
  if (!(error instanceof ProgramError)) return error;
  return new SnapshotFailed(what, error.words, HINTS[error.kind]?.(), error);
}

/** Reasons to reject a new snapshot on this cluster; its VM may not exist yet. */
export function snapshotRefusals(inventory: Inventory, spec: Partial<SnapshotSpec>): Refusal[] {
  const { vm, name } = spec;
  if (vm === undefined || name === undefined) return [];
  const found = findSnapshot(inventory, vm, name);
  if (found === undefined || spec.adopt === true || isOurs(found, spec)) return [];
  const whose = found.mark?.owner ? `it belongs to ${found.mark.owner}` : "it belongs to no program";
  const disks = found.disks.map((disk) => disk.image).join(", ");
  const reason = `snapshot "${name}" of VM "${vm}" already exists on image ${disks}: ${whose}. Choose another name, or ${words().takeOver("snapshot")}`;
  return [{ property: "name", reason }];
}

const isOurs = ({ mark }: VmSnapshot, spec: Partial<SnapshotSpec>) =>
  mark !== undefined && isOwned(mark.owner, spec) && (mark.owner !== "" || mark.making === true);

/** Where the guest runs, if exactly one node runs it. */
function guestOf(inventory: Inventory, spec: SnapshotSpec) {
  const [node, another] = inventory.status.resources.get(spec.vm)?.nodes ?? [];
  if (node === undefined || another !== undefined || spec.quiesce === "none") return {};
  return { guest: { node, user: findVm(inventory, spec.vm)?.migrationUser ?? "root", seconds: spec.freezeTimeout } };
}

/**
 * Creates a snapshot on every disk of the VM's group, or on none, and returns it as observed. One of ours that a run
 * lost track of is accepted as it is; an interrupted one is recreated.
 * @throws Refused if there is no such VM, or the name belongs to a snapshot that is not ours; SnapshotFailed if it
 * could not be made, and nothing of it is left; ChangeFailed if the link broke and its outcome could not be determined
 */
export async function createSnapshot(context: Context, spec: SnapshotSpec): Promise<VmSnapshot> {
  const { cluster } = context;
  const { vm, name, owner, protect, quiesce } = spec;
  const inventory = await cluster.inventory();
  const what = `Unable to create snapshot "${name}" of VM "${vm}" on ${inventory.node}`;
  const refusals = [...vmRefusals(inventory, vm), ...snapshotRefusals(inventory, spec)];
  if (refusals.length > 0) throw new Refused(`create snapshot "${name}" of`, vm, inventory.node, refusals);
  const found = findSnapshot(inventory, vm, name);
  if (found !== undefined && found.mark?.making !== true) return updateSnapshot(context, spec);
  try {
    await runSteps(what, [
      {
        name: "taking it of every disk",
        act: () => makeSnapshot(cluster.runner, { vm, name, owner, protect, quiesce, ...guestOf(inventory, spec) }),
        // If the program itself reports the failure, it has already undone its work.
        undo: (cause) =>
          cause instanceof ProgramError ? Promise.resolve() : dropSnapshot(cluster.runner, { vm, name, owner }),
      },
    ]);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    throw cause instanceof ProgramError ? told(what, cause) : error;
  }
  return observed(context, vm, name, what);
}

/** Why the VM cannot have snapshots. */
export function vmRefusals(inventory: Inventory, vm: string): Refusal[] {
  const found = findVm(inventory, vm);
  if (found === undefined) return [{ property: "vm", reason: noSuchVm(vm) }];
  if (found.unfinished !== undefined)
    return [{ property: "vm", reason: `VM "${vm}" is not finished: the create of it is under way, or was cut off` }];
  return [];
}

async function observed({ cluster }: Context, vm: string, name: string, what: string): Promise<VmSnapshot> {
  const found = findSnapshot(await cluster.inventory(), vm, name);
  if (found !== undefined) return found;
  throw new NotFound(`${what}: it is not there any more`, `Somebody removed it meanwhile. ${words().gone}`);
}

/** Sets a snapshot's protection and owner. @throws NotFound, SnapshotFailed */
export async function updateSnapshot(context: Context, spec: SnapshotSpec): Promise<VmSnapshot> {
  const { cluster } = context;
  const { vm, name, owner, protect } = spec;
  const { node } = await cluster.inventory();
  const what = `Unable to change snapshot "${name}" of VM "${vm}" on ${node}`;
  try {
    await changeSnapshot(cluster.runner, { vm, name, owner, protect });
  } catch (error) {
    throw told(what, error);
  }
  return observed(context, vm, name, what);
}

/**
 * Removes a snapshot from every disk, protected or not. Succeeds if it is already gone.
 * @returns the disks that had it
 * @throws SnapshotFailed if it has linked clones, which are named; it is then untouched
 */
export async function removeSnapshot({ cluster }: Context, vm: string, name: string): Promise<string[]> {
  try {
    return await dropSnapshot(cluster.runner, { vm, name });
  } catch (error) {
    throw told(`Unable to delete snapshot "${name}" of VM "${vm}" on ${cluster.runner.node ?? "the cluster"}`, error);
  }
}
