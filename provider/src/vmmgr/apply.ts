/** How a change of the CIB is put in, and its end waited for: the same for a VM that is made and one that is changed. */
import { changeCib, type CibChange, type Inventory } from "../cluster";
import { deadlineOf, reportOf, wantedOf, type Context } from "./context";
import type { VmSpec } from "./model";
import type { Step } from "./steps";
import { waitFor } from "./wait";

/** Puts changes into the CIB, with what the user's crm commands make where there are any. */
export async function applySync(
  { cluster }: Context,
  changes: readonly CibChange[],
  commands: readonly string[][],
): Promise<void> {
  if (commands.length > 0) await changeCib(cluster.runner, changes, commands);
  else await cluster.changeCib(changes);
}

/** The step that waits until the VM is as asked. */
export const waitStep = (context: Context, spec: VmSpec, inventory: Inventory): Step => ({
  name: `waiting until it is ${spec.started ? "started" : "stopped"}`,
  act: () => waitFor(context.cluster, wantedOf(spec, inventory), deadlineOf(context), reportOf(context)),
  noUndo: "it only looks",
});
