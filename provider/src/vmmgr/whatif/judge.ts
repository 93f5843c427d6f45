/** What the runs of the scheduler mean, taken together: where everything is after the change, and after each loss. */
import type { Cib, Simulation, Simulations } from "../../cluster";
import { closedNodes, type ClosedNode } from "../core/closed-nodes";
import { locationsByPrimitive } from "../guest/keepoff";
import { guestOf } from "../guest/resource";
import { isVm } from "./declared";
import { guestsOf } from "./guests";
import { fatesOf, isToRun, type Fate } from "./outcome";
import type { Plan } from "./model";
import { forgottenBy } from "./plan";
import { relationsOf } from "./relations";
import { touchedVms } from "./touched";
import { needsOf, roomOf, type Need, type NodeRoom, type Room } from "./room";

/** Where a VM is after the change. */
export interface Placement extends Fate {
  /** The plan makes, changes or removes it; otherwise it is of others. */
  planned: boolean;
  /** The plan removes it: what is stopped is not started again. */
  removed?: true;
  /** The plan changes something about it; otherwise it is only named, or taken along by what is changed. */
  changed: boolean;
  /** Where it may come to run, depending on the order of creation. One node: it is certain. None: it is not to run. */
  candidates: string[];
}

/** Something that belongs to a guest node: `vm` is its id. */
export interface Inside extends Placement {
  /** Pacemaker's connection to the guest node, or a primitive inside of it. */
  kind: "guest node" | "guest resource";
}

/** What the loss of a node leaves. */
export interface Loss {
  node: string;
  fates: Fate[];
  /** The connections to guest nodes, and what runs inside of them. */
  inside: Fate[];
  /** The nodes that are left, and what is taken of them. */
  rooms: Room[];
  /** What happens when the node comes back, what ran on it having been recovered. Only where it was asked for. */
  back?: Fate[];
  /** Why that was not simulated, though it was asked for. */
  backNotSimulated?: string;
}

/** What is judged. */
export interface Verdict {
  placements: Placement[];
  inside: Inside[];
  /** What the nodes have, and what their VMs take of it after the change. */
  rooms: Room[];
  /** What the loss of each hypervisor leaves. */
  losses: Loss[];
}

/** Judges all runs. @param before the CIB without the plan @param domains what VMs take of which the CIB does not say it */
export function judge(
  before: Cib,
  found: Simulations,
  plan: Plan,
  nodes: readonly NodeRoom[],
  domains: Readonly<Record<string, Need>>,
): Verdict {
  const { planned: cib } = found;
  const own = new Set([...plan.vms.map(({ name }) => name), ...plan.removed]);
  const vms = [
    ...new Set([...[...cib.primitives].filter(([, primitive]) => isVm(primitive)).map(([id]) => id), ...own]),
  ];
  const touched = touchedVms(before, cib, own);
  const guests = insideOf(cib, plan);
  const asked = {
    rules: locationsByPrimitive(cib),
    bonds: bondsOf(cib),
    closed: closedOf(before, found, vms, plan),
    wanted: wantedOf(cib, vms, guests),
  };
  const all = [...vms, ...guests.map(({ id }) => id)];
  const fates = (simulation: Simulation, lost?: string): Fate[] =>
    fatesOf(simulation, { ...asked, nodes: cib.nodes.filter((node) => node !== lost), vms: all }, lost);
  const split = (each: readonly Fate[]) => ({ fates: each.slice(0, vms.length), inside: each.slice(vms.length) });

  const baseline = fates(found.baseline);
  // Each is of the same in the same order.
  const orders = found.orders.map((simulation) => fates(simulation));
  const ends = (index: number) =>
    [baseline, ...orders].map((each) => each[index]?.after).filter((node) => node !== undefined);
  const placed = baseline.map((fate, index): Placement => ({
    ...fate,
    planned: own.has(fate.vm),
    changed: touched.has(fate.vm),
    candidates: [...new Set(ends(index))].sort(),
  }));
  const removed = removedBy(plan);
  const needs = needsOf(cib, plan.vms, domains);
  return {
    placements: placed.slice(0, vms.length).map((each) => ({ ...each, ...removed("VM", each.vm) })),
    inside: guests.flatMap(({ id, kind, planned }, index) => {
      const each = placed[vms.length + index];
      return each === undefined ? [] : [{ ...each, kind, planned, ...removed(kind, id) }];
    }),
    rooms: roomOf(nodes, split(baseline).fates, needs),
    losses: [...found.lost].map(([node, simulation]): Loss => {
      const left = split(fates(simulation, node));
      const rooms = roomOf(
        nodes.filter((each) => each.node !== node),
        left.fates,
        needs,
      );
      const back = found.back.get(node);
      if (back === undefined) return { node, ...left, rooms };
      return {
        node,
        ...left,
        rooms,
        ...(typeof back === "string" ? { backNotSimulated: back } : { back: split(fates(back)).fates }),
      };
    }),
  };
}

