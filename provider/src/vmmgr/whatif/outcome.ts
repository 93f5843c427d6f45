/** The outcome of a scheduler run for each VM. */
import { nvpairs, type Cib, type Simulation, type XmlElement } from "../../cluster";
import { closedClause, type ClosedNode } from "../core/closed-nodes";
import { keepsOff } from "../guest/keepoff";

/** The outcome for one VM. */
export interface Fate {
  vm: string;
  /** The node it runs on before; absent: none. */
  before?: string;
  /** The node it runs on afterwards; absent: none. */
  after?: string;
  /** Pacemaker's action: `start`, `stop`, `move` (stopped and started), `migrate` (live), `restart`, … */
  action?: string;
  /** The reason in Pacemaker's words, if given. */
  reason?: string;
  /** Why it runs nowhere although it should run. */
  unplaced?: string;
}

/** The input for evaluating the outcome. */
export interface Question {
  /** The remaining nodes of the cluster. */
  nodes: readonly string[];
  /** The location constraints in force, by primitive. */
  rules: ReadonlyMap<string, readonly XmlElement[]>;
  /** The ids of the strong colocations, by VM. */
  bonds: ReadonlyMap<string, readonly string[]>;
  /** The nodes that are closed after failures, by VM. */
  closed: ReadonlyMap<string, readonly ClosedNode[]>;
  vms: readonly string[];
  /** VMs that should run. */
  wanted: ReadonlySet<string>;
}

/**
 * The outcome for each VM.
 * @param lost a lost node: what ran there runs nowhere, unless it starts elsewhere
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

/** Why no node can take a VM, based on each node's score. */
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
    // Without a location constraint, the reason is another VM: one that it must run with, or apart from.
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

/** Whether a primitive should run, according to its own settings. */
export function isToRun(cib: Cib, vm: string): boolean {
  const meta = nvpairs(cib.primitives.get(vm), "meta_attributes");
  return meta["target-role"] !== "Stopped" && meta["is-managed"] !== "false";
}
