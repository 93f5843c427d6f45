/** Clears Pacemaker's failure records of a resource that is gone. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { ParseError } from "./errors";
import { runProgram, runProgramOnEach, runPrograms } from "./program";
import { storageError, type StorageOperation } from "./rbd";

/** What was found, and what remains at the deadline: `fail-count-web01#start_0 on node2`, `start on node2`. */
export interface Forgotten {
  found: string[];
  left: string[];
  /** The nodes that may still have the resource agent's file for it, each with the reason. */
  stays: Record<string, string>;
}

const forgottenSchema = z.object({
  found: z.array(z.string()),
  left: z.array(z.string()),
  stays: z.record(z.string(), z.string()),
});

const SECONDS = 20;

function forgotten(answer: unknown): Forgotten {
  const read = forgottenSchema.safeParse(answer);
  if (!read.success)
    throw new ParseError("the forget program", "it does not say what it found", JSON.stringify(answer));
  return read.data;
}

/**
 * Clears the failures of a resource that is not in the CIB, including those recorded while it runs. A resource that is
 * back in the CIB is left alone.
 */
export async function forgetFailures(runner: Runner, resource: string): Promise<Forgotten> {
  const request = { resource, failed: true, seconds: SECONDS };
  return forgotten(await runProgram(runner, "forget", request, { timeoutMs: (SECONDS + 60) * 1000 }));
}

const hereSchema = z.object({ gone: z.array(z.string()), stays: z.record(z.string(), z.string()) });

/**
 * Removes the agent's file of a VM from the nodes that the connected one could not reach, over our own link to each, if
 * the settings name it: hardened nodes admit no root from other nodes. Idempotent.
 * @returns the nodes that may still have it
 */
async function removeByOwnLinks(
  runner: Runner,
  vm: string,
  stays: Record<string, string>,
): Promise<Record<string, string>> {
  const nodes = Object.keys(stays);
  if (nodes.length === 0) return stays;
  const answers = (await runProgramOnEach(runner, "config_here", { vm, nodes })).map((each) =>
    readAs(hereSchema, each, "the config_here program"),
  );
  const gone = new Set(answers.flatMap((each) => each.gone));
  const left = Object.fromEntries(Object.entries(stays).filter(([node]) => !gone.has(node)));
  return { ...left, ...(Object.assign({}, ...answers.map((each) => each.stays)) as Record<string, string>) };
}

/**
 * Does operations on images, then checks once for failures of a resource that is gone, and clears them.
 * @param nodes also removes the agent's file from these nodes
 * @returns the answer of each operation, and what was cleared
 * @throws as `changeStorage`
 */
export async function changeStorageAndForget(
  runner: Runner,
  operations: readonly StorageOperation[],
  resource: string,
  nodes: readonly string[],
): Promise<{ answers: unknown[]; forgotten: Forgotten }> {
  try {
    const parts = [
      ["storage", { operations }],
      ["forget", { resource, failed: false, seconds: SECONDS, nodes }],
    ] as const;
    const [answers, forgot] = await runPrograms(runner, parts, { timeoutMs: 180_000 });
    const found = forgotten(forgot);
    return {
      answers: answers as unknown[],
      forgotten: { ...found, stays: await removeByOwnLinks(runner, resource, found.stays) },
    };
  } catch (error) {
    throw storageError(error);
  }
}
