/** Stops and starts a running guest, for a domain change that needs a restart. */
import { cleanup, type Inventory } from "../../cluster";
import { hasFailed } from "../core/closed-nodes";
import { undoPlan, waitStep, writePlan, type Plan } from "../core/apply";
import type { Context } from "../core/context";
import type { VmSpec } from "../form/model";
import type { Step } from "../core/steps";
import { enableChanges } from "../form/cib-changes";

/** Comes first, so that its undo is the last: once all is restored, the guest should run as before. */
export const runAgainStep = (context: Context, spec: VmSpec, inventory: Inventory): Step => ({
  name: "restarting it",
  act: () => Promise.resolve(),
  undo: async () => {
    const { cib, status } = await context.cluster.inventory();
    if (hasFailed({ cib, status }, spec.name)) await cleanup(context.cluster.runner, spec.name);
    await waitStep(context, spec, inventory).act();
  },
});

/** Waits for the stop that the primitive now demands, then starts the VM. */
export function restartSteps(context: Context, spec: VmSpec, inventory: Inventory): Step[] {
  let done: Plan | undefined;
  return [
    { ...waitStep(context, { ...spec, started: false }, inventory), name: "stopping it for its changed domain" },
    {
      name: "starting it with its changed domain",
      act: async () => {
        const seen = await context.cluster.inventory();
        done = await writePlan(context, seen, ({ cib, observer }) => ({
          storage: [],
          sync: enableChanges(cib, spec, observer),
          commands: [],
        }));
      },
      undo: async () => done && undoPlan(context, done, []),
    },
    waitStep(context, spec, inventory),
  ];
}
