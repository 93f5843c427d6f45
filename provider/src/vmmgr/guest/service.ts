/** The lifecycle of a primitive inside a guest node. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import {
  cleanup,
  failureClause,
  findAgent,
  NotFound,
  WaitTimeout,
  type ClusterStatus,
  type Inventory,
} from "../../cluster";
import { SeapathError } from "../../errors";
import { retryOnCibConflict } from "../core/cib-retry";
import { hasFailed } from "../core/closed-nodes";
import { deadlineOf, reportOf, type Context } from "../core/context";
import { ChangeFailed, Refused, type Refusal } from "../core/errors";
import { maintenanceRefusal, stateRefusals } from "../core/cluster-health";
import { forgetVm } from "../core/forget";
import { runSteps } from "../core/steps";
import { diffTargetRole } from "../form/cib-changes";
import type { GuestResourceSpec, ObservedGuestResource } from "./model";
import { findGuestResource, foreignTo, ownerOf, resourceChanges, resourceRemoval } from "./resource";
import { guestNodes } from "./settings";

/** The known part of a spec in a preview. */
export type PartialGuestResource = Partial<GuestResourceSpec>;

/** It failed to start inside its guest. */
export class ServiceFailed extends SeapathError {
  constructor(agent: string, guest: string, reasons: string) {
    super("service-failed", `${agent} cannot be started in guest node "${guest}": ${reasons}`, {
      hint: "The guest's /var/log/pacemaker/pacemaker.log has what the agent said; the agent and what it starts have to be in the guest.",
    });
  }
}

/** Reasons to reject it on this cluster, in a preview and before a change alike. */
export function guestResourceRefusals({ cib }: Inventory, spec: PartialGuestResource, fresh: boolean): Refusal[] {
  const { name, guest } = spec;
  const refusals: Refusal[] = [];
  if (guest !== undefined && cib.nodes.includes(guest)) {
    refusals.push({
      property: "guest",
      reason: `"${guest}" is a node of the cluster, not a guest node: what runs there is no service inside a VM`,
    });
  }
  if (name === undefined || !fresh) return refusals;
  const taken = (what: string) => refusals.push({ property: "name", reason: `"${name}" is taken: ${what}` });
  const primitive = cib.primitives.get(name);
  if (primitive !== undefined) {
    const owner = ownerOf(primitive);
    // Reuse our own primitive that an earlier run lost track of.
    if (owner === undefined || owner !== spec.owner)
      taken(
        `Pacemaker has a primitive of this name (${primitive.attrs["type"] ?? "?"}${owner === undefined ? "" : `, made by ${owner}`})`,
      );
  } else if (cib.nodes.includes(name) || guestNodes(cib).has(name)) taken("it is a node");
  else if (cib.ids.has(name)) taken("an element of the CIB has this id");
  return refusals;
}

/** Objections of a node's copy of the agent to the parameters; the guest's may differ, so they are only notices. */
export async function agentDoubts(
  { cluster }: Pick<Context, "cluster">,
  { agent, params }: PartialGuestResource,
): Promise<string[]> {
  if (agent === undefined || !agent.startsWith("ocf:")) return [];
  const facts = await findAgent(cluster.runner, agent);
  if (facts === undefined)
    return [`the nodes have no agent ${agent}, so its parameters were not checked; the guest needs it`];
  if (params === undefined) return [];
  const names = facts.parameters.map((each) => each.name);
  const unknown = Object.keys(params).filter((name) => !names.includes(name));
  const missing = facts.parameters.filter((each) => each.required && !(each.name in params)).map((each) => each.name);
  return [
    ...(unknown.length > 0 ? [`${agent} of the nodes has no parameter ${unknown.join(", ")}`] : []),
    ...(missing.length > 0 ? [`${agent} of the nodes requires ${missing.join(", ")}`] : []),
  ];
}

/**
 * Makes it match the spec, whatever it was, and waits until it is started inside the guest, or stopped.
 * @throws NotFound if there is no such guest node; Refused; ChangeFailed after an undo
 */
