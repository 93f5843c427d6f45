/** What is planned for a cluster, as changes of its CIB that are simulated and never applied. */
import { CONSTRAINTS, deleteChange, diffElement, pathOf, type Cib, type CibChange, type XmlElement } from "../../cluster";
import type { VmSpec } from "../model";
import { referencesOf } from "../parked";
import { disableChanges, enableChanges } from "../sync";

/** What is to be on the cluster, and what is to go. */
export interface Plan {
  /** VMs that are made or changed, in the order in which Pacemaker hears of them. */
  vms: readonly VmSpec[];
  /** VMs that are removed. */
  removed: readonly string[];
  /** Constraints that are made, or take the place of the ones of their ids. */
  constraints?: readonly XmlElement[];
  /** Ids of constraints that go. */
  removedConstraints?: readonly string[];
}

/** The changes of the CIB that a plan means, VMs first, since constraints name them. */
export function planChanges(cib: Cib, plan: Plan, observer: string | undefined): CibChange[] {
  const present = new Map(cib.constraints.map((node) => [node.attrs["id"] ?? "", node]));
  const made = (plan.constraints ?? []).filter((node) => referencesOf(node).every((id) => isEnabled(cib, plan, id)));
  const kept = new Set(made.map((node) => node.attrs["id"]));
  return [
    ...(plan.removedConstraints ?? []).filter((id) => !kept.has(id)).flatMap((id) => {
      const node = present.get(id);
      return node === undefined ? [] : [deleteChange(pathOf(CONSTRAINTS, node))];
    }),
    ...plan.removed.flatMap((vm) => disableChanges(cib, vm).changes),
    ...plan.vms.flatMap((spec) => {
      if (spec.enabled) return enableChanges(cib, spec, observer).changes;
      return cib.primitives.has(spec.name) ? disableChanges(cib, spec.name).changes : [];
    }),
    ...made.flatMap((node) => diffElement(CONSTRAINTS, present.get(node.attrs["id"] ?? ""), node)),
  ];
}

/** Whether Pacemaker has a resource once the plan is done: a constraint cannot name another one, and waits for it. */
function isEnabled(cib: Cib, { vms, removed }: Plan, id: string): boolean {
  const planned = vms.find(({ name }) => name === id);
  return planned === undefined ? cib.primitives.has(id) && !removed.includes(id) : planned.enabled;
}

/** The constraints of a CIB as they are with changes made, as far as constraints come and go. */
export function plannedConstraints(cib: Cib, changes: readonly CibChange[]): XmlElement[] {
  const of = (operation: string) => changes.filter(({ attrs }) => attrs["operation"] === operation);
  const gone = new Set(of("delete").map(({ attrs }) => attrs["path"] ?? ""));
  const made = of("create").filter(({ attrs }) => attrs["path"] === CONSTRAINTS).flatMap(({ children }) => children);
  return [...cib.constraints.filter((node) => !gone.has(pathOf(CONSTRAINTS, node))), ...made];
}

/** More orders than this say nothing new, and each costs a run of the scheduler. */
const ORDERS = 6;

/**
 * The plan with its new VMs in other orders. Programs that make VMs side by side make them in any; what comes out the
 * same in each does not depend on it.
 */
export function otherOrders(cib: Cib, plan: Plan): Plan[] {
  const fresh = plan.vms.filter((spec) => spec.enabled && !cib.primitives.has(spec.name));
  if (fresh.length < 2) return [];
  const rest = plan.vms.filter((spec) => !fresh.includes(spec));
  const rotations = fresh.slice(1).map((_, index) => [...fresh.slice(index + 1), ...fresh.slice(0, index + 1)]);
  const reversed = [...fresh].reverse();
  const evens = [...fresh.filter((_, index) => index % 2 === 1), ...fresh.filter((_, index) => index % 2 === 0)];
  const seen = new Set([fresh.map(({ name }) => name).join(" ")]);
  const orders: Plan[] = [];
  for (const order of [reversed, evens, ...rotations]) {
    const key = order.map(({ name }) => name).join(" ");
    if (seen.has(key) || orders.length >= ORDERS) continue;
    seen.add(key);
    orders.push({ ...plan, vms: [...rest, ...order] });
  }
  return orders;
}
