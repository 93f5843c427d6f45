/** The key of Pacemaker Remote, which is the same file on every node and in every guest. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { ParseError } from "./errors";
import { runProgram } from "./program";

const answerSchema = z.object({
  key: z.base64(),
  put: z.array(z.string()),
  missing: z.array(z.string()),
  unseen: z.record(z.string(), z.string()),
});

/** What the nodes have for a key. */
export interface AuthKey {
  /** The key's bytes in base64, empty where no node has one. A secret: it is handed on, never printed. */
  key: string;
  /** Nodes that were given the key just now. */
  put: string[];
  /** Nodes without one. */
  missing: string[];
  /** Nodes that could not be looked at, with the reason. */
  unseen: Record<string, string>;
}

/**
 * Looks at the key of every node, by the ssh that the nodes have among each other.
 * @param make puts the key on nodes that have none, and makes one when no node has any; all nodes have to be seen for that
 * @throws ProgramError (`kind` "mismatch") when the nodes have different keys, ("unreachable") when a node that matters
 *   cannot be reached
 */
export async function readAuthKey(runner: Runner, nodes: readonly string[], make: boolean): Promise<AuthKey> {
  let answer: unknown;
  try {
    answer = await runProgram(runner, "authkey", { nodes, make }, { readOnly: !make, timeoutMs: 120_000 });
  } catch (error) {
    // Its excerpt could be a part of the key.
    if (error instanceof ParseError) throw new ParseError("the authkey program", "it is no JSON", "");
    throw error;
  }
  const read = answerSchema.safeParse(answer);
  if (!read.success) throw new ParseError("the authkey program", "it does not say what it should", "");
  return read.data;
}
