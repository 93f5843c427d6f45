/** A VM with data disks, as vm-mgr's `create --additional-disk` creates it: completely, or not at all. */
import type { Inventory } from "../../cluster";
import { ChangeFailed, Refused, type Refusal } from "../core/errors";
import { createVm } from "../vm/create";
import type { Context } from "../core/context";
import { createDisk } from "../disk/create";
import { replaceVm, specOfObserved } from "../vm/lifecycle";
import { judgedFile, sourceQuestions } from "../core/image-source";
import type { FileSource, ObservedVm, VmSpec } from "../form/model";
import { removeVm } from "../vm/remove";
import { runSteps, type Step } from "../core/steps";
import { updateVm } from "../vm/update";

/** Creates a VM with a data disk per source, and starts it once it has all. @param force replaces a VM of that name */
export async function createWithDisks(
  context: Context,
  spec: VmSpec,
  sources: readonly FileSource[],
  force: boolean,
): Promise<ObservedVm> {
  const make = force ? replaceVm : createVm;
  if (sources.length === 0) return make(context, spec);
  const inventory = await context.cluster.inventory(await sourceQuestions(...sources));
  const refusals = sourceRefusals(inventory, sources);
  if (refusals.length > 0) throw new Refused("create", spec.name, inventory.node, refusals);
  const what = `Unable to create VM "${spec.name}" on ${inventory.node}`;
  let made: ObservedVm | undefined;
  const steps: Step[] = [
    {
      name: "making it with its system disk",
      act: async () => (made = await make(context, { ...spec, enabled: false })),
      undo: async () => {
        if (made !== undefined) await removeVm(context, spec.name);
      },
    },
    ...sources.map((source, index): Step => ({
      name: `making its data disk ${index}`,
      act: () =>
        createDisk(context, {
          vm: spec.name,
          index,
          source,
          bus: spec.diskBus,
          cache: "writeback",
          readOnly: false,
          retain: false,
        }),
      noUndo: "it goes with the VM",
    })),
  ];
  if (spec.enabled) {
    steps.push({
      name: "giving it to Pacemaker",
      act: async () => {
        if (made !== undefined)
          made = await updateVm(context, { ...specOfObserved(made), enabled: true, started: spec.started });
      },
      noUndo: "it goes with the VM",
    });
  }
  await runSteps(what, steps);
  if (made === undefined)
    throw new ChangeFailed(what, "looking at it again", new Error("it is gone; someone removed it meanwhile"), []);
  return made;
}

function sourceRefusals(inventory: Inventory, sources: readonly FileSource[]): Refusal[] {
  return sources.flatMap((source) =>
    judgedFile(inventory, source).refusals.map(({ reason }) => ({ property: "disks", reason })),
  );
}
