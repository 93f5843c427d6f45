/** Snapshots of all disks of a VM, and the way back to one: each a node program that does all of it or nothing. */
import type { Runner } from "../transport/types";
import { byOwnLink, isClosed } from "./own-link";
import { programSource, runProgram } from "./program";

/** How far a snapshot is free of half-written data. */
export type Quiesce = "auto" | "required" | "none";

/** A snapshot that is to be made on every disk of a VM's RBD group. */
export interface SnapshotRequest {
  vm: string;
  name: string;
  /** Whose it is: kept with it. */
  owner: string;
  protect: boolean;
  quiesce: Quiesce;
  /** Where the guest runs, the user by whom one node reaches another, and how long it may be frozen. */
  guest?: { node: string; user: string; seconds: number };
}

/** Waiting for the lock, the way to another node, the question whether the agent lives, and the snapshots themselves. */
const SNAPSHOT_MS = 240_000;
/** Every block that has changed is written anew. */
const ROLLBACK_MS = 4 * 3600_000;

const run = (runner: Runner, request: unknown, timeoutMs = SNAPSHOT_MS) =>
  runProgram(runner, "snapshots", request, { timeoutMs });

/**
 * Makes a snapshot on every disk, with the file systems of the guest frozen where that is asked.
 * @throws ProgramError by its `kind`: `exists`, `NoVm`, `quiesce` (required, and not to be had), `disk`, `locked`
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
      // Where the guest runs it is frozen without a way between nodes.
      await byOwnLink(runner, closed, request.guest.node, "snapshots", asked, timeoutMs);
    } catch (error) {
      if (error !== closed || !isClosed(error)) throw error;
      await run(runner, asked, timeoutMs);
    }
  }
}

/**
 * Protects a snapshot on every disk that has it, or on none, and writes down whose it is.
 * @throws ProgramError by its `kind`: `NoSnapshot`, `NoVm`, `children` (linked clones, so that it stays protected)
 */
export async function changeSnapshot(
  runner: Runner,
  request: { vm: string; name: string; owner: string; protect: boolean },
): Promise<void> {
  await run(runner, { action: "change", ...request });
}

/**
 * Removes a snapshot from every disk, protected or not. May be done twice.
 * @param owner removes it only if it is that one's
 * @returns the disks that had it
 * @throws ProgramError by its `kind`: `children` (linked clones)
 */
export async function dropSnapshot(
  runner: Runner,
  request: { vm: string; name: string; owner?: string },
): Promise<string[]> {
  return (await run(runner, { action: "remove", ...request })) as string[];
}

/** What a purge did. */
export interface Purged {
  removed: string[];
  /** By name why it stays. */
  kept: Record<string, string>;
}

/** Removes snapshots, except those that have become protected, held or another one since they were looked at. */
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
 * Marks a VM as being rolled back, unless another mark is there.
 * @param insteadOf a mark that was found, and is taken over
 * @returns the mark that it has now
 */
export async function beginRollback(
  runner: Runner,
  request: { vm: string; mark: string; insteadOf?: string },
): Promise<string> {
  return (await runProgram(runner, "rollback", { action: "begin", ...request }, { timeoutMs: 90_000 })) as string;
}

/**
 * Brings every disk of a VM that does not run back to a snapshot. Cut off, it may be asked again, and goes on.
 * @throws ProgramError by its `kind`: `unchanged`, `younger`, `open` (all is as it was), or `halfway`
 */
export async function rollDisks(runner: Runner, request: { vm: string; name: string }): Promise<string[]> {
  return (await runProgram(runner, "rollback", { action: "roll", ...request }, { timeoutMs: ROLLBACK_MS })) as string[];
}
