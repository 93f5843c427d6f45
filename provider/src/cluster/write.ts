/** What is written about a VM at once: operations on its images, and changes of the CIB, by one node program. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { ProgramError } from "./errors";
import { cibError } from "./pacemaker";
import type { CibChange } from "./patch";
import { runProgram, runPrograms } from "./program";
import { storageError, type StorageOperation } from "./rbd";
import { renderXml } from "./xml";

/** A write: the storage first; where that fails the CIB is left alone. */
export interface Write {
  storage?: readonly StorageOperation[];
  /** All of them are made, with what the commands make, or none. */
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

/** The error of an outcome, as the tool means it; undefined where it was done. */
export function outcomeError(outcome: Outcome, node: string, program: string): Error | undefined {
  if (outcome.error === undefined) return undefined;
  return storageError(cibError(new ProgramError(node, program, outcome.error.kind, outcome.error.message)));
}

/**
 * Makes writes that wait together: one process, and one patch of the CIB. If Pacemaker refuses that, each is tried alone,
 * so that one refused change takes no other with it.
 * @returns for each write its error, or undefined when it was made
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
 * Asks libvirt whether it takes a domain, and only then does the operations.
 * @throws ProgramError (`kind` "libvirtError") with nothing done when it does not; AlreadyExists
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
