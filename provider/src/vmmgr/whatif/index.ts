/** Where VMs will run, before anything is changed: Pacemaker's own scheduler on a copy of what the cluster is told. */
import { parseCib, simulate, type Cluster, type Simulation, type Simulations, type Cib } from "../../cluster";
import { hypervisorsOf } from "../context";
import { isToRun, outcomeOf, type Fate, type Outcome } from "./outcome";
import { otherOrders, planChanges, plannedConstraints, type Plan } from "./plan";

export type { Fate, Outcome } from "./outcome";
export type { Plan } from "./plan";

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
  /** The CIB it was made of, to be saved for machines that cannot reach the cluster. */
  cib: string;
  /** What `crm_verify` has against the CIB with the plan; absent when it is valid. */
  invalid?: string;
  /** The nodes that may run VMs. */
  hypervisors: string[];
  observer?: string;
  placements: Placement[];
  /** Where everything is after the loss of a node, by its name. */
  losses: Map<string, Fate[]>;
}

/** Where the what-if begins. */
export interface WhatIfOptions {
  /** A CIB that was saved, in place of the cluster's own. */
  cib?: string;
  /** The observer, where the CIB alone is looked at. @default as the cluster says */
  observer?: string;
}

/**
 * Simulates a plan: at most two round trips, nothing is changed.
 * @throws ProgramError when the plan does not fit the CIB; ParseError when the scheduler's answer is cut off
 */
export async function whatIf(cluster: Cluster, plan: Plan, options: WhatIfOptions = {}): Promise<WhatIf> {
  const inventory = options.cib === undefined ? await cluster.inventory() : undefined;
  const cib = inventory?.cib ?? parseCib(options.cib ?? "");
  const observer = options.observer ?? inventory?.observer;
  const hypervisors = inventory === undefined ? cib.nodes.filter((node) => node !== observer) : hypervisorsOf(inventory);
  const plans = [plan, ...otherOrders(cib, plan)];
  const found = await simulate(cluster.runner, {
    ...(options.cib === undefined ? {} : { cib: options.cib }),
    changes: plans.map((each) => planChanges(cib, each, observer)),
    lose: hypervisors,
  });
  return {
    epoch: found.cib.epoch,
    cib: found.cibText,
    ...(found.verified.valid ? {} : { invalid: found.verified.words }),
    hypervisors,
    ...(observer === undefined ? {} : { observer }),
    ...judge(found, plan, observer),
  };
}

function judge(found: Simulations, plan: Plan, observer: string | undefined): Pick<WhatIf, "placements" | "losses"> {
  const planned = new Set([...plan.vms.map(({ name }) => name), ...plan.removed]);
  const vms = [...new Set([...vmsOf(found.cib), ...planned])];
  const wanted = new Set(vms.filter((vm) => isWanted(found.cib, plan, vm)));
  const rules = plannedConstraints(found.cib, planChanges(found.cib, plan, observer));
  const outcome = (simulation: Simulation, lost?: string): Outcome =>
    outcomeOf(simulation, { nodes: found.cib.nodes.filter((node) => node !== lost), rules, vms, wanted }, lost);
  const baseline = outcome(found.baseline);
  const orders = found.orders.map((simulation) => outcome(simulation));
  return {
    placements: vms.map((vm) => {
      const fate = baseline.fates.get(vm) ?? { vm };
      const ends = [fate, ...orders.map(({ fates }) => fates.get(vm))].map((each) => each?.after);
      const candidates = [...new Set(ends.filter((node) => node !== undefined))].sort();
      return { ...fate, planned: planned.has(vm), candidates };
    }),
    losses: new Map([...found.lost].map(([node, simulation]) => [node, [...outcome(simulation, node).fates.values()]])),
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
