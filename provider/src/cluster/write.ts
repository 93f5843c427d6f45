/** A single write for a VM: image operations and CIB changes, by one node program. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { ProgramError } from "./errors";
import { cibError } from "./pacemaker";
import type { CibChange } from "./patch";
import { runProgram, runPrograms } from "./program";
import { storageError, type StorageOperation } from "./rbd";
import { renderXml } from "./xml";

/** A write. Storage comes first; if it fails, the CIB stays unchanged. */
export interface Write {
  storage?: readonly StorageOperation[];
  /** All of them apply, together with those of the commands, or none. */
  changes?: readonly CibChange[];
  /** Each is the words of one `crm configure`. */
  commands?: readonly string[][];
}

/** Whether a write has nothing to write. */
export const isEmpty = (write: Write) =>
  [write.storage, write.changes, write.commands].every((each) => each === undefined || each.length === 0);

export const outcomeSchema = z.union([
  z.object({ ok: z.unknown(), error: z.undefined().optional() }),
  z.object({ error: z.object({ kind: z.string(), message: z.string() }) }),
]);
export type Outcome = z.infer<typeof outcomeSchema>;

/** The error of an outcome as the matching class; undefined if it succeeded. */
export function outcomeError(outcome: Outcome, node: string, program: string): Error | undefined {
  if (outcome.error === undefined) return undefined;
  return storageError(cibError(new ProgramError(node, program, outcome.error.kind, outcome.error.message)));
}

/**
 * Makes all waiting writes: one process, and one patch of the CIB. If Pacemaker refuses the patch, each write is tried
 * alone, so that a refused change does not take the others down.
 * @returns the error of each write, or undefined if it succeeded
 */
export async function makeWrites(runner: Runner, writes: readonly Write[]): Promise<unknown[]> {
  const request = {
    writes: writes.map(({ storage = [], changes = [], commands = [] }) => ({
      storage,
      changes: changes.map(renderXml).join(""),
      commands,
    })),
  };
  const answer = await runProgram(runner, "write", request, { timeoutMs: 180_000 });
  return readAs(z.array(outcomeSchema).length(writes.length), answer, "the write program").map((outcome) =>
    outcomeError(outcome, runner.node ?? "the node", "write"),
  );
}

/**
 * Asks libvirt whether it accepts a domain, and only then does the operations.
 * @throws ProgramError (`kind` "libvirtError") with nothing done if it does not; AlreadyExists
 */
export async function validateThenChange(
  runner: Runner,
  xml: string,
  operations: readonly StorageOperation[],
): Promise<void> {
  try {
    await runPrograms(
      runner,
      [
        ["validate", { xml }],
        ["storage", { operations }],
      ],
      { timeoutMs: 180_000 },
    );
  } catch (error) {
    throw storageError(error);
  }
}
