/** Pacemaker's scheduler on a copy of the CIB: `crm_simulate`, run on a node, so that its version is the cluster's. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { parseCib, type Cib } from "./cib";
import { ParseError } from "./errors";
import { renderPatch, type CibChange } from "./patch";
import { runProgram } from "./program";
import { readNodes, readResources, type NodeStatus, type ResourceStatus } from "./status";
import { child, children, parseXml, type XmlElement } from "./xml";

/** An action that the scheduler would start. */
export interface SimulatedAction {
  resource: string;
  /** `start`, `stop`, `move` (stop and start), `migrate` (live), `restart`, `recover`, `reload`, … */
  kind: string;
  /** Where it runs before the action. */
  from?: string;
  /** Where it runs after the action. */
  to?: string;
  /** In Pacemaker's words, if it gives a reason: `node availability`. */
  reason?: string;
  /** The scheduler wants it, but something else prevents it. */
  blocked: boolean;
}

/** One run of the scheduler. */
export interface Simulation {
  /** The state before the run: the cluster's nodes, and guest nodes. */
  nodes: NodeStatus[];
  /** The state before the run. */
  resources: Map<string, ResourceStatus>;
  actions: SimulatedAction[];
  /** Each resource's score for each node; `-INFINITY` is never. Only if requested. */
  scores: Map<string, Map<string, string>>;
}

/** The input of a simulation. */
export interface SimulationRequest {
  /**
   * A saved, well-formed CIB: the scheduler takes a truncated one for an empty cluster. Without it: the current one.
   */
  cib?: string;
  changes: readonly CibChange[];
  /** Other creation orders of the primitives in the changes, to find out what depends on the order. */
  orders?: readonly (readonly string[])[];
  /** Resources whose failures the change clears, if they are not running: every node is tried again. */
  forgotten?: readonly string[];
  /** Nodes that are in standby, whatever the CIB says. */
  standby?: readonly string[];
  /** Nodes to lose afterwards, one at a time. */
  lose: readonly string[];
  /** Whether each of them comes back after that. */
  failback?: boolean;
  /** Whether to return the initial CIB. */
  keep?: boolean;
  /**
   * Whether the cluster fences nodes, as it reads its configuration itself: the returned CIB states it for any
   * Pacemaker version.
   */
  fencing?: boolean;
}

export interface Simulations {
  /**
   * The initial CIB, as text and without anything that looks like a secret; the scheduler's answer stays the same. Only
   * if requested.
   */
  kept?: string;
  /** The CIB with the changes, without the status. */
  planned: Cib;
  /** `crm_verify`'s verdict on the CIB with the changes. */
  verified: { valid: boolean; words: string };
  baseline: Simulation;
  orders: Simulation[];
  lost: Map<string, Simulation>;
  /** What happens when a lost node comes back, or why that was not simulated. */
  back: Map<string, Simulation | string>;
}

const answerSchema = z.object({
  kept: z.string().nullish(),
  planned: z.string(),
  verified: z.object({ valid: z.boolean(), words: z.string() }),
  baseline: z.array(z.string()).min(1),
  orders: z.array(z.string()),
  lost: z.record(z.string(), z.array(z.string()).min(1)),
  back: z.record(z.string(), z.union([z.object({ answer: z.string() }), z.object({ not: z.string() })])).default({}),
});

/**
 * Runs the scheduler on the CIB with the changes, and once more for each node lost afterwards.
 * @throws ProgramError if the changes do not fit the CIB; ParseError if an answer is truncated or empty
 */
