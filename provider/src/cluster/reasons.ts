/** What the nodes' logs say about a failed operation. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { runProgramOnEach } from "./program";

const answerSchema = z.object({ node: z.string(), place: z.string(), lines: z.array(z.string()) });

/** The last lines of a log about one operation, without anything that looks like a secret. */
export interface LoggedReason {
  node: string;
  /** The file, or the command that shows it. */
  place: string;
  lines: string[];
}

/** The limit on a log's size: the program itself stays far below it. */
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * Searches nodes' logs for why an operation of a resource last failed there.
 * @returns the findings; nodes that cannot be asked, or keep no logs, are missing
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
  // Two addresses of the settings may be the same node.
  return [...new Map(found.filter(({ lines }) => lines.length > 0).map((each) => [each.node, each])).values()];
}