export async function ensureGuestResource(
  context: Context,
  spec: GuestResourceSpec,
  fresh: boolean,
): Promise<ObservedGuestResource> {
  const { cluster } = context;
  const inventory = await cluster.inventory();
  const what = `Unable to ${fresh ? "create" : "change"} guest resource "${spec.name}" on ${inventory.node}`;
  const refusals = [
    ...stateRefusals(inventory),
    ...(inventory.status.maintenance ? [maintenanceRefusal] : []),
    ...guestResourceRefusals(inventory, spec, fresh),
  ];
  if (refusals.length > 0)
    throw new Refused(fresh ? "create" : "change", spec.name, inventory.node, refusals, "guest resource");
  if (!guestNodes(inventory.cib).has(spec.guest)) {
    throw new NotFound(
      `${what}: the cluster has no guest node "${spec.guest}"`,
      "Make it with seapath.RemoteGuest, and give its output: `guest: node.name`.",
    );
  }
  const before = findGuestResource(inventory.cib, inventory.status, spec.name);
  // Pacemaker goes on reporting success until it has processed changed parameters.
  const restarts = before?.status === "Started" && !isDeepStrictEqual(before.params, spec.params);
  await runSteps(what, [
    {
      name: "telling Pacemaker of it",
      act: async () => {
        await retryOnCibConflict(cluster, ({ cib }) => resourceChanges(cib, spec));
        if (failuresOf(inventory.status, spec.name).length > 0) await cleanup(cluster.runner, spec.name);
      },
      undo: () =>
        before === undefined
          ? takeOut(context, spec.name)
          : retryOnCibConflict(cluster, ({ cib }) => resourceChanges(cib, before)),
    },
    {
      name: spec.started ? `waiting until it is started in "${spec.guest}"` : "waiting until it is stopped",
      act: () => waitForService(context, spec, restarts ? callsOf(inventory.status, spec) : undefined),
      noUndo: "it only looks",
    },
  ]);
  const latest = await cluster.inventory();
  const made = findGuestResource(latest.cib, latest.status, spec.name);
  if (made === undefined) throw new NotFound(`${what}: it was made, and is gone again; someone took it away meanwhile`);
  return made;
}

/** Exit codes that mean the agent can never run there: wrong parameters, not installed, not allowed. */
const HOPELESS = [2, 3, 4, 5, 6];

/** Its failures. To Pacemaker, a probe that finds nothing to run is not a failure; it just never starts it there. */
function failuresOf(status: ClusterStatus, name: string) {
  const failed = status.failures.filter((each) => each.resource === name);
  const hopeless = status.history
    .filter((each) => each.resource === name && each.task === "probe" && HOPELESS.includes(each.exitCode))
    .map(({ node, exit }) => ({ resource: name, node, operation: "probe", exit, reason: "" }));
  return [...failed, ...hopeless.filter(({ node }) => !failed.some((each) => each.node === node))];
}

function describe(status: ClusterStatus, { name, guest }: GuestResourceSpec): string {
  const resource = status.resources.get(name);
  const node = status.nodes.find((each) => each.name === guest);
  const failures = failuresOf(status, name).map(failureClause);
  const where = resource !== undefined && resource.nodes.length > 0 ? ` on ${resource.nodes.join(" and ")}` : "";
  const flags = [
    resource?.pending?.toLowerCase() ?? "",
    resource?.blocked ? "blocked" : "",
    resource?.managed === false ? "unmanaged" : "",
    ...failures,
  ];
  const said = flags.filter((flag) => flag !== "").join("; ");
  return `${resource?.role ?? "not there"}${where}${said === "" ? "" : ` (${said})`}; guest node "${guest}" is ${node?.online ? "online" : "offline"}`;
}

/** The operations run on it in its guest, as a text that changes when one runs again. */
const callsOf = ({ history }: ClusterStatus, { name, guest }: GuestResourceSpec) =>
  JSON.stringify(
    history.filter((each) => each.resource === name && each.node === guest).map(({ task, call }) => [task, call]),
  );

/**
 * Waits until it matches the spec.
 * @param calls the operations run before a change that must cause another one
 */
