/** What every change of a VM needs beside what is asked. */
import type { Cluster, Inventory } from "../../cluster";
import { CrmRefused, crmProblem } from "../form/crm-commands";
import { closedNodes } from "./closed-nodes";
import type { Wanted } from "./wait";
import type { VmSpec } from "../form/model";

/** The cluster, how long to wait, and where progress goes. */
export interface Context {
  cluster: Cluster;
  /** Seconds that Pacemaker may take for what it is told. @default 300 */
  deadline?: number;
  /** Says how far long work is. */
  report?: (text: string) => void;
  /** Keeps VMs that stand in for each other from being stopped at once. Absent: who asks has been told what he does. */
  rolling?: StopTurns;
}

/** Who may stop a VM when (rolling/). */
export interface StopTurns {
  /** Does what stops a VM when the VM may be stopped. @throws NotAtOnce, before anything was changed */
  run<T>(
    context: Context,
    vm: string,
    verb: string,
    work: (context: Context) => Promise<T>,
    final: boolean,
  ): Promise<T>;
}

/**
 * Does what stops a VM when it may be stopped. Who has been told what he does, as on the command line, waits for nobody.
 * @param work the cluster may be another one by then: it looks again
 * @param final whether the VM does not come back
 */
export function stopInTurn<T>(
  { rolling, ...context }: Context,
  vm: string,
  verb: string,
  work: (context: Context) => Promise<T>,
  final = false,
): Promise<T> {
  return rolling === undefined ? work(context) : rolling.run(context, vm, verb, work, final);
}

/** The deadline of a context in seconds. */
export const deadlineOf = (context: Context) => context.deadline ?? 300;

/** Where progress of a context goes; nowhere when nobody listens. */
export const reportOf = (context: Context) => context.report ?? (() => undefined);

/** The nodes that may run VMs. */
export const hypervisorsOf = ({ cib, observer }: Pick<Inventory, "cib"> & { observer?: string | undefined }) =>
  cib.nodes.filter((node) => node !== observer);

/** How an enabled VM is to be when a change is done. */
export function wantedOf(spec: VmSpec, inventory: Inventory): Wanted {
  const asked = spec.pinnedHost ?? spec.preferredHost;
  // A VM that runs is not tried anew where it has failed, so it does not come there either.
  const runs = (inventory.status.resources.get(spec.name)?.nodes.length ?? 0) > 0;
  const host = runs && closedNodes(inventory.cib, spec.name).some(({ node }) => node === asked) ? undefined : asked;
  return {
    vm: spec.name,
    state: spec.started ? "started" : "stopped",
    ...(host === undefined ? {} : { host }),
    // No other node may run a pinned VM, so no other is waited for.
    hypervisors: spec.pinnedHost === undefined ? hypervisorsOf(inventory) : [spec.pinnedHost],
  };
}

/** Commands of `crm configure` as words, split at blanks as vm-mgr splits them. @throws CrmRefused */
export const commandWords = (commands: readonly string[]): string[][] =>
  commands.map((line) => {
    const problem = crmProblem(line);
    if (problem !== undefined) throw new CrmRefused(line, problem);
    return line.trim().split(/\s+/);
  });
