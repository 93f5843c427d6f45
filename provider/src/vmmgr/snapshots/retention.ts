/** Which snapshots of a VM stay and which go: vm-mgr's purge, with rules. */
import { ProgramError, purgeDisks, type Inventory } from "../../cluster";
import { SeapathError } from "../../errors";
import { words } from "../../words";
import type { Context } from "../core/context";
import { Refused } from "../core/errors";
import { isBackupName, isMadeHere } from "./backups";
import { listSnapshots } from "./observe";
import { moment, type VmSnapshot } from "./model";
import { vmRefusals } from "./snapshot";

/** What goes. At least one of the first five is given; what one of `keepLast` and `keepWithin` keeps, stays. */
export interface PurgeRule {
  /** All of them. */
  purgeAll?: boolean;
  /** All but the newest so many. */
  keepLast?: number;
  /** All that are older than so many seconds. */
  keepWithin?: number;
  /** The oldest so many: vm-mgr's `--number`. */
  oldest?: number;
  /** Those that were taken before: seconds since 1970, UTC; vm-mgr's `--date`. */
  before?: number;
  /** Those as well that belong to a `Snapshot` of some program. @default false */
  includeManaged?: boolean;
  /** Those as well that are protected. @default false */
  includeProtected?: boolean;
  /** Those as well that other programs made: vm-mgr, or `rbd snap create`. @default false */
  includeOthers?: boolean;
  /** Those as well that backup_restore made, and needs for its next incremental backup. @default false */
  includeBackups?: boolean;
}

/** What a rule means for the snapshots that there are. */
export interface PurgePlan {
  remove: VmSnapshot[];
  keep: { snapshot: VmSnapshot; why: string; held: boolean }[];
}

const BACKUP = "it is one of backup_restore's, whose incremental backups may need it";
const OTHERS = "another program made it";

/** What no rule touches, unless it is told to by name. */
const held = (snapshot: VmSnapshot, rule: PurgeRule): string | undefined => {
  if (snapshot.mark?.owner && rule.includeManaged !== true) return `it belongs to ${snapshot.mark.owner}`;
  // One that is protected on a disk cannot be removed from all.
  if (snapshot.disks.some((disk) => disk.protected) && rule.includeProtected !== true) return "it is protected";
  if (isBackupName(snapshot.name)) return rule.includeBackups === true ? undefined : BACKUP;
  if (!isMadeHere(snapshot) && rule.includeOthers !== true) return OTHERS;
  return undefined;
};

/**
 * What goes and what stays. Snapshots that no rule may touch are not counted by any.
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

/** Snapshots could not be removed. What has gone is gone; the next run goes on. */
export class PurgeFailed extends SeapathError {
  constructor(vm: string, node: string, cause: ProgramError) {
    super("purge-failed", `Unable to purge snapshots of VM "${vm}" on ${node}: ${cause.words}`, {
      cause,
      hint: `What has been removed is gone; ${words().goesOn}.`,
    });
  }
}

/** What a purge has done. */
export interface PurgeResult {
  removed: string[];
  kept: string[];
  /** Those of `kept` that the rule may not touch, by name, and why. */
  held: Record<string, string>;
}

/**
 * Removes the snapshots of a VM that a rule gives up, each from all disks.
 * @throws Refused when there is no such VM; PurgeFailed
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

/** What a rule means for a VM now. */
export const planOf = (inventory: Inventory, vm: string, rule: PurgeRule): PurgePlan =>
  planPurge(listSnapshots(inventory, vm), rule, Date.now() / 1000);
