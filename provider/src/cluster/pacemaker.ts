/** Pacemaker's commands, both those that change something and those that only read its state. */
import type { Runner } from "../transport/types";
import { CibConflict, ProgramError } from "./errors";
import { runLong, runProgram } from "./program";
import { parseStatus, type ClusterStatus } from "./status";

/** Maps a refused CIB change to its error class; returns any other error unchanged. */
export function cibError<E>(error: E): E | CibConflict {
  if (!(error instanceof ProgramError) || !/^(cib|crm)/.test(error.kind)) return error;
  return new CibConflict(`the cluster refused the change of its configuration: ${error.words}`, error);
}

/** The cluster's current activity. */
export async function readStatus(runner: Runner): Promise<ClusterStatus> {
  const result = await runner.run({ argv: ["crm_mon", "-1", "--output-as=xml"], readOnly: true });
  return parseStatus(result.stdout);
}

/**
 * Waits on the node until the cluster's status differs from `seen`, at most for some seconds.
 * @returns the status then, even if nothing changed
 */
export async function watchStatus(runner: Runner, seen: ClusterStatus, seconds: number): Promise<ClusterStatus> {
  const options = { readOnly: true, timeoutMs: (seconds + 60) * 1000 };
  return parseStatus((await runProgram(runner, "watch", { seen: seen.digest, seconds }, options)) as string);
}

/** crm_resource's exit code for an unknown resource. */
const NO_SUCH_OBJECT = 105;

/**
 * Clears the failures of a resource, so that Pacemaker tries again. For a resource that is gone, there is nothing to
 * clear.
 */
export async function cleanup(runner: Runner, resource: string): Promise<void> {
  await runLong(runner, {
    argv: ["crm_resource", "--cleanup", "--resource", resource],
    okExitCodes: [0, NO_SUCH_OBJECT],
    timeoutMs: 60_000,
  });
}

/**
 * Waits until Pacemaker has nothing left to do.
 * @throws CommandError if it is still busy at the deadline
 */
export async function settle(runner: Runner, seconds: number): Promise<void> {
  const argv = ["crm_resource", "--wait", `--timeout=${seconds}s`];
  await runLong(runner, { argv, readOnly: true, timeoutMs: (seconds + 30) * 1000 });
}

/** Clears everything known about a resource and probes it again on every node. */
export async function refresh(runner: Runner, resource: string): Promise<void> {
  await runLong(runner, { argv: ["crm_resource", "--refresh", "--resource", resource], timeoutMs: 60_000 });
}
