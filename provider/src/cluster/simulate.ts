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

/** Something that the scheduler would have done. */
export interface SimulatedAction {
  resource: string;
  /** `start`, `stop`, `move` (stopped and started), `migrate` (live), `restart`, `recover`, `reload`, … */
  kind: string;
  /** Where it runs before. */
  from?: string;
  /** Where it runs afterwards. */
  to?: string;
  /** In Pacemaker's words, where it says them: `node availability`. */
  reason?: string;
  /** It would be done, if something else were not in the way: it is not done. */
  blocked: boolean;
}

/** One run of the scheduler. */
export interface Simulation {
  /** As they are before: the cluster's nodes, and guest nodes. */
  nodes: NodeStatus[];
  /** As they are before. */
  resources: Map<string, ResourceStatus>;
  actions: SimulatedAction[];
  /** For each resource what each node is worth to it; `-INFINITY` is never. Only where they were asked for. */
  scores: Map<string, Map<string, string>>;
}

/** What is to be simulated. */
export interface SimulationRequest {
  /** A CIB that was saved, and is well-formed: the scheduler takes one that is cut off for an empty cluster. Without it: of now. */
  cib?: string;
  changes: readonly CibChange[];
  /** Other orders of creation of primitives that the changes create, by which it is seen what depends on the order. */
  orders?: readonly (readonly string[])[];
  /** Resources whose failures are forgotten by the change, where they do not run: they are tried on every node again. */
  forgotten?: readonly string[];
  /** Nodes that are in standby, whatever the CIB says of them. */
  standby?: readonly string[];
  /** Nodes that are lost afterwards, one at a time. */
  lose: readonly string[];
  /** Whether each of them comes back after that. */
  failback?: boolean;
  /** Whether the CIB that it begins from is to be kept. */
  keep?: boolean;
  /** Whether the cluster fences nodes, as it reads its configuration itself: what is kept says so to Pacemaker of any version. */
  fencing?: boolean;
}

export interface Simulations {
  /**
   * The CIB that it began from, as text and without what looks secret, which changes nothing of the scheduler's answer. Only
   * where it was asked for.
   */
  kept?: string;
  /** The CIB with the changes, and without the status. */
  planned: Cib;
  /** What `crm_verify` has against the CIB with the changes. */
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
 * Runs the scheduler on the CIB with the changes, and again for each node that is lost afterwards.
 * @throws ProgramError when the changes do not fit the CIB; ParseError when an answer is cut off or empty
 */
export async function simulate(runner: Runner, request: SimulationRequest): Promise<Simulations> {
  const { changes, ...rest } = request;
  const patch = changes.length === 0 ? "" : renderPatch(changes);
  const answer = await runProgram(runner, "simulate", { ...rest, patch }, { readOnly: true, timeoutMs: 300_000 });
  const found = readAs(answerSchema, answer, "the simulate program");
  const planned = parseCib(found.planned);
  const baseline = parseRuns(found.baseline);
  // Truncated input makes "no resources" and exit code 0 of it.
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

/** What Pacemaker is going to do now, and what its resources are doing: nothing of it is done by the asking. */
export async function readPending(runner: Runner): Promise<Simulation> {
  const argv = ["crm_simulate", "--live-check", "--run", "--output-as=xml"];
  return parseSimulation((await runner.run({ argv, readOnly: true })).stdout);
}

/** Reads the answer of `crm_simulate --output-as=xml`. */
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
  // Of resources nothing is printed where there are none.
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

/** Runs of the scheduler one after the other as one: as everything is before the first, and what all of them do. */
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

/** Two actions on a resource as one: what is done first, and where it ends. */
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

/** Start names the node that it goes to, stop the one that it leaves, restart and recover the one that they are about. */
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
