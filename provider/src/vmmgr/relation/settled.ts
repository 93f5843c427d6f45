/** Waiting until Pacemaker has made what a constraint asks of VMs. */
import { setTimeout as sleep } from "node:timers/promises";
import { readPending, type Inventory, type Simulation } from "../../cluster";
import { deadlineOf, reportOf, type Context } from "../core/context";

/** Where each VM runs; empty for one that runs nowhere. */
export const nodesOf = (resources: Inventory["status"]["resources"], vms: readonly string[]): Record<string, string> =>
  Object.fromEntries(vms.map((vm) => [vm, resources.get(vm)?.nodes.join(", ") ?? ""]));

/** What Pacemaker is still about to do with the VMs, a word or two each. */
export function unsettled(plan: Simulation, vms: readonly string[]): string[] {
  return vms.flatMap((vm) => {
    const resource = plan.resources.get(vm);
    // What is blocked is not done, however long one waits.
    const action = plan.actions.find((each) => each.resource === vm && !each.blocked)?.kind;
    const doing =
      action ??
      resource?.pending ??
      (resource === undefined || ["Started", "Stopped"].includes(resource.role) ? undefined : resource.role);
    return doing === undefined ? [] : [`${vm}: ${doing}`];
  });
}

/**
 * Waits until nothing is left to be done with the VMs, and returns where they run. The constraint holds whether that
 * comes or not, so a deadline that passes is said and is no failure.
 */
export async function waitUntilSettled(context: Context, vms: readonly string[]): Promise<Record<string, string>> {
  const begun = Date.now();
  for (let calm = 0; ;) {
    const plan = await readPending(context.cluster.runner);
    const left = unsettled(plan, vms);
    calm = left.length === 0 ? calm + 1 : 0;
    // Between two steps of a move there may be nothing to be seen of it: it is looked at twice.
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
