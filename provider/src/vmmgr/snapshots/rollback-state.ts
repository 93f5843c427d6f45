/** The cluster's record of a VM's rollbacks: one in progress, and the last one that ended. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Inventory } from "../../cluster";
import type { Refusal } from "../core/errors";
import { systemImage } from "../form/names";
import { stateRefusals } from "../core/cluster-health";
import { dependents } from "./ban";
import { moment } from "./model";
import { findSnapshot, vmDisks } from "./observe";
import { vmRefusals } from "./snapshot";

/** An unfinished rollback; its value is the mark of the program at work. */
export const ROLLBACK_KEY = "_seapath_rollback";
/** All its disks are rolled back. */
export const DONE_KEY = "_seapath_rollback_done";
/** The last finished rollback. */
export const LAST_KEY = "_seapath_rollback_last";

/** The spec of a rollback. */
export interface RollbackSpec {
  vm: string;
  snapshot: string;
  /** The caller and its reason. The same request is not carried out twice; without one, every call rolls back. */
  request?: string;
}

/** A rollback to carry out. */
export interface RollbackPlan {
  snapshot: string;
  /** The VM was running when it began. */
  ran: boolean;
  /** Tells this request from others. */
  key: string;
}

/** A finished rollback. */
export interface LastRollback {
  key: string;
  snapshot: string;
  /** Seconds since 1970, UTC. */
  at: number;
  disks: string[];
}

const lastSchema = z.object({ key: z.string(), snapshot: z.string(), at: z.number(), disks: z.array(z.string()) });

const metadataOf = (inventory: Inventory, vm: string) => inventory.images.get(systemImage(vm))?.metadata ?? {};

/** The phase of a mark that encodes the whole plan: names have letters and digits only. */
export const phaseOf = ({ snapshot, ran, key }: RollbackPlan) => `${snapshot}:${ran ? "ran" : "stood"}:${key}`;

/** The unfinished rollback of a VM, if there is one; `done` means its disks are rolled back. */
export function findRollback(
  inventory: Inventory,
  vm: string,
): (RollbackPlan & { mark: string; done: boolean }) | undefined {
  const metadata = metadataOf(inventory, vm);
  const mark = metadata[ROLLBACK_KEY];
  const [, snapshot, ran, key] = /^([A-Za-z0-9]+):(ran|stood):(\w+) /.exec(mark ?? "") ?? [];
  if (mark === undefined || snapshot === undefined || key === undefined) return undefined;
  return { snapshot, ran: ran === "ran", key, mark, done: metadata[DONE_KEY] === snapshot };
}

/** The last finished rollback, as far as known. */
export function lastRollback(inventory: Inventory, vm: string): LastRollback | undefined {
  try {
    return lastSchema.safeParse(JSON.parse(metadataOf(inventory, vm)[LAST_KEY] ?? "null")).data;
  } catch {
    return undefined;
  }
}

/** Distinguishes requests: also for a snapshot that was recreated under its name. */
export function keyOf(inventory: Inventory, { vm, snapshot, request }: RollbackSpec): string {
  const created = findSnapshot(inventory, vm, snapshot)?.created;
  const text = JSON.stringify([request ?? Math.random(), snapshot, created ?? null]);
  return createHash("sha256").update(text).digest("hex").slice(0, 20);
}

/** Why a VM cannot be rolled back to a snapshot, known before anything is stopped. */
export function rollbackRefusals(inventory: Inventory, vm: string, name: string): Refusal[] {
  const missing = vmRefusals(inventory, vm);
  if (missing.length > 0) return missing;
  const refusals = stateRefusals(inventory);
  const snapshot = findSnapshot(inventory, vm, name);
  const younger = vmDisks(inventory, vm).filter((image) => !snapshot?.disks.some((disk) => disk.image === image));
  if (snapshot === undefined)
    refusals.push({ property: "snapshot", reason: `snapshot "${name}" of VM "${vm}" does not exist on any disk` });
  else if (younger.length > 0) {
    const reason = `snapshot "${name}" does not exist on disk ${younger.join(", ")} of VM "${vm}": ${younger.length === 1 ? "it is" : "they are"} younger, or lost it`;
    refusals.push({ property: "snapshot", reason });
  }
  const resource = inventory.status.resources.get(vm);
  if (resource === undefined || resource.nodes.length === 0) return refusals;
  if (resource.blocked) {
    refusals.push({
      property: "vm",
      reason: `a stop of VM "${vm}" has failed, and Pacemaker tries no other; look at it, then \`crm resource cleanup ${vm}\``,
    });
  } else if (!resource.managed || inventory.status.maintenance) {
    const why = inventory.status.maintenance ? "the cluster is in maintenance" : "it is unmanaged";
    refusals.push({ property: "vm", reason: `VM "${vm}" runs, and Pacemaker would not stop it: ${why}` });
  }
  return refusals;
}

const duration = (seconds: number): string => {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`;
};

/** The effect of a rollback, for a preview. */
export function describeRollback(inventory: Inventory, vm: string, name: string): string {
  const snapshot = findSnapshot(inventory, vm, name);
  if (snapshot === undefined) return `${vm}: it is rolled back to the snapshot ${name}, which is not there yet`;
  const age = duration(Math.max(0, Date.now() / 1000 - snapshot.created));
  const disks = snapshot.disks.map(({ image, size }) => {
    const now = inventory.images.get(image)?.size ?? size;
    return now === size ? image : `${image} (which has ${size} bytes again instead of ${now})`;
  });
  const resource = inventory.status.resources.get(vm);
  const runs = (resource?.nodes.length ?? 0) > 0;
  const others = runs ? dependents(inventory.cib, vm) : [];
  return [
    `${vm}: it is rolled back to the snapshot ${name} of ${moment(snapshot.created)}: ` +
      `${disks.join(" and ")} ${disks.length === 1 ? "loses" : "lose"} what was written since, ${age}`,
    runs
      ? `it runs on ${resource?.nodes.join(" and ")}: it is stopped, and started again afterwards`
      : "it does not run, and is not started",
    ...(others.length > 0 ? [`${others.join(", ")} cannot run without it: stopped and started with it`] : []),
  ].join("; ");
}
