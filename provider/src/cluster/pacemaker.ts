/** Pacemaker's commands that change something or only look at its state. */
import type { Runner } from "../transport/types";
import { CibConflict, ProgramError } from "./errors";
import { renderPatch, type CibChange } from "./patch";
import { runProgram } from "./program";
import { parseStatus, type ClusterStatus } from "./status";

/**
 * Changes the CIB: all of the changes, and what the crm commands make, or nothing.
 * @param commands each is the words of one `crm configure`
 * @returns whether anything was to be changed
 * @throws CibConflict when Pacemaker refuses the patch
 */
export async function changeCib(
  runner: Runner,
  changes: readonly CibChange[],
  commands: readonly string[][] = [],
): Promise<boolean> {
  if (changes.length === 0 && commands.length === 0) return false;
  try {
    const patch = changes.length > 0 ? renderPatch(changes) : "";
    return (await runProgram(runner, "configure", { patch, commands }, { timeoutMs: 120_000 })) as boolean;
  } catch (error) {
    if (!(error instanceof ProgramError) || !/^(cib|crm)/.test(error.kind)) throw error;
    throw new CibConflict(`the cluster refused the change of its configuration: ${error.words}`, error);
  }
}

/** What the cluster is doing now. */
export async function readStatus(runner: Runner): Promise<ClusterStatus> {
  const result = await runner.run({ argv: ["crm_mon", "-1", "--output-as=xml"], readOnly: true });
  return parseStatus(result.stdout);
}

/** Forgets the failures of a resource, so that Pacemaker tries again. */
export async function cleanup(runner: Runner, resource: string): Promise<void> {
  await runner.run({ argv: ["crm_resource", "--cleanup", "--resource", resource], timeoutMs: 60_000 });
}

/**
 * Waits until Pacemaker has nothing left to do.
 * @throws CommandError when it still has after the deadline
 */
export async function settle(runner: Runner, seconds: number): Promise<void> {
  const argv = ["crm_resource", "--wait", `--timeout=${seconds}s`];
  await runner.run({ argv, readOnly: true, timeoutMs: (seconds + 30) * 1000 });
}

/** Forgets all that is known of a resource and probes it again on every node. */
export async function refresh(runner: Runner, resource: string): Promise<void> {
  await runner.run({ argv: ["crm_resource", "--refresh", "--resource", resource], timeoutMs: 60_000 });
}
