/** RBD: images, groups and metadata, changed by lists of operations that go out together. */
import type { Runner } from "../transport/types";
import { AlreadyExists, ProgramError } from "./errors";
import { runProgram } from "./program";

/** A change of the pool `rbd`. All but `create…` and `cloneImage` are idempotent. */
export type StorageOperation =
  | { op: "createImage"; image: string; size: number }
  | { op: "createGroup"; group: string }
  | { op: "addToGroup"; group: string; image: string }
  | { op: "removeGroup"; group: string }
  | { op: "resizeImage"; image: string; size: number }
  | {
      op: "setMetadata";
      image: string;
      set?: Record<string, string>;
      unset?: string[];
      /**
       * The values that keys must have for the change to happen; null: absent. Otherwise it fails as `MetadataChanged`.
       */
      expect?: Record<string, string | null>;
    }
  | { op: "countDisks"; vm: string }
  | { op: "removeImage"; image: string; busySeconds?: number; retain?: boolean; nonce?: string }
  | { op: "watchers"; image: string }
  | { op: "holdSnapshots"; vm: string; snapshot: string; own: boolean; protect: boolean }
  | { op: "releaseSnapshots"; vm: string; snapshot: string }
  | { op: "cloneImage"; parent: string; snapshot: string; image: string; size?: number; set?: Record<string, string> }
  | { op: "flattenImage"; image: string }
  | { op: "children"; vm: string; image?: string }
  /** The bytes written between snapshots, oldest first, and with `now` since the last one. */
  | { op: "changedBytes"; image: string; snapshots: readonly string[]; now: boolean };

/** Read-only operations. */
const LOOKS: readonly StorageOperation["op"][] = ["watchers", "children", "changedBytes"];

/** Whether an operation changes nothing. */
export const onlyLooks = ({ op }: StorageOperation) => LOOKS.includes(op);

/**
 * Does the operations in order, over one connection to Ceph, and returns the result of each.
 * @throws AlreadyExists if an image or group to create exists; nothing after it was done
 */
export async function changeStorage(
  runner: Runner,
  operations: readonly StorageOperation[],
  timeoutMs = 180_000,
): Promise<unknown[]> {
  try {
    return (await runProgram(runner, "storage", { operations }, { timeoutMs })) as unknown[];
  } catch (error) {
    throw storageError(error);
  }
}

/** Maps a failed operation to its error class; returns any other error unchanged. */
export function storageError<E>(error: E): E | AlreadyExists {
  if (!(error instanceof ProgramError) || !/^(ImageExists|ObjectExists)$/.test(error.kind)) return error;
  return new AlreadyExists(error.words, "Another program has just made it; nothing of that was touched.");
}

/** The result of `removeImage`. */
export interface Removed {
  /** Snapshots removed with it. */
  snapshots: string[];
  /** The name under which a retained disk was kept. */
  kept: string | null;
}
