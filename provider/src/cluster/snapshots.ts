/** Snapshots of all disks of a VM, and rollbacks: each a node program that does all of it or nothing. */
import type { Runner } from "../transport/types";
import { byOwnLink, isClosed } from "./own-link";
import { programSource, runProgram } from "./program";

/** How carefully a snapshot avoids half-written data. */
export type Quiesce = "auto" | "required" | "none";

/** A snapshot to make on every disk of a VM's RBD group. */
export interface SnapshotRequest {
  vm: string;
  name: string;
  /** Its owner, stored with it. */
  owner: string;
  protect: boolean;
  quiesce: Quiesce;
  /** Where the guest runs, the user for connections between nodes, and how long it may be frozen. */
  guest?: { node: string; user: string; seconds: number };
}

/** Waiting for the lock, reaching another node, checking that the agent is alive, and the snapshots themselves. */
const SNAPSHOT_MS = 240_000;
/** Every block that has changed is rewritten. */
const ROLLBACK_MS = 4 * 3600_000;

const run = (runner: Runner, request: unknown, timeoutMs = SNAPSHOT_MS) =>
  runProgram(runner, "snapshots", request, { timeoutMs });

/**
 * Makes a snapshot on every disk, with the guest's file systems frozen if requested.
 * @throws ProgramError by its `kind`: `exists`, `NoVm`, `quiesce` (required but impossible), `disk`, `locked`
 */
export async function makeSnapshot(runner: Runner, request: SnapshotRequest): Promise<void> {
  const seconds = request.guest?.seconds ?? 0;
  const asked = { action: "create", ...request, freezer: programSource("freezer") };
  const timeoutMs = SNAPSHOT_MS + 2000 * seconds;
  if (request.guest === undefined) return void (await run(runner, asked, timeoutMs));
  try {
    await run(runner, { ...asked, ownLink: true }, timeoutMs);
  } catch (closed) {
    try {
      // On the guest's own node, freezing it needs no access between nodes.
      await byOwnLink(runner, closed, request.guest.node, "snapshots", asked, timeoutMs);
    } catch (error) {
      if (error !== closed || !isClosed(error)) throw error;
      await run(runner, asked, timeoutMs);
    }
  }
}

/**
 * Protects or unprotects a snapshot on every disk that has it, and records its owner.
 * @throws ProgramError by its `kind`: `NoSnapshot`, `NoVm`, `children` (linked clones, so that it stays protected)
 */
export async function changeSnapshot(
  runner: Runner,
  request: { vm: string; name: string; owner: string; protect: boolean },
): Promise<void> {
  await run(runner, { action: "change", ...request });
}

/**
 * Removes a snapshot from every disk, protected or not. Idempotent.
 * @param owner removes it only if it belongs to that owner
 * @returns the disks that had it
 * @throws ProgramError by its `kind`: `children` (linked clones)
 */
export async function dropSnapshot(
  runner: Runner,
  request: { vm: string; name: string; owner?: string },
): Promise<string[]> {
  return (await run(runner, { action: "remove", ...request })) as string[];
}

/** The result of a purge. */
export interface Purged {
  removed: string[];
  /** By name, the reason why it stays. */
  kept: Record<string, string>;
}

/** Removes snapshots, except those that have since become protected, held, or were replaced. */
export async function purgeDisks(
  runner: Runner,
  request: {
    vm: string;
    snapshots: { name: string; created: number }[];
    includeManaged: boolean;
    includeProtected: boolean;
  },
): Promise<Purged> {
  return (await run(
    runner,
    { action: "purge", ...request },
    SNAPSHOT_MS + 10_000 * request.snapshots.length,
  )) as Purged;
}

/**
 * Marks a VM as being rolled back, unless it has another mark.
 * @param insteadOf an existing mark to take over
 * @returns its current mark
 */
export async function beginRollback(
  runner: Runner,
  request: { vm: string; mark: string; insteadOf?: string },
): Promise<string> {
  return (await runProgram(runner, "rollback", { action: "begin", ...request }, { timeoutMs: 90_000 })) as string;
}

/**
 * Rolls every disk of a stopped VM back to a snapshot. If interrupted, a new call continues.
 * @throws ProgramError by its `kind`: `unchanged`, `younger`, `open` (nothing has changed), or `halfway`
 */
export async function rollDisks(runner: Runner, request: { vm: string; name: string }): Promise<string[]> {
  return (await runProgram(runner, "rollback", { action: "roll", ...request }, { timeoutMs: ROLLBACK_MS })) as string[];
}
