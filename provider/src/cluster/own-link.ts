/**
 * A node that lets no other one in is asked by a link of its own, where the settings name it. The settings have addresses, and
 * the cluster has names: which of them is the node it says itself, and the others do nothing.
 */
import { ConnectionError } from "../transport/errors";
import type { Runner } from "../transport/types";
import { ProgramError } from "./errors";
import { askOnEach } from "./program";

/** What a node program answers of itself that was meant for another node. */
const ELSEWHERE = "elsewhere";

/** Whether a program failed since the other node let this one in as nobody; nothing was done then. */
export const isClosed = (error: unknown): error is ProgramError =>
  error instanceof ProgramError && error.kind === "closed";

/**
 * Asks the node itself, when a program on another one has said that it does not get there.
 * @param error what that one failed with: anything else is thrown as it is
 * @param request what the node is asked; it is given its own name as `only`
 * @returns its answer
 * @throws the error, where none of the settings is that node; ProgramError when the node says that it failed, ConnectionError when the
 * link broke and what was asked may have been done
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
  const found = await askItself(runner, node, program, request, timeoutMs);
  if (found === undefined) throw error;
  return found.answer;
}

/**
 * Asks a node by a link of its own.
 * @returns undefined where none of the settings is that node, or it does not answer
 * @throws as `byOwnLink`
 */
export async function askItself(
  runner: Runner,
  node: string,
  program: string,
  request: Record<string, unknown>,
  timeoutMs: number,
): Promise<{ answer: unknown } | undefined> {
  const answers = await askOnEach(runner, program, { ...request, only: node }, { timeoutMs });
  for (const each of answers) if ("answer" in each && each.answer !== ELSEWHERE) return { answer: each.answer };
  const failures = answers.flatMap((each) => ("error" in each ? [each.error] : []));
  const said = failures.find((each) => each instanceof ProgramError);
  if (said !== undefined) throw said;
  const cut = failures.find((each): each is ConnectionError => each instanceof ConnectionError && !each.beforeSend);
  if (cut !== undefined) throw cut;
  return undefined;
}
