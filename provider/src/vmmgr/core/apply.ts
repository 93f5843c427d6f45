/** How a change of the CIB is put in, and its end waited for: the same for a VM that is made and one that is changed. */
import { CibConflict, ProgramError, type Inventory, type StorageOperation } from "../../cluster";
import { deadlineOf, reportOf, wantedOf, type Context } from "./context";
import type { VmSpec } from "../form/model";
import { findVm } from "../form/observe";
import type { Step } from "./steps";
import { undoChanges, type CibSync } from "../form/cib-changes";
import { waitFor } from "./wait";

/** What is to be written about a VM. */
export interface Plan {
  storage: readonly StorageOperation[];
  sync: CibSync;
  commands: readonly string[][];
}

const TRIES = 3;

/**
 * Writes what is planned for the cluster as it was seen. When somebody else has just changed the same elements it is
 * looked at again, and planned anew.
 * @returns the plan that was carried out
 * @throws CibConflict
 */
export async function writePlan(
  { cluster }: Context,
  inventory: Inventory,
  plan: (inventory: Inventory) => Plan,
): Promise<Plan> {
  let made = plan(inventory);
  for (let tries = 1; ; tries++) {
    try {
      await cluster.write({ storage: made.storage, changes: made.sync.changes, commands: made.commands });
      return made;
    } catch (error) {
      if (!isCollision(error) || tries >= TRIES) throw error;
      const again = plan(await cluster.inventory());
      // What would be refused for the same reason is not tried again.
      if (JSON.stringify(again.sync.changes) === JSON.stringify(made.sync.changes)) throw error;
      made = again;
    }
  }
}

const isCollision = (error: unknown) =>
  error instanceof CibConflict && error.cause instanceof ProgramError && error.cause.kind.startsWith("cib-");

/** Takes a plan back, as far as it was carried out. */
export async function undoPlan({ cluster }: Context, plan: Plan, restore: readonly StorageOperation[]): Promise<void> {
  const now = await cluster.inventory();
  await cluster.write({ storage: restore, changes: undoChanges(now.cib, plan.sync) });
}

/** The step that waits until the VM is as asked. */
export const waitStep = (context: Context, spec: VmSpec, inventory: Inventory): Step => ({
  name: `waiting until it is ${spec.started ? "started" : "stopped"}`,
  act: () => waitFor(context.cluster, wantedOf(spec, inventory), deadlineOf(context), reportOf(context)),
  noUndo: "it only looks",
});

/** Whether Pacemaker has the VM's guest run anywhere. */
export const runsNow = ({ status }: Inventory, vm: string) => (status.resources.get(vm)?.nodes.length ?? 0) > 0;

/** A VM as it was just observed, which has to be there. */
export function present<E extends Error>(inventory: Inventory, vm: string, otherwise: () => E) {
  const found = findVm(inventory, vm);
  if (found === undefined) throw otherwise();
  return found;
}
