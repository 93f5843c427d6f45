/** `seapath.Colocation`: VMs together, or apart. */
import type { dynamic } from "@pulumi/pulumi";
import { z } from "zod";
import {
  colocationId,
  colocationNotices,
  colocationRelation,
  contradictions,
  contradictionRefusals,
  readColocation,
  type ColocationSpec,
} from "../../vmmgr";
import { providerOf } from "../engine/kind";
import { named } from "../engine/schema";
import type { Dependencies } from "../engine/dependencies";
import type { Raw } from "../engine/values";
import { relationKind } from "../relation/kind";
import { others, refuseRepeated, relationCommon } from "../relation/members";

const schema = z
  .strictObject({
    vm: named,
    with: others,
    strong: z.boolean(),
    apart: z.boolean(),
    score: z
      .number({ error: "must be a whole number" })
      .int("must be a whole number")
      .min(1, "must be at least 1; for VMs apart say `apart: true`")
      .max(999_999, "must be less than 1000000, which is `strong: true`")
      .optional(),
    ...relationCommon,
  })
  .superRefine((inputs, context) => {
    refuseRepeated(context, "with", inputs.vm, inputs.with);
    if (inputs.strong && inputs.score !== undefined) {
      context.addIssue({
        code: "custom",
        path: ["score"],
        message: "must not stand beside `strong: true`, whose score is INFINITY",
      });
    }
  });

type ColocationInputs = z.infer<typeof schema>;

function specOf({ vm, with: those, strong, apart, score, adopt, owner }: ColocationInputs): ColocationSpec {
  return { vm, with: those, strong, apart, ...(score === undefined ? {} : { score }), adopt, owner };
}

/** The provider of `seapath.Colocation`. */
export const colocationProvider = (dependencies: Dependencies): dynamic.ResourceProvider<Raw, Raw> =>
  providerOf(
    relationKind<ColocationInputs>(
      {
        type: "seapath.Colocation",
        noun: "colocation",
        schema,
        withDefaults: (inputs) => ({
          ...inputs,
          strong: inputs["strong"] ?? false,
          apart: inputs["apart"] ?? false,
          adopt: inputs["adopt"] ?? false,
        }),
        idOf: (inputs) => colocationId(inputs),
        members: ["vm", "with"],
        relation: (inputs) => colocationRelation(specOf(inputs)),
        read: (elements, before) => {
          // A score of 700 is the default: show it only if the user gave it.
          const read = readColocation(elements, specOf(before));
          return !read.strong && read.score === undefined && before.score === 700 ? { ...read, score: 700 } : read;
        },
        refusals: (constraints, inputs) => contradictions(constraints, specOf(inputs)),
        never: (inventory, inputs, planned) => contradictionRefusals(inventory, specOf(inputs), planned),
        notices: (inventory, inputs, planned) => colocationNotices(inventory, specOf(inputs), planned),
      },
      dependencies.planned,
    ),
    dependencies,
  );