export async function simulate(runner: Runner, request: SimulationRequest): Promise<Simulations> {
  const { changes, ...rest } = request;
  const patch = changes.length === 0 ? "" : renderPatch(changes);
  const answer = await runProgram(runner, "simulate", { ...rest, patch }, { readOnly: true, timeoutMs: 300_000 });
  const found = readAs(answerSchema, answer, "the simulate program");
  const planned = parseCib(found.planned);
  const baseline = parseRuns(found.baseline);
  // For truncated input, it reports "no resources" and exits with code 0.
  const missing = [...planned.primitives.keys()].filter((id) => !baseline.resources.has(id));
  if (missing.length > 0)
    throw new ParseError("crm_simulate", `it does not know ${missing.join(", ")}`, found.baseline.join("\n"));
  return {
    ...(found.kept == null ? {} : { kept: found.kept }),
    planned,
    verified: found.verified,
    baseline,
    orders: found.orders.map(parseSimulation),
    lost: new Map(Object.entries(found.lost).map(([node, runs]) => [node, parseRuns(runs)])),
    back: new Map(
      Object.entries(found.back).map(([node, each]) => [node, "not" in each ? each.not : parseSimulation(each.answer)]),
    ),
  };
}

/** What Pacemaker is about to do, and the state of its resources. Asking does not trigger anything. */
export async function readPending(runner: Runner): Promise<Simulation> {
  const argv = ["crm_simulate", "--live-check", "--run", "--output-as=xml"];
  return parseSimulation((await runner.run({ argv, readOnly: true })).stdout);
}

/** Parses the output of `crm_simulate --output-as=xml`. */
export function parseSimulation(text: string): Simulation {
  const root = parseXml(text, "crm_simulate");
  const code = child(root, "status")?.attrs["code"];
  if (root.name !== "pacemaker-result" || code !== "0") {
    throw new ParseError("crm_simulate", `its status is ${code ?? "missing"}`, text);
  }
  const actions = child(root, "actions");
  if (actions === undefined) throw new ParseError("crm_simulate", "it has no actions, not even none", text);
  const status = child(root, "cluster_status");
  const nodes = child(status, "nodes");
  // It prints no resources element if there are none.
  if (nodes === undefined) throw new ParseError("crm_simulate", "it does not say where everything is before", text);
  const scores = new Map<string, Map<string, string>>();
  for (const { attrs } of children(
    child(root, "allocations") ?? child(root, "allocations_utilizations"),
    "node_weight",
  )) {
    const [id, node] = [attrs["id"] ?? "", attrs["node"] ?? ""];
    scores.set(id, (scores.get(id) ?? new Map<string, string>()).set(node, attrs["score"] ?? ""));
  }
  return {
    nodes: readNodes(nodes),
    resources: readResources(child(status, "resources")),
    actions: children(actions, "rsc_action").map(readAction),
    scores,
  };
}

/** Merges successive scheduler runs: the state before the first one, and the actions of all. */
function parseRuns(texts: readonly string[]): Simulation {
  const runs = texts.map(parseSimulation);
  const actions = new Map<string, SimulatedAction>();
  for (const action of runs.flatMap((run) => run.actions)) {
    const before = actions.get(action.resource);
    actions.set(action.resource, before === undefined || before.blocked ? action : inTurn(before, action));
  }
  const [first] = runs;
  return {
    nodes: first?.nodes ?? [],
    resources: first?.resources ?? new Map(),
    actions: [...actions.values()],
    scores: runs.at(-1)?.scores ?? new Map(),
  };
}

/** Merges two actions on a resource: what happens first, and where it ends. */
function inTurn(first: SimulatedAction, then: SimulatedAction): SimulatedAction {
  if (then.blocked) return first;
  const {
    from: _from,
    to: _to,
    ...rest
  } = then.to === undefined ? then : first.to === undefined ? { ...first, kind: "move" } : first;
  return {
    ...rest,
    ...(first.from === undefined ? {} : { from: first.from }),
    ...(then.to === undefined ? {} : { to: then.to }),
  };
}

/** Start names the target node, stop the node it leaves, restart and recover the node they happen on. */
function readAction({ attrs }: XmlElement): SimulatedAction {
  const kind = attrs["action"] ?? "";
  const node = attrs["node"];
  const from = attrs["source"] ?? (kind === "start" ? undefined : node);
  const to = kind === "stop" ? undefined : (attrs["dest"] ?? node ?? attrs["source"]);
  return {
    resource: attrs["resource"] ?? "",
    kind,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(attrs["reason"] === undefined ? {} : { reason: attrs["reason"] }),
    blocked: attrs["blocked"] === "true",
  };
}
