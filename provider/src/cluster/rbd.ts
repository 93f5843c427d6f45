/** RBD: images, groups and metadata, changed by lists of operations that go out together. */
import type { Runner } from "../transport/types";
import { AlreadyExists, ProgramError } from "./errors";
import { runProgram } from "./program";

/** One change of the pool `rbd`. All but `create…` and `cloneImage` may be done twice. */
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
      /** What keys have to say for it to be done at all; null: not there. Otherwise it fails as `MetadataChanged`. */
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
  /** How many bytes were written between snapshots, the oldest first, and with `now` since the last of them. */
  | { op: "changedBytes"; image: string; snapshots: readonly string[]; now: boolean };

/** Operations that only look. */
const LOOKS: readonly StorageOperation["op"][] = ["watchers", "children", "changedBytes"];

/** Whether nothing is changed by an operation. */
export const onlyLooks = ({ op }: StorageOperation) => LOOKS.includes(op);

/**
 * Does the operations in order, over one connection to Ceph, and answers with what each one returned.
 * @throws AlreadyExists when an image or a group that is to be created is there; nothing after it was done
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

/** What a failed operation means; any other error as it is. */
export function storageError<E>(error: E): E | AlreadyExists {
  if (!(error instanceof ProgramError) || !/^(ImageExists|ObjectExists)$/.test(error.kind)) return error;
  return new AlreadyExists(error.words, "Another program has just made it; nothing of that was touched.");
}

/** What `removeImage` answers. */
export interface Removed {
  /** Snapshots that went with it. */
  snapshots: string[];
  /** The name under which a disk that is to be retained was kept. */
  kept: string | null;
}