/** What failures close, as the change leaves it. The copy with the plan has no part that says it. */
function closedOf(
  before: Cib,
  { planned, baseline }: Simulations,
  vms: readonly string[],
  plan: Plan,
): Map<string, ClosedNode[]> {
  const runs = (vm: string) => (baseline.resources.get(vm)?.nodes.length ?? 0) > 0;
  const forgotten = new Set(forgottenBy(before, plan).filter((vm) => !runs(vm)));
  const { failCounts } = before;
  return new Map(vms.filter((vm) => !forgotten.has(vm)).map((vm) => [vm, closedNodes({ ...planned, failCounts }, vm)]));
}

/** The strong colocations of each VM, by their ids. */
function bondsOf(cib: Cib): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { id, strong, vms } of relationsOf(cib)) {
    for (const vm of strong ? vms : []) found.set(vm, [...new Set([...(found.get(vm) ?? []), id])]);
  }
  return found;
}

/** What of each kind a plan removes. */
function removedBy({
  removed,
  removedGuests = [],
  removedServices = [],
}: Plan): (kind: "VM" | Inside["kind"], id: string) => { removed?: true } {
  const gone = { VM: removed, "guest node": removedGuests.map(({ name }) => name), "guest resource": removedServices };
  return (kind, id) => (gone[kind].includes(id) ? { removed: true } : {});
}

/** What belongs to guest nodes: before the change, or after it. */
function insideOf(cib: Cib, plan: Plan): { id: string; kind: Inside["kind"]; planned: boolean }[] {
  const { guests = [], removedGuests = [], services = [], removedServices = [] } = plan;
  const list = (kind: Inside["kind"], there: readonly string[], named: readonly string[]) =>
    [...new Set([...there, ...named])].map((id) => ({ id, kind, planned: named.includes(id) }));
  const bound = [...cib.primitives]
    .filter(([id, primitive]) => !isVm(primitive) && guestOf(cib, id) !== undefined)
    .map(([id]) => id);
  return [
    ...list(
      "guest node",
      guestsOf(cib).map(({ guest }) => guest),
      [...guests, ...removedGuests].map(({ name }) => name),
    ),
    ...list("guest resource", bound, [...services.map(({ name }) => name), ...removedServices]),
  ];
}

/** What is to run, as the CIB with the change has it: VMs, what is inside of them, and the connections to those that run. */
function wantedOf(cib: Cib, vms: readonly string[], inside: readonly { id: string }[]): Set<string> {
  const primitives = [...vms, ...inside.map(({ id }) => id)].filter((id) => cib.primitives.has(id) && isToRun(cib, id));
  const connections = guestsOf(cib)
    .filter(({ vm }) => isToRun(cib, vm))
    .map(({ guest }) => guest);
  return new Set([...primitives, ...connections]);
}
