/** `seapath.SnapshotRetention`: removes snapshots by a rule on create, and when its triggers change. */
import { z } from "zod";
import { describePurge, planOf, purgeSnapshots, vmDisks, type Context, type PurgeRule } from "../../vmmgr";
import { parseAge } from "../units/age";
import type { Kind, Observed } from "../engine/kind";
import { common, count, named } from "../engine/schema";
import { foretold, isDue, triggersSchema } from "../engine/triggers";

const age = z.union([z.string(), z.number()]).refine((value) => parseAge(value) !== undefined, {
  message: 'must be an age such as "7d", "36h" or "1w2d", or a number of seconds',
});

const retentionSchema = z
  .strictObject({
    ...common,
    vm: named,
    keepLast: count("snapshots", 0).optional(),
    keepWithin: age.optional(),
    purgeAll: z.boolean(),
    includeManaged: z.boolean(),
    includeProtected: z.boolean(),
    includeOthers: z.boolean(),
    includeBackups: z.boolean(),
    triggers: triggersSchema.optional(),
  })
  .superRefine(({ keepLast, keepWithin, purgeAll }, context) => {
    const keeps = keepLast !== undefined || keepWithin !== undefined;
    if (keeps !== purgeAll) return;
    const message = purgeAll
      ? "must not stand beside `keepLast` and `keepWithin`"
      : "is missing: give `keepLast`, `keepWithin` or `purgeAll: true`";
    context.addIssue({ code: "custom", path: [purgeAll ? "purgeAll" : "keepLast"], message });
  });

type RetentionInputs = z.infer<typeof retentionSchema>;

const COUNTED = [
  "keepLast",
  "keepWithin",
  "purgeAll",
  "includeManaged",
  "includeProtected",
  "includeOthers",
  "includeBackups",
  "triggers",
] as const;

function ruleOf({
  keepLast,
  keepWithin,
  purgeAll,
  includeManaged,
  includeProtected,
  includeOthers,
  includeBackups,
}: Partial<RetentionInputs>): PurgeRule {
  const within = keepWithin === undefined ? undefined : parseAge(keepWithin);
  return {
    ...(keepLast === undefined ? {} : { keepLast }),
    ...(within === undefined ? {} : { keepWithin: within }),
    purgeAll: purgeAll ?? false,
    includeManaged: includeManaged ?? false,
    includeProtected: includeProtected ?? false,
    includeOthers: includeOthers ?? false,
    includeBackups: includeBackups ?? false,
  };
}

async function run(context: Context, inputs: RetentionInputs): Promise<Observed<RetentionInputs>> {
  const { removed, kept } = await purgeSnapshots(context, inputs.vm, ruleOf(inputs));
  return { inputs, outputs: { removed, kept } };
}

export const retentionKind: Kind<RetentionInputs> = {
  type: "seapath.SnapshotRetention",
  noun: "snapshot retention",
  schema: retentionSchema,
  withDefaults: (inputs) => ({
    purgeAll: false,
    includeManaged: false,
    includeProtected: false,
    includeOthers: false,
    includeBackups: false,
    ...inputs,
  }),
  outputs: ["removed", "kept"],
  replacedBy: ["vm"],
  beside: ["vm"],
  acts: true,
  idOf: ({ vm }) => vm,

  async refusals(cluster, inputs, intent, say, olds) {
    const { vm } = inputs;
    const whole = inputs.purgeAll === true || inputs.keepLast !== undefined || inputs.keepWithin !== undefined;
    if (vm === undefined || !whole) return [];
    const due = foretold(olds, inputs, COUNTED, intent !== "update");
    if (due === undefined) return [];
    const inventory = await cluster.recentInventory();
    if (vmDisks(inventory, vm).length === 0) return [];
    say(`${due.prefix}${describePurge(vm, planOf(inventory, vm, ruleOf(inputs)))}`);
    return [];
  },

  create: run,

  async read(cluster, _id, before, state) {
    if (vmDisks(await cluster.recentInventory(), before.vm).length === 0) return undefined;
    return { inputs: before, outputs: { removed: state["removed"] ?? [], kept: state["kept"] ?? [] } };
  },

  async update(context, _id, inputs, state) {
    if (Array.isArray(state["kept"]) && !isDue(state, inputs, COUNTED)) {
      return { inputs, outputs: { removed: state["removed"], kept: state["kept"] } };
    }
    return run(context, inputs);
  },

  delete(context, id) {
    context.report?.(`${id}: snapshots that the retention has removed do not come back; those that are there stay`);
    return Promise.resolve();
  },
};
