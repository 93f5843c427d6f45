/** Pacemaker's commands that change something or only look at its state. */
import type { Runner } from "../transport/types";
import { CibConflict, ProgramError } from "./errors";
import { runLong, runProgram } from "./program";
import { parseStatus, type ClusterStatus } from "./status";

/** A refusal of a change of the CIB by its kind; any other error as it is. */
export function cibError<E>(error: E): E | CibConflict {
  if (!(error instanceof ProgramError) || !/^(cib|crm)/.test(error.kind)) return error;
  return new CibConflict(`the cluster refused the change of its configuration: ${error.words}`, error);
}

/** What the cluster is doing now. */
export async function readStatus(runner: Runner): Promise<ClusterStatus> {
  const result = await runner.run({ argv: ["crm_mon", "-1", "--output-as=xml"], readOnly: true });
  return parseStatus(result.stdout);
}

/**
 * Waits on the node until the cluster is another than it was seen, for some seconds at most.
 * @returns what it is then, also when nothing has changed
 */
export async function watchStatus(runner: Runner, seen: ClusterStatus, seconds: number): Promise<ClusterStatus> {
  const options = { readOnly: true, timeoutMs: (seconds + 60) * 1000 };
  return parseStatus((await runProgram(runner, "watch", { seen: seen.digest, seconds }, options)) as string);
}

/** crm_resource's answer when there is no such resource. */
const NO_SUCH_OBJECT = 105;

/** Forgets the failures of a resource, so that Pacemaker tries again. Of one that is gone there is nothing to forget. */
export async function cleanup(runner: Runner, resource: string): Promise<void> {
  await runLong(runner, {
    argv: ["crm_resource", "--cleanup", "--resource", resource],
    okExitCodes: [0, NO_SUCH_OBJECT],
    timeoutMs: 60_000,
  });
}

/**
 * Waits until Pacemaker has nothing left to do.
 * @throws CommandError when it still has after the deadline
 */
export async function settle(runner: Runner, seconds: number): Promise<void> {
  const argv = ["crm_resource", "--wait", `--timeout=${seconds}s`];
  await runLong(runner, { argv, readOnly: true, timeoutMs: (seconds + 30) * 1000 });
}

/** Forgets all that is known of a resource and probes it again on every node. */
export async function refresh(runner: Runner, resource: string): Promise<void> {
  await runLong(runner, { argv: ["crm_resource", "--refresh", "--resource", resource], timeoutMs: 60_000 });
}
