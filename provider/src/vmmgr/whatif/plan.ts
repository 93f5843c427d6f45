/** A plan for a cluster as CIB changes, which are simulated and never applied. */
import {
  CONSTRAINTS,
  deleteChange,
  diffElement,
  pathOf,
  type Cib,
  type CibChange,
  type XmlElement,
} from "../../cluster";
import { locationsByPrimitive } from "../guest/keepoff";
import { referencesOf } from "../form/parked-constraints";
import { guestBans, guestsOf, serviceChanges } from "./guests";
import type { Plan } from "./model";
import { enabledVm, otherVms, removedVms } from "./vms";

/** The plan without what it only names. Anything that the cluster lacks is still created: it existed before. */
function changedOnly(cib: Cib, plan: Plan): Plan {
  const named = new Set(plan.unchanged ?? []);
  const guests = new Set(guestsOf(cib).map(({ guest }) => guest));
  const constraints = new Set(cib.constraints.map(({ attrs }) => attrs["id"]));
  const without = <T>(
    list: readonly T[] | undefined,
    idOf: (each: T) => string,
    isThere: (id: string) => boolean,
  ): T[] => (list ?? []).filter((each) => !named.has(idOf(each)) || !isThere(idOf(each)));
  return {
    ...plan,
    vms: without(
      plan.vms,
      ({ name }) => name,
      (id) => cib.primitives.has(id),
    ),
    guests: without(
      plan.guests,
      ({ name }) => name,
      (id) => guests.has(id),
    ),
    services: without(
      plan.services,
      ({ name }) => name,
      (id) => cib.primitives.has(id),
    ),
    constraints: without(
      plan.constraints,
      ({ attrs }) => attrs["id"] ?? "",
      (id) => constraints.has(id),
    ),
  };
}

/** The CIB changes of a plan, VMs first, since constraints name them. */
export function planChanges(cib: Cib, plan: Plan, observer: string | undefined): CibChange[] {
  const present = new Map(cib.constraints.map((node) => [node.attrs["id"] ?? "", node]));
  const changed = changedOnly(cib, plan);
  const stays = whatStays(cib, changed);
  const standing = (list: readonly XmlElement[] = []) => list.filter((node) => referencesOf(node).every(stays));
  const made = standing(changed.constraints);
  const kept = new Set(standing(plan.constraints).map((node) => node.attrs["id"] ?? ""));
  const gone = new Set((plan.removedConstraints ?? []).filter((id) => !kept.has(id)));
  const locations = locationsByPrimitive(cib);
  return [
    ...[...gone].flatMap((id) => {
      const node = present.get(id);
      return node === undefined ? [] : [deleteChange(pathOf(CONSTRAINTS, node))];
    }),
    ...removedVms(cib, [...plan.removed, ...disabledBy(changed)], new Set([...kept, ...gone])),
    ...changed.vms
      .filter(({ enabled }) => enabled)
      .flatMap((spec) => enabledVm({ ...cib, constraints: locations.get(spec.name) ?? [] }, plan, spec, observer)),
    ...otherVms(cib, changed),
    ...guestBans(cib, changed),
    ...serviceChanges(cib, changed),
    ...made.flatMap((node) => diffElement(CONSTRAINTS, present.get(node.attrs["id"] ?? ""), node)),
  ];
}

const disabledBy = ({ vms }: Plan) => vms.filter(({ enabled }) => !enabled).map(({ name }) => name);

/** Whether Pacemaker has a resource after the plan: a constraint cannot name a missing one, and waits for it. */
function whatStays(cib: Cib, { vms, removed, services = [], removedServices = [] }: Plan): (id: string) => boolean {
  const enabled = new Map(vms.map(({ name, enabled }) => [name, enabled]));
  const made = new Set(services.map(({ name }) => name));
  const gone = new Set([...removed, ...removedServices]);
  return (id) => enabled.get(id) ?? (made.has(id) || (cib.primitives.has(id) && !gone.has(id)));
}

/**
 * The plan's new VMs in two other orders: programs that create VMs in parallel may use any. This shows the effect on
 * running VMs; the possible nodes of new VMs are known without it (candidates.ts), and each order costs a scheduler
 * run.
 */
export function otherOrders(cib: Cib, { vms }: Plan): string[][] {
  const fresh = vms.filter(({ name, enabled }) => enabled && !cib.primitives.has(name)).map(({ name }) => name);
  if (fresh.length < 2) return [];
  const reversed = [...fresh].reverse();
  const oddFirst = [...fresh.filter((_, index) => index % 2 === 1), ...fresh.filter((_, index) => index % 2 === 0)];
  // Two VMs have only one other order.
  return fresh.length === 2 ? [reversed] : [reversed, oddFirst];
}

/** The plan's VMs with failures counted by Pacemaker that the change retries, unless they are running. */
export function forgottenBy(cib: Cib, plan: Plan): string[] {
  const counted = new Set(cib.failCounts.map(({ resource }) => resource));
  const tried = changedOnly(cib, plan).vms.filter(({ enabled, started }) => enabled && started);
  return tried.map(({ name }) => name).filter((name) => counted.has(name));
}
