/** What is planned for a cluster, as changes of its CIB that are simulated and never applied. */
import { CONSTRAINTS, deleteChange, diffElement, pathOf, type Cib, type CibChange } from "../../cluster";
import { locationsByPrimitive } from "../guest/keepoff";
import { referencesOf } from "../parked";
import { guestBans, serviceChanges } from "./guests";
import type { Plan } from "./model";
import { enabledVm, otherVms, removedVms } from "./vms";

/** The changes of the CIB that a plan means, VMs first, since constraints name them. */
export function planChanges(cib: Cib, plan: Plan, observer: string | undefined): CibChange[] {
  const present = new Map(cib.constraints.map((node) => [node.attrs["id"] ?? "", node]));
  const stays = whatStays(cib, plan);
  const made = (plan.constraints ?? []).filter((node) => referencesOf(node).every(stays));
  const kept = new Set(made.map((node) => node.attrs["id"] ?? ""));
  const gone = new Set((plan.removedConstraints ?? []).filter((id) => !kept.has(id)));
  const locations = locationsByPrimitive(cib);
  return [
    ...[...gone].flatMap((id) => {
      const node = present.get(id);
      return node === undefined ? [] : [deleteChange(pathOf(CONSTRAINTS, node))];
    }),
    ...removedVms(cib, [...plan.removed, ...disabledBy(plan)], new Set([...kept, ...gone])),
    ...plan.vms.filter(({ enabled }) => enabled).flatMap((spec) =>
      enabledVm({ ...cib, constraints: locations.get(spec.name) ?? [] }, plan, spec, observer)),
    ...otherVms(cib, plan),
    ...guestBans(cib, plan),
    ...serviceChanges(cib, plan),
    ...made.flatMap((node) => diffElement(CONSTRAINTS, present.get(node.attrs["id"] ?? ""), node)),
  ];
}

const disabledBy = ({ vms }: Plan) => vms.filter(({ enabled }) => !enabled).map(({ name }) => name);

/** Which resources Pacemaker has once the plan is done: a constraint cannot name another one, and waits for it. */
function whatStays(cib: Cib, { vms, removed, services = [], removedServices = [] }: Plan): (id: string) => boolean {
  const enabled = new Map(vms.map(({ name, enabled }) => [name, enabled]));
  const made = new Set(services.map(({ name }) => name));
  const gone = new Set([...removed, ...removedServices]);
  return (id) => enabled.get(id) ?? (made.has(id) || (cib.primitives.has(id) && !gone.has(id)));
}

/** What becomes of those that run; where new VMs may come to run is known without (candidates.ts). Each costs a run of the scheduler. */
const ORDERS = 2;

/**
 * The plan's new VMs in other orders. Programs that make VMs side by side make them in any; what comes out the same in each
 * does not depend on it.
 */
export function otherOrders(cib: Cib, { vms }: Plan): string[][] {
  const fresh = vms.filter(({ name, enabled }) => enabled && !cib.primitives.has(name)).map(({ name }) => name);
  if (fresh.length < 2) return [];
  const orders = new Map([[fresh.join(" "), fresh]]);
  for (const order of shuffles(fresh)) {
    orders.set(order.join(" "), order);
    if (orders.size > ORDERS) break;
  }
  return [...orders.values()].slice(1);
}

function* shuffles(fresh: readonly string[]): Generator<string[]> {
  yield [...fresh].reverse();
  yield [...fresh.filter((_, index) => index % 2 === 1), ...fresh.filter((_, index) => index % 2 === 0)];
  for (let first = 1; first < fresh.length; first += 1) yield [...fresh.slice(first), ...fresh.slice(0, first)];
}
