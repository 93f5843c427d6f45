/** vm-mgr's `add_colocation`: a colocation without an owner. */
import type { Context } from "../core/context";
import { Refused } from "../core/errors";
import { nameProblem } from "../form/names";
import { colocationRelation, type ColocationSpec } from "./colocation";
import { createRelation } from "./life";
import { contradictions } from "./refusals";

/**
 * Adds a colocation of enabled VMs, with vm-mgr's constraint.
 * @param spec without an owner: it can later be removed with `crm configure delete`, or adopted
 * @throws Refused, naming the VM; NotOwned if a constraint has that id
 */
export async function addColocation(context: Context, spec: Omit<ColocationSpec, "owner" | "adopt">): Promise<void> {
  const members = [spec.vm, ...spec.with];
  const relation = colocationRelation(spec);
  const refusals = members.flatMap((vm, index) => {
    const property = index === 0 ? "vm" : `with[${index - 1}]`;
    const reason = nameProblem(vm) ?? (members.indexOf(vm) < index ? `"${vm}" is named twice` : undefined);
    return reason === undefined ? [] : [{ property, reason }];
  });
  if (spec.with.length === 0) refusals.push({ property: "with", reason: "must name at least one VM" });
  if (refusals.length > 0)
    throw new Refused("create", relation.label, (await context.cluster.inventory()).node, refusals, "colocation");
  await createRelation(context, relation, ({ cib }) => contradictions(cib.constraints, spec));
}
