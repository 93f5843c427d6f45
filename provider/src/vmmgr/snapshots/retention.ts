/** Decides which snapshots of a VM stay and which go: vm-mgr's purge, with rules. */
import { ProgramError, purgeDisks, type Inventory } from "../../cluster";
import { SeapathError } from "../../errors";
import { words } from "../../words";
import type { Context } from "../core/context";
import { Refused } from "../core/errors";
import { isBackupName, isMadeHere } from "./backups";
import { listSnapshots } from "./observe";
import { moment, type VmSnapshot } from "./model";
import { vmRefusals } from "./snapshot";

/**
 * Selects the snapshots to remove. At least one of the first five is given; snapshots that `keepLast` or `keepWithin`
 * keeps stay.
 */
export interface PurgeRule {
  /** All snapshots. */
  purgeAll?: boolean;
  /** All but this many of the newest. */
  keepLast?: number;
  /** All that are older than this many seconds. */
  keepWithin?: number;
  /** This many of the oldest: vm-mgr's `--number`. */
  oldest?: number;
  /** Those taken before this time: seconds since 1970, UTC; vm-mgr's `--date`. */
  before?: number;
  /** Also those that belong to a `Snapshot` of a program. @default false */
  includeManaged?: boolean;
  /** Also protected ones. @default false */
  includeProtected?: boolean;
  /** Also those that other programs made: vm-mgr, or `rbd snap create`. @default false */
  includeOthers?: boolean;
  /** Also those that backup_restore made and needs for its next incremental backup. @default false */
  includeBackups?: boolean;
}

/** The effect of a rule on the existing snapshots. */
export interface PurgePlan {
  remove: VmSnapshot[];
  keep: { snapshot: VmSnapshot; why: string; held: boolean }[];
}

const BACKUP = "it is one of backup_restore's, whose incremental backups may need it";
const OTHERS = "another program made it";

/** Why no rule may touch a snapshot, unless it includes its kind explicitly. */
const held = (snapshot: VmSnapshot, rule: PurgeRule): string | undefined => {
  if (snapshot.mark?.owner && rule.includeManaged !== true) return `it belongs to ${snapshot.mark.owner}`;
  // A snapshot that is protected on one disk cannot be removed from all.
  if (snapshot.disks.some((disk) => disk.protected) && rule.includeProtected !== true) return "it is protected";
  if (isBackupName(snapshot.name)) return rule.includeBackups === true ? undefined : BACKUP;
  if (!isMadeHere(snapshot) && rule.includeOthers !== true) return OTHERS;
  return undefined;
};

/**
 * Decides what goes and what stays. Snapshots that no rule may touch do not count for any rule.
 * @param snapshots the oldest first
 * @param now seconds since 1970, UTC
 */
export function planPurge(snapshots: readonly VmSnapshot[], rule: PurgeRule, now: number): PurgePlan {
  const plan: PurgePlan = { remove: [], keep: [] };
  const open = snapshots.filter((snapshot) => held(snapshot, rule) === undefined);
  for (const snapshot of snapshots) {
    const closed = held(snapshot, rule);
    const why = closed ?? keptBecause(snapshot, open, rule, now);
    if (why === undefined) plan.remove.push(snapshot);
    else plan.keep.push({ snapshot, why, held: closed !== undefined });
  }
  return plan;
}

function keptBecause(
  snapshot: VmSnapshot,
  open: readonly VmSnapshot[],
  rule: PurgeRule,
  now: number,
): string | undefined {
  if (rule.purgeAll === true) return undefined;
  const index = open.indexOf(snapshot);
  if (rule.oldest !== undefined) return index < rule.oldest ? undefined : `it is not among the oldest ${rule.oldest}`;
  if (rule.before !== undefined)
    return snapshot.created < rule.before ? undefined : `it was not taken before ${moment(rule.before)}`;
  if (rule.keepLast !== undefined && index >= open.length - rule.keepLast)
    return `it is among the newest ${rule.keepLast}`;
  if (rule.keepWithin !== undefined && snapshot.created >= now - rule.keepWithin) return "it is young enough";
  return undefined;
}

/** A plan in words, for a preview. */
export function describePurge(vm: string, plan: PurgePlan): string {
  const one = ({ name, created }: VmSnapshot) => `${name} (${moment(created)})`;
  const goes = plan.remove.length === 0 ? "removes nothing" : `removes ${plan.remove.map(one).join(", ")}`;
  const stays = plan.keep.map(({ snapshot, why }) => `${one(snapshot)}: ${why}`).join("; ");
  return `${vm}: the retention ${goes}; ${stays === "" ? "no other snapshot is there" : `keeps ${stays}`}`;
}

/** Some snapshots could not be removed. Removed ones stay removed; the next run continues. */
export class PurgeFailed extends SeapathError {
  constructor(vm: string, node: string, cause: ProgramError) {
    super("purge-failed", `Unable to purge snapshots of VM "${vm}" on ${node}: ${cause.words}`, {
      cause,
      hint: `What has been removed is gone; ${words().goesOn}.`,
    });
  }
}

/** The result of a purge. */
export interface PurgeResult {
  removed: string[];
  kept: string[];
  /** Those of `kept` that the rule may not touch: the reasons by name. */
  held: Record<string, string>;
}

/**
 * Removes the snapshots of a VM that a rule drops, each from all disks.
 * @throws Refused if there is no such VM; PurgeFailed
 */
export async function purgeSnapshots({ cluster, report }: Context, vm: string, rule: PurgeRule): Promise<PurgeResult> {
  const inventory = await cluster.inventory();
  const refusals = vmRefusals(inventory, vm);
  if (refusals.length > 0) throw new Refused("purge snapshots of", vm, inventory.node, refusals);
  const plan = planOf(inventory, vm, rule);
  const kept = plan.keep.map(({ snapshot }) => snapshot.name);
  const stays = Object.fromEntries(
    plan.keep.filter((each) => each.held).map(({ snapshot, why }) => [snapshot.name, why]),
  );
  if (plan.remove.length === 0) return { removed: [], kept, held: stays };
  try {
    const done = await purgeDisks(cluster.runner, {
      vm,
      snapshots: plan.remove.map(({ name, created }) => ({ name, created })),
      includeManaged: rule.includeManaged ?? false,
      includeProtected: rule.includeProtected ?? false,
    });
    for (const [name, reason] of Object.entries(done.kept)) report?.(`${vm}: snapshot ${name} stays: ${reason}`);
    return { removed: done.removed, kept: [...kept, ...Object.keys(done.kept)], held: stays };
  } catch (error) {
    throw error instanceof ProgramError ? new PurgeFailed(vm, inventory.node, error) : error;
  }
}

/** The effect of a rule on a VM now. */
export const planOf = (inventory: Inventory, vm: string, rule: PurgeRule): PurgePlan =>
  planPurge(listSnapshots(inventory, vm), rule, Date.now() / 1000);
