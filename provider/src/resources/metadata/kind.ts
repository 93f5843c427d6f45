/** `seapath.Metadata`: keys on a VM that belongs to another stack or tool. */
import type { dynamic } from "@pulumi/pulumi";
import { z } from "zod";
import { findKeys, keyRefusals, NotFound, removeKeys, setKeys, type Context, type KnownKeys } from "../../vmmgr";
import { providerOf, type Kind, type Observed } from "../engine/kind";
import { common, metadataValue, named, text } from "../engine/schema";
import type { Dependencies } from "../engine/dependencies";
import { formerOwner, strings, type Raw } from "../engine/values";

const schemaOf = (value: z.ZodString) =>
  z.strictObject({
    vm: named,
    metadata: z
      .record(
        named.refine((key) => key !== "vm_name", "is vm-mgr's own"),
        value,
      )
      .refine((map) => Object.keys(map).length > 0, "must have at least one key"),
    adopt: z.boolean(),
    owner: text,
    ...common,
  });
const schema = schemaOf(metadataValue.max(4096, "must have at most 4096 characters"));
/**
 * Other programs may have set values that are not allowed here; they are shown as they are, and the next `up` corrects
 * them.
 */
const stored = schemaOf(z.string());

type MetadataInputs = z.infer<typeof schema>;

const knownOf = (before: MetadataInputs, state: Raw): KnownKeys => ({
  owners: [before.owner, ...formerOwner(state, before)],
  keys: Object.keys((state["metadata"] as Raw | undefined) ?? {}),
});

async function write(context: Context, inputs: MetadataInputs, known: KnownKeys): Promise<Observed<MetadataInputs>> {
  const metadata = findKeys(await setKeys(context, known, inputs), inputs.vm, { owners: [inputs.owner], keys: [] });
  if (metadata === undefined)
    throw new NotFound(
      `The metadata of VM "${inputs.vm}" were set, and are gone again; someone removed them meanwhile`,
    );
  return { inputs: { ...inputs, metadata }, outputs: {} };
}

const kind = (dependencies: Dependencies): Kind<MetadataInputs> => ({
  type: "seapath.Metadata",
  noun: "metadata",
  schema,
  stored,
  withDefaults: (inputs) => ({ ...inputs, metadata: strings(inputs["metadata"]), adopt: inputs["adopt"] ?? false }),
  outputs: [],
  replacedBy: ["vm"],
  beside: ["vm"],
  follows: ["vm"],
  idOf: ({ vm }) => vm,

  async refusals(cluster, inputs, intent, _say, olds) {
    const whole = schema.safeParse(inputs);
    if (!whole.success) return [];
    // In an update, marks identify the state's keys; a key without a mark is checked again when it is written.
    const known = {
      owners: [whole.data.owner, ...formerOwner(olds, whole.data)],
      keys: intent === "update" ? Object.keys(whole.data.metadata) : [],
    };
    return keyRefusals(await cluster.recentInventory(), whole.data, known, dependencies.planned?.on(inputs.cluster));
  },
  create: (context, inputs) => write(context, inputs, { owners: [inputs.owner], keys: [] }),
  async read(cluster, _id, before, state) {
    const metadata = findKeys(await cluster.recentInventory(), before.vm, knownOf(before, state));
    return metadata === undefined ? undefined : { inputs: { ...before, metadata }, outputs: {} };
  },
  update: (context, _id, inputs, state) => write(context, inputs, knownOf(inputs, state)),
  delete: (context, _id, before, state) => removeKeys(context, before.vm, knownOf(before, state)),
});

/** The provider of `seapath.Metadata`. */
export const metadataProvider = (dependencies: Dependencies): dynamic.ResourceProvider<Raw, Raw> =>
  providerOf(kind(dependencies), dependencies);
