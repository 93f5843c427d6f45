/**
 * If a node admits no other node, we ask it over a link of our own, if the settings name it. The settings hold
 * addresses, and the cluster has names. So every node is asked; the one with that name answers, and the others do
 * nothing.
 */
import { ConnectionError } from "../transport/errors";
import type { Runner } from "../transport/types";
import { ProgramError } from "./errors";
import { askOnEach } from "./program";

/** The answer of a node program to a request meant for another node. */
const ELSEWHERE = "elsewhere";

/** Whether a program failed because the other node admitted this one as no user; in that case nothing was done. */
export const isClosed = (error: unknown): error is ProgramError =>
  error instanceof ProgramError && error.kind === "closed";

/**
 * Asks the node itself after a program on another node reported that it cannot get there.
 * @param error the failure of that program: anything else is rethrown
 * @param request the request for the node; its own name is added as `only`
 * @returns its answer
 * @throws the error, if the settings do not name that node or it does not answer; ProgramError if the node reports a
 * failure, ConnectionError if the link broke and the request may have been carried out
 */
export async function byOwnLink(
  runner: Runner,
  error: unknown,
  node: string,
  program: string,
  request: Record<string, unknown>,
  timeoutMs: number,
): Promise<unknown> {
  if (!isClosed(error)) throw error;
  const answers = await askOnEach(runner, program, { ...request, only: node }, { timeoutMs });
  for (const each of answers) if ("answer" in each && each.answer !== ELSEWHERE) return each.answer;
  const failures = answers.flatMap((each) => ("error" in each ? [each.error] : []));
  const said = failures.find((each) => each instanceof ProgramError);
  if (said !== undefined) throw said;
  const cut = failures.find((each): each is ConnectionError => each instanceof ConnectionError && !each.beforeSend);
  if (cut !== undefined) throw cut;
  throw error;
}
