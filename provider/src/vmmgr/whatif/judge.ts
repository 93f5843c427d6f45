/** Combines the scheduler runs: where everything is after the change, and after each loss. */
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
  /** The plan creates, changes or removes it; otherwise it is foreign. */
  planned: boolean;
  /** The plan removes it: once stopped, it does not start again. */
  removed?: true;
  /** The plan changes something about it; otherwise it is only named, or moved by another change. */
  changed: boolean;
  /** The nodes it may end up on, depending on the order of creation. One node: certain. None: it should not run. */
  candidates: string[];
}

/** Something that belongs to a guest node; `vm` is its id. */
export interface Inside extends Placement {
  /** Pacemaker's connection to the guest node, or a primitive inside it. */
  kind: "guest node" | "guest resource";
}

/** The effect of losing a node. */
export interface Loss {
  node: string;
  fates: Fate[];
  /** The connections to guest nodes, and the resources inside them. */
  inside: Fate[];
  /** The remaining nodes, with their usage. */
  rooms: Room[];
  /** The outcome when the node returns, after its resources were recovered elsewhere. Only if requested. */
  back?: Fate[];
  /** Why that was not simulated although requested. */
  backNotSimulated?: string;
}

/** The combined result. */
export interface Verdict {
  placements: Placement[];
  inside: Inside[];
  /** The nodes' capacity, and what their VMs use of it after the change. */
  rooms: Room[];
  /** The effect of losing each hypervisor. */
  losses: Loss[];
}

/**
 * Evaluates all runs.
 * @param before the CIB without the plan
 * @param domains the needs of VMs that the CIB does not record
 */
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
  // All lists have the same elements in the same order.
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

/** The nodes closed after failures, once the change is done. The planned CIB lacks the failure counts. */
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

/** The removals of a plan, by kind. */
function removedBy({
  removed,
  removedGuests = [],
  removedServices = [],
}: Plan): (kind: "VM" | Inside["kind"], id: string) => { removed?: true } {
  const gone = { VM: removed, "guest node": removedGuests.map(({ name }) => name), "guest resource": removedServices };
  return (kind, id) => (gone[kind].includes(id) ? { removed: true } : {});
}

/** Everything that belongs to guest nodes, before the change or after it. */
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

/**
 * Everything that should run according to the planned CIB: VMs, the resources inside them, and the connections to those
 * that run.
 */
function wantedOf(cib: Cib, vms: readonly string[], inside: readonly { id: string }[]): Set<string> {
  const primitives = [...vms, ...inside.map(({ id }) => id)].filter((id) => cib.primitives.has(id) && isToRun(cib, id));
  const connections = guestsOf(cib)
    .filter(({ vm }) => isToRun(cib, vm))
    .map(({ guest }) => guest);
  return new Set([...primitives, ...connections]);
}