async function waitForService(context: Context, spec: GuestResourceSpec, calls?: string): Promise<void> {
  const { cluster } = context;
  const begun = Date.now();
  for (let pause = 250; ; pause = Math.min(pause * 1.3, 1000)) {
    const status = await cluster.status();
    const resource = status.resources.get(spec.name);
    const quiet = resource !== undefined && resource.pending === undefined && !resource.failed;
    const started =
      quiet && resource.role === "Started" && resource.nodes.length === 1 && resource.nodes[0] === spec.guest;
    const done = calls === undefined || calls !== callsOf(status, spec);
    if (spec.started ? started && done && wasStarted(status, spec) : quiet && resource.nodes.length === 0) return;
    const failed = failuresOf(status, spec.name).filter((each) => each.node === spec.guest);
    const ended =
      resource?.blocked === true ||
      (resource?.role === "Stopped" && failed.some(({ operation }) => operation !== "monitor"));
    if (spec.started && failed.length > 0 && ended) {
      const reasons = failed.map((each) => `${each.operation}: ${each.reason || each.exit}`);
      throw new ServiceFailed(spec.agent, spec.guest, [...new Set(reasons)].join("; "));
    }
    const after = (Date.now() - begun) / 1000;
    if (after > deadlineOf(context)) {
      const hint = `Ask the cluster: \`crm_mon -1\`, \`crm_resource --why --resource ${spec.name}\`.`;
      throw new WaitTimeout(
        `Guest resource "${spec.name}"`,
        spec.started ? `Started in "${spec.guest}"` : "Stopped",
        describe(status, spec),
        after,
        hint,
      );
    }
    await sleep(pause);
  }
}

/** Whether the guest itself has reported it as running. */
const wasStarted = (status: ClusterStatus, { name, guest }: GuestResourceSpec) =>
  status.history.some(
    (each) =>
      each.resource === name &&
      each.node === guest &&
      each.exitCode === 0 &&
      ["start", "probe", "monitor"].includes(each.task),
  );

/** Stops it and removes it from the CIB. Idempotent. */
async function takeOut(context: Context, name: string): Promise<void> {
  const { cluster } = context;
  const inventory = await cluster.inventory();
  const before = findGuestResource(inventory.cib, inventory.status, name);
  if (before !== undefined) {
    for (const id of foreignTo(inventory.cib, name))
      reportOf(context)(`${name}: the constraint "${id}" names it and goes with it`);
    await retryOnCibConflict(cluster, ({ cib }) => {
      const primitive = cib.primitives.get(name);
      return primitive === undefined ? [] : diffTargetRole(primitive, "Stopped");
    });
    // Pacemaker does not retry a failed stop until it is forgotten. A resource that never ran need not be stopped, and
    // often cannot be.
    const ran = inventory.status.history.some(
      (each) => each.resource === name && each.exitCode === 0 && each.task !== "stop",
    );
    const blocked = inventory.status.resources.get(name)?.blocked === true;
    if (blocked && ran) await cleanup(cluster.runner, name);
    if (!blocked || ran) await waitForService(context, { ...before, started: false });
    // Cleanup only works on resources that exist, so clear probes that found nothing to run now: Pacemaker keeps them,
    // and counts them as no failure.
    const failed = failuresOf(await cluster.status(), name).length > 0;
    if (failed) await cleanup(cluster.runner, name);
    const last = await retryOnCibConflict(cluster, ({ cib }) => resourceRemoval(cib, name));
    if (failed || hasFailed(last, name)) await forgetVm(context, name);
  }
}

/**
 * Stops and removes it. Succeeds if it is already gone.
 * @throws ChangeFailed if it does not stop: then it is still in the CIB
 */
export async function removeGuestResource(context: Context, name: string): Promise<void> {
  const { status, node } = await context.cluster.inventory();
  const what = `Unable to delete guest resource "${name}" on ${node}`;
  if (!status.withQuorum)
    throw new ChangeFailed(what, "looking at the cluster", new Error("it has no quorum; nothing was changed"), []);
  try {
    await takeOut(context, name);
  } catch (cause) {
    throw new ChangeFailed(what, "stopping it", cause, ["it is in the CIB, told to stop"]);
  }
}
