/** Waits until Pacemaker has applied a constraint to its VMs. */
import { setTimeout as sleep } from "node:timers/promises";
import { readPending, type Inventory, type Simulation } from "../../cluster";
import { deadlineOf, reportOf, type Context } from "../core/context";

/** The node of each VM; empty for one that is not running. */
export const nodesOf = (resources: Inventory["status"]["resources"], vms: readonly string[]): Record<string, string> =>
  Object.fromEntries(vms.map((vm) => [vm, resources.get(vm)?.nodes.join(", ") ?? ""]));

/** Pacemaker's pending actions on the VMs, a word or two each. */
export function unsettled(plan: Simulation, vms: readonly string[]): string[] {
  return vms.flatMap((vm) => {
    const resource = plan.resources.get(vm);
    // Blocked actions never run, so do not wait for them.
    const action = plan.actions.find((each) => each.resource === vm && !each.blocked)?.kind;
    const doing =
      action ??
      resource?.pending ??
      (resource === undefined || ["Started", "Stopped"].includes(resource.role) ? undefined : resource.role);
    return doing === undefined ? [] : [`${vm}: ${doing}`];
  });
}

/**
 * Waits until Pacemaker has nothing left to do with the VMs, and returns where they run. The constraint is in force
 * either way, so a passed deadline is reported, but is no failure.
 */
export async function waitUntilSettled(context: Context, vms: readonly string[]): Promise<Record<string, string>> {
  const begun = Date.now();
  for (let calm = 0; ;) {
    const plan = await readPending(context.cluster.runner);
    const left = unsettled(plan, vms);
    calm = left.length === 0 ? calm + 1 : 0;
    // Nothing may be visible between two steps of a move, so check twice.
    if (calm > 1) return nodesOf(plan.resources, vms);
    if (Date.now() - begun > deadlineOf(context) * 1000) {
      reportOf(context)(
        `Pacemaker has not come to rest within ${deadlineOf(context)} s (${left.join(", ")}); the constraint stands, and it goes on`,
      );
      return nodesOf(plan.resources, vms);
    }
    await sleep(400);
  }
}
