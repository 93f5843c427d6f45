/** The context of every change of a VM, besides the request. */
import type { Cluster, Inventory } from "../../cluster";
import { CrmRefused, crmProblem } from "../form/crm-commands";
import { closedNodes } from "./closed-nodes";
import type { Wanted } from "./wait";
import type { VmSpec } from "../form/model";
import { chosenHost } from "../form/placement";

/** The cluster, how long to wait, and where progress goes. */
export interface Context {
  cluster: Cluster;
  /** Seconds that Pacemaker may take to act. @default 300 */
  deadline?: number;
  /** Reports the progress of long operations. */
  report?: (text: string) => void;
  /** Keeps redundant VMs from being stopped at the same time. Absent if the caller takes responsibility for that. */
  rolling?: StopTurns;
}

/** Turns for stopping VMs (rolling/). */
export interface StopTurns {
  /** Runs work that stops a VM once the VM may be stopped. @throws NotAtOnce, before anything was changed */
  run<T>(
    context: Context,
    vm: string,
    verb: string,
    work: (context: Context) => Promise<T>,
    final: boolean,
  ): Promise<T>;
}

/**
 * Runs work that stops a VM once the VM may be stopped. A caller without turns (the command line) never waits.
 * @param work the cluster may have changed by then: it looks again
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

/** Where a context reports progress; a no-op by default. */
export const reportOf = (context: Context) => context.report ?? (() => undefined);

/** The nodes that may run VMs. */
export const hypervisorsOf = ({ cib, observer }: Pick<Inventory, "cib"> & { observer?: string | undefined }) =>
  cib.nodes.filter((node) => node !== observer);

/** The state an enabled VM should have after a change. */
export function wantedOf(spec: VmSpec, inventory: Inventory): Wanted {
  const asked = chosenHost(spec);
  // Pacemaker does not retry a running VM where it has failed, so it does not move there either.
  const runs = (inventory.status.resources.get(spec.name)?.nodes.length ?? 0) > 0;
  const host = runs && closedNodes(inventory.cib, spec.name).some(({ node }) => node === asked) ? undefined : asked;
  return {
    vm: spec.name,
    state: spec.started ? "started" : "stopped",
    ...(host === undefined ? {} : { host }),
    // No other node may run a pinned VM, so do not wait for any other.
    hypervisors: spec.pinnedHost === undefined ? hypervisorsOf(inventory) : [spec.pinnedHost],
  };
}

/** `crm configure` commands as words, split at blanks as vm-mgr does. @throws CrmRefused */
export const commandWords = (commands: readonly string[]): string[][] =>
  commands.map((line) => {
    const problem = crmProblem(line);
    if (problem !== undefined) throw new CrmRefused(line, problem);
    return line.trim().split(/\s+/);
  });
