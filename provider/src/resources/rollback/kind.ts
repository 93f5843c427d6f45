/** `seapath.Rollback`: rolls a VM back to a snapshot on create, and when its triggers change. */
import { z } from "zod";
import {
  describeRollback,
  findRollback,
  moment,
  rollbackVm,
  vmDisks,
  type Context,
  type LastRollback,
} from "../../vmmgr";
import type { Kind, Observed } from "../engine/kind";
import { common, named, text } from "../engine/schema";
import { foretold, isDue, triggersSchema } from "../engine/triggers";

const rollbackSchema = z.strictObject({
  ...common,
  vm: named,
  snapshot: named,
  triggers: triggersSchema.optional(),
  owner: text,
});

type RollbackInputs = z.infer<typeof rollbackSchema>;

const COUNTED = ["snapshot", "triggers"] as const;

const observed = (inputs: RollbackInputs, last: LastRollback): Observed<RollbackInputs> => ({
  inputs,
  outputs: { rolledBack: moment(last.at), disks: last.disks },
});

/** Rollbacks that this run recreates, by owner: they run again although their triggers are unchanged. */
const anew = new Set<string>();

async function run(context: Context, inputs: RollbackInputs): Promise<Observed<RollbackInputs>> {
  const { vm, snapshot, triggers, owner } = inputs;
  const more = anew.delete(owner) ? [new Date().toISOString()] : [];
  return observed(
    inputs,
    await rollbackVm(context, { vm, snapshot, request: JSON.stringify([owner, triggers ?? null, ...more]) }),
  );
}

export const rollbackKind: Kind<RollbackInputs> = {
  type: "seapath.Rollback",
  noun: "rollback",
  schema: rollbackSchema,
  withDefaults: (inputs) => inputs,
  outputs: ["rolledBack", "disks"],
  replacedBy: ["vm"],
  beside: ["vm"],
  acts: true,
  comesBack: ({ owner }) => void anew.add(owner),
  idOf: ({ vm }) => vm,

  async refusals(cluster, inputs, intent, say, olds) {
    const { vm, snapshot } = inputs;
    if (vm === undefined || snapshot === undefined) return [];
    const due = foretold(olds, inputs, COUNTED, intent !== "update");
    if (due === undefined) return [];
    const inventory = await cluster.recentInventory();
    const found = findRollback(inventory, vm);
    if (found !== undefined) say(`${vm}: a rollback to ${found.snapshot} has not ended; it is carried on`);
    else if (vmDisks(inventory, vm).length > 0) say(`${due.prefix}${describeRollback(inventory, vm, snapshot)}`);
    // A missing VM or snapshot may be made before this resource's turn.
    return [];
  },

  create: run,

  // A rollback is over once done; it leaves nothing on the cluster to observe or change.
  async read(cluster, _id, before, state) {
    if (vmDisks(await cluster.recentInventory(), before.vm).length === 0) return undefined;
    return { inputs: before, outputs: { rolledBack: state["rolledBack"] ?? "", disks: state["disks"] ?? [] } };
  },

  async update(context, _id, inputs, state) {
    if (state["rolledBack"] !== "" && !isDue(state, inputs, COUNTED)) {
      return { inputs, outputs: { rolledBack: state["rolledBack"], disks: state["disks"] } };
    }
    return run(context, inputs);
  },

  delete(context, id) {
    context.report?.(`${id}: a rollback cannot be taken back: the VM stays as it is`);
    return Promise.resolve();
  },
};
