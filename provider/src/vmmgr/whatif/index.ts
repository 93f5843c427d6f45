/** Where VMs will run, before anything is changed: Pacemaker's own scheduler on a copy of what the cluster is told. */
import { parseCib, simulate, type Cluster, type Simulation, type Simulations, type Cib } from "../../cluster";
import { fatesOf, isToRun, type Fate } from "./outcome";
import { otherOrders, planChanges, plannedConstraints, type Plan } from "./plan";
import { needsOf, nodesRoom, roomOf, type NodeRoom, type Room } from "./room";
import type { SavedCluster } from "./saved";

export type { Fate } from "./outcome";
export type { Plan } from "./plan";
export type { Need, NodeRoom, Room } from "./room";
export { parseSaved, type SavedCluster } from "./saved";

/** Where a VM is after the change. */
export interface Placement extends Fate {
  /** The plan makes, changes or removes it; otherwise it is of others. */
  planned: boolean;
  /** Where it may come to run, depending on the order of creation. One node: it is certain. None: it is not to run. */
  candidates: string[];
}

/** What a plan means. */
export interface WhatIf {
  /** `admin_epoch.epoch` of the CIB that was looked at: a cluster that has another one has changed since. */
  epoch: string;
  /** What it was made of, to be saved for machines that cannot reach the cluster. */
  saved: SavedCluster;
  /** What `crm_verify` has against the CIB with the plan; absent when it is valid. */
  invalid?: string;
  /** The nodes that may run VMs. */
  hypervisors: string[];
  observer?: string;
  placements: Placement[];
  /** What the nodes have, and what their VMs take of it after the change. */
  rooms: Room[];
  /** What the loss of each hypervisor leaves. */
  losses: Loss[];
}

/** What the loss of a node leaves. */
export interface Loss {
  node: string;
  fates: Fate[];
  /** The nodes that are left, and what is taken of them. */
  rooms: Room[];
}

/** Where the what-if begins. */
export interface WhatIfOptions {
  /** A cluster that was saved, in place of the one of now. */
  saved?: SavedCluster;
}

/**
 * Simulates a plan: at most three round trips, nothing is changed.
 * @throws ProgramError when the plan does not fit the CIB; ParseError when the scheduler's answer is cut off
 */
export async function whatIf(cluster: Cluster, plan: Plan, { saved }: WhatIfOptions = {}): Promise<WhatIf> {
  const inventory = saved === undefined ? await cluster.inventory() : undefined;
  const cib = inventory?.cib ?? parseCib(saved?.cib ?? "");
  const observer = inventory === undefined ? saved?.observer : inventory.observer;
  const hypervisors = cib.nodes.filter((node) => node !== observer);
  const found = await simulate(cluster.runner, {
    ...(saved === undefined ? {} : { cib: saved.cib }),
    changes: [plan, ...otherOrders(cib, plan)].map((each) => planChanges(cib, each, observer)),
    lose: hypervisors,
  });
  const nodes = saved === undefined ? await nodesRoom(cluster, hypervisors) : hypervisors.map((node) => saved.nodes.find((each) => each.node === node) ?? { node });
  return {
    epoch: found.cib.epoch,
    saved: { cib: found.cibText, nodes, ...(observer === undefined ? {} : { observer }) },
    ...(found.verified.valid ? {} : { invalid: found.verified.words }),
    hypervisors,
    ...(observer === undefined ? {} : { observer }),
    ...judge(found, plan, observer, nodes),
  };
}

function judge(
  found: Simulations,
  plan: Plan,
  observer: string | undefined,
  nodes: readonly NodeRoom[],
): Pick<WhatIf, "placements" | "losses" | "rooms"> {
  const planned = new Set([...plan.vms.map(({ name }) => name), ...plan.removed]);
  const vms = [...new Set([...vmsOf(found.cib), ...planned])];
  const wanted = new Set(vms.filter((vm) => isWanted(found.cib, plan, vm)));
  const rules = plannedConstraints(found.cib, planChanges(found.cib, plan, observer));
  const fates = (simulation: Simulation, lost?: string): Fate[] =>
    fatesOf(simulation, { nodes: found.cib.nodes.filter((node) => node !== lost), rules, vms, wanted }, lost);
  const baseline = fates(found.baseline);
  // Each is of the same VMs in the same order.
  const orders = found.orders.map((simulation) => fates(simulation));
  const needs = needsOf(found.cib, plan.vms);
  const losses = [...found.lost].map(([node, simulation]): Loss => {
    const left = fates(simulation, node);
    return { node, fates: left, rooms: roomOf(nodes.filter((each) => each.node !== node), left, needs) };
  });
  return {
    rooms: roomOf(nodes, baseline, needs),
    losses,
    placements: baseline.map((fate, index) => {
      const ends = [fate, ...orders.map((each) => each[index])].map((each) => each?.after);
      const candidates = [...new Set(ends.filter((node) => node !== undefined))].sort();
      return { ...fate, planned: planned.has(fate.vm), candidates };
    }),
  };
}

/** The primitives that are VMs. */
const vmsOf = (cib: Cib) =>
  [...cib.primitives].filter(([, { attrs }]) => attrs["type"] === "VirtualDomain").map(([id]) => id);

function isWanted(cib: Cib, plan: Plan, vm: string): boolean {
  if (plan.removed.includes(vm)) return false;
  const spec = plan.vms.find(({ name }) => name === vm);
  return spec === undefined ? isToRun(cib, vm) : spec.enabled && spec.started;
}
