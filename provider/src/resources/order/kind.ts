/** `seapath.Order`: VMs that start one after another. */
import type { dynamic } from "@pulumi/pulumi";
import { z } from "zod";
import { orderId, orderNotices, orderRefusals, orderRelation, readOrder, type OrderSpec } from "../../vmmgr";
import { providerOf } from "../engine/kind";
import { named } from "../engine/schema";
import type { Dependencies } from "../engine/dependencies";
import type { Raw } from "../engine/values";
import { relationKind } from "../relation/kind";
import { others, refuseRepeated, relationCommon } from "../relation/members";

const schema = z
  .strictObject({
    first: named,
    then: others,
    sequential: z.boolean(),
    kind: z.enum(["mandatory", "optional", "serialize"], { error: 'must be "mandatory", "optional" or "serialize"' }),
    symmetrical: z.boolean(),
    ...relationCommon,
  })
  .superRefine((inputs, context) => {
    refuseRepeated(context, "then", inputs.first, inputs.then);
  });

type OrderInputs = z.infer<typeof schema>;

const specOf = ({ first, then, sequential, kind, symmetrical, adopt, owner }: OrderInputs): OrderSpec => ({
  first,
  then,
  sequential,
  kind,
  symmetrical,
  adopt,
  owner,
});

/** The provider of `seapath.Order`. */
export const orderProvider = (dependencies: Dependencies): dynamic.ResourceProvider<Raw, Raw> =>
  providerOf(
    relationKind<OrderInputs>(
      {
        type: "seapath.Order",
        noun: "order",
        schema,
        withDefaults: (inputs) => ({
          ...inputs,
          sequential: inputs["sequential"] ?? true,
          kind: inputs["kind"] ?? "mandatory",
          symmetrical: inputs["symmetrical"] ?? true,
          adopt: inputs["adopt"] ?? false,
        }),
        idOf: (inputs) => orderId(inputs),
        members: ["first", "then"],
        relation: (inputs) => orderRelation(specOf(inputs)),
        read: (elements, before) => (elements[0] === undefined ? {} : readOrder(elements[0], specOf(before))),
        refusals: (constraints, inputs) => orderRefusals(constraints, specOf(inputs)),
        notices: (inventory, inputs) => orderNotices(inventory, specOf(inputs)),
      },
      dependencies.planned,
    ),
    dependencies,
  );
