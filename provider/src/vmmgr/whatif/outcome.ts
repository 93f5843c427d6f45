/** What a run of the scheduler means for each VM. */
import { nvpairs, type Cib, type Simulation, type XmlElement } from "../../cluster";
import { closedClause, type ClosedNode } from "../core/closed-nodes";
import { keepsOff } from "../guest/keepoff";

/** What happens to one VM. */
export interface Fate {
  vm: string;
  /** Where it runs before; absent: nowhere. */
  before?: string;
  /** Where it runs afterwards; absent: nowhere. */
  after?: string;
  /** What Pacemaker does with it: `start`, `stop`, `move` (stopped and started), `migrate` (live), `restart`, … */
  action?: string;
  /** Why, in Pacemaker's words, where it says so. */
  reason?: string;
  /** It is to run, and runs nowhere: why. */
  unplaced?: string;
}

/** What the outcome is looked at for. */
export interface Question {
  /** The cluster's nodes that are left. */
  nodes: readonly string[];
  /** The location constraints that hold, by primitive. */
  rules: ReadonlyMap<string, readonly XmlElement[]>;
  /** The ids of the strong colocations, by VM. */
  bonds: ReadonlyMap<string, readonly string[]>;
  /** The nodes that are closed after failures, by VM. */
  closed: ReadonlyMap<string, readonly ClosedNode[]>;
  vms: readonly string[];
  /** VMs that are to run. */
  wanted: ReadonlySet<string>;
}

/**
 * What happens to each VM.
 * @param lost a node that is gone: what ran there runs nowhere, unless it is started elsewhere
 */
export function fatesOf(simulation: Simulation, asked: Question, lost?: string): Fate[] {
  const actions = new Map(
    simulation.actions.filter(({ blocked }) => !blocked).map((action) => [action.resource, action]),
  );
  const held = new Map(simulation.actions.filter(({ blocked }) => blocked).map((action) => [action.resource, action]));
  return asked.vms.map((vm): Fate => {
    const before = simulation.resources.get(vm)?.nodes[0];
    const action = actions.get(vm);
    const stays = before === lost ? undefined : before;
    const after = action === undefined ? stays : action.to;
    const fate: Fate = {
      vm,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(action === undefined
        ? {}
        : { action: action.kind, ...(action.reason === undefined ? {} : { reason: action.reason }) }),
    };
    if (after !== undefined || !asked.wanted.has(vm)) return fate;
    const blocked = held.get(vm);
    const why = blocked?.reason ?? action?.reason;
    return { ...fate, unplaced: whyUnplaced(simulation, asked, vm) ?? why ?? "Pacemaker does not say why" };
  });
}

/** Why no node takes a VM, from what each node is worth to it. */
function whyUnplaced(
  { scores, nodes: states }: Simulation,
  { nodes, rules, bonds, closed }: Question,
  vm: string,
): string | undefined {
  const own = scores.get(vm);
  if (own === undefined) return undefined;
  const reasons = nodes.map((node) => {
    const score = own.get(node);
    const state = states.find(({ name }) => name === node);
    if (state?.online === false) return `${node} is offline`;
    if (state?.standby === true) return `${node} is in standby`;
    if (score !== "-INFINITY") return `${node} has no room for it`;
    const failed = closed.get(vm)?.find((each) => each.node === node);
    if (failed !== undefined) return closedClause(failed);
    const banned = bansOn(rules.get(vm) ?? [], node);
    // Where no location says it, it is another VM: the one that it must be with, or must not.
    const ids = banned.length > 0 ? banned : [...(bonds.get(vm) ?? [])];
    return `${node} is kept from it${ids.length > 0 ? ` by ${ids.sort().join(", ")}` : ""}`;
  });
  return reasons.join("; ");
}

/** The constraints that keep a VM off a node: bans, rules, and a pin to another node. */
function bansOn(rules: readonly XmlElement[], node: string): string[] {
  return rules.flatMap((each) => {
    const { id = "", node: at, "resource-discovery": discovery } = each.attrs;
    if (keepsOff(each, node, "cluster")) return [id];
    return at !== undefined && at !== node && discovery === "exclusive" ? [id] : [];
  });
}

/** Whether a primitive is to run, as far as its own settings say. */
export function isToRun(cib: Cib, vm: string): boolean {
  const meta = nvpairs(cib.primitives.get(vm), "meta_attributes");
  return meta["target-role"] !== "Stopped" && meta["is-managed"] !== "false";
}
