/** Writes a CIB change and waits for its effect: the same for creating and changing a VM. */
import { CibConflict, ProgramError, type Inventory, type StorageOperation } from "../../cluster";
import { deadlineOf, reportOf, wantedOf, type Context } from "./context";
import type { VmSpec } from "../form/model";
import { findVm } from "../form/observe";
import type { Step } from "./steps";
import { undoChanges, type CibSync } from "../form/cib-changes";
import { waitFor } from "./wait";

/** The changes to write for a VM. */
export interface Plan {
  storage: readonly StorageOperation[];
  sync: CibSync;
  commands: readonly string[][];
}

const TRIES = 3;

/**
 * Writes the plan for the cluster as it was read. If another client has just changed the same elements, reads the
 * cluster again and replans.
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
      // The same changes would fail for the same reason: no retry.
      if (JSON.stringify(again.sync.changes) === JSON.stringify(made.sync.changes)) throw error;
      made = again;
    }
  }
}

const isCollision = (error: unknown) =>
  error instanceof CibConflict && error.cause instanceof ProgramError && error.cause.kind.startsWith("cib-");

/** Undoes a plan, as far as it was carried out. */
export async function undoPlan({ cluster }: Context, plan: Plan, restore: readonly StorageOperation[]): Promise<void> {
  const now = await cluster.inventory();
  await cluster.write({ storage: restore, changes: undoChanges(now.cib, plan.sync) });
}

/** The step that waits until the VM matches its spec. */
export const waitStep = (context: Context, spec: VmSpec, inventory: Inventory): Step => ({
  name: `waiting until it is ${spec.started ? "started" : "stopped"}`,
  act: () => waitFor(context.cluster, wantedOf(spec, inventory), deadlineOf(context), reportOf(context)),
  noUndo: "it only looks",
});

/** Whether Pacemaker runs the VM on any node. */
export const runsNow = ({ status }: Inventory, vm: string) => (status.resources.get(vm)?.nodes.length ?? 0) > 0;

/** The VM as just observed; it must exist. */
export function present<E extends Error>(inventory: Inventory, vm: string, otherwise: () => E) {
  const found = findVm(inventory, vm);
  if (found === undefined) throw otherwise();
  return found;
}
