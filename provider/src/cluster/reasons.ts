/** What the nodes' logs say of an operation that failed. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { runProgramOnEach } from "./program";

const answerSchema = z.object({ node: z.string(), place: z.string(), lines: z.array(z.string()) });

/** The last lines of a log that are about one operation, without what looks like a secret. */
export interface LoggedReason {
  node: string;
  /** The file, or the command that shows it. */
  place: string;
  lines: string[];
}

/** What a log may cost at most: the program itself is content with much less. */
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * Looks on nodes for why an operation of a resource has failed there, the last time that it did.
 * @returns what those say that have something to say: one that cannot be asked, or keeps no logs, is not in it
 */
export async function readReasons(
  runner: Runner,
  vm: string,
  operation: string,
  nodes: readonly string[],
): Promise<LoggedReason[]> {
  const answers = await runProgramOnEach(
    runner,
    "reasons",
    { vm, operation, nodes },
    { timeoutMs: 60_000, maxOutputBytes: MAX_ANSWER_BYTES },
  );
  const found = answers.map((answer) => readAs(answerSchema, answer, "the reasons program"));
  // Two addresses of the settings may be one node.
  return [...new Map(found.filter(({ lines }) => lines.length > 0).map((each) => [each.node, each])).values()];
}
