/**
 * Infers the removals of a plan that cannot list them itself: a policy sees what a program has, not what it no longer
 * has.
 */
import type { Cib } from "../../cluster";
import { ownerOf as ownerOfService } from "../guest/resource";
import { ownerOf as ownerOfConstraint } from "../relation/element";
import type { Plan } from "./model";

/** The plan with its removals. */
export interface AssumedPlan {
  plan: Plan;
  /** The VMs that it presumably removes. */
  removed: string[];
}

/**
 * Treats what a program has on the cluster but not in its plan as removed: VMs, and colocations, orders and guest
 * resources that carry its mark.
 * @param owner project and stack
 * @param owners of VMs
 */
export function withAssumed(
  cib: Cib,
  plan: Plan,
  owner: string | undefined,
  owners: Readonly<Record<string, string>>,
): AssumedPlan {
  if (owner === undefined) return { plan, removed: [] };
  const named = new Set([...plan.vms.map(({ name }) => name), ...plan.removed]);
  const removed = [...cib.primitives.keys()].filter((vm) => owners[vm] === owner && !named.has(vm));
  const services = new Set((plan.services ?? []).map(({ name }) => name));
  const gone = [...cib.primitives]
    .filter(([id, primitive]) => ownerOfService(primitive) === owner && !services.has(id))
    .map(([id]) => id);
  const constraints = cib.constraints.filter((node) => ownerOfConstraint(node)?.startsWith(`${owner}/`));
  return {
    removed,
    plan: {
      ...plan,
      removed: [...plan.removed, ...removed],
      removedServices: [...(plan.removedServices ?? []), ...gone],
      removedConstraints: [...(plan.removedConstraints ?? []), ...constraints.map(({ attrs }) => attrs["id"] ?? "")],
    },
  };
}
