/** Cluster states that block a change, each with the next step. They are reported before anything is changed. */
import { failureClause, fencingDevices, fencingNow, type ClusterStatus, type Inventory } from "../../cluster";
import { closedClause, closedNodes, closedWords, openingCommand } from "./closed-nodes";
import { hypervisorsOf } from "./context";
import type { Refusal } from "./errors";
import type { VmSpec } from "../form/model";
import { systemImage } from "../form/names";
import { chosenHost } from "../form/placement";
import { isReached, StartFailed } from "./wait";

type PartialSpec = Partial<VmSpec>;

const CLUSTER = "the cluster";

/** Reasons to refuse any change now, whatever the VM: no quorum, no secret, no space. */
export function stateRefusals(inventory: Inventory): Refusal[] {
  const quorum = quorumRefusals(inventory);
  if (quorum.length > 0) return quorum;
  if (inventory.observerUnknown !== undefined) {
    const reason = `${inventory.observerUnknown}, so nobody knows which node is the observer, and a VM could be started on it; put the file on ${inventory.node} right`;
    return [{ property: CLUSTER, reason }];
  }
  if (inventory.secret === undefined) {
    return [{ property: CLUSTER, reason: `libvirt on ${inventory.node} has no secret "client.libvirt secret"` }];
  }
  return fullRefusals(inventory);
}

export function quorumRefusals({ status }: Inventory): Refusal[] {
  if (status.withQuorum) return [];
  const offline = status.nodes.filter((node) => !node.online).map((node) => node.name);
  const away = offline.length > 0 ? ` (offline: ${offline.join(", ")})` : "";
  const reason = `it has no quorum${away}, so Pacemaker does nothing that it is told; bring back nodes until more than half are online`;
  return [{ property: CLUSTER, reason }];
}

export function fullRefusals({ full }: Inventory): Refusal[] {
  if (full === undefined) return [];
  const reason =
    `Ceph takes nothing more: ${full}, and every write would wait without an end; remove images or snapshots, ` +
    "add OSDs, or raise the quota (`ceph osd pool set-quota rbd max_bytes <bytes>`)";
  return [{ property: CLUSTER, reason }];
}

/** Reasons why Pacemaker could not act on the request. `acts`: it has something to start, stop or move. */
export function actRefusals(inventory: Inventory, spec: PartialSpec, acts: boolean): Refusal[] {
  if (!acts) return [];
  const { status } = inventory;
  if (status.maintenance) return [maintenanceRefusal];
  if (!wantsToRun(spec)) return [];
  const fencing = fencingRefusals(inventory);
  if (fencing.length > 0) return fencing;
  const pinned = spec.pinnedHost;
  if (pinned !== undefined) {
    const closed = closedRefusals(inventory, spec, pinned);
    if (closed.length > 0) return closed;
    const why = whyUnusable(status, pinned);
    return why === undefined
      ? []
      : [{ property: "pinnedHost", reason: `${why}, and it may run nowhere else; ${nextStep(why, pinned)}` }];
  }
  const reasons = hypervisorsOf(inventory).map((node) => whyUnusable(status, node));
  if (reasons.length === 0 || reasons.some((why) => why === undefined)) return [];
  const steps = new Set(hypervisorsOf(inventory).map((node, index) => nextStep(reasons[index] ?? "", node)));
  return [{ property: CLUSTER, reason: `no node can run it: ${reasons.join(", ")}; ${[...steps].join(", ")}` }];
}

/**
 * Refuses to pin a running VM to a node that is closed to it: the VM would stop where it runs and start nowhere. If the
 * VM is not running, the change itself makes Pacemaker retry it.
 */
function closedRefusals({ cib, status }: Inventory, { name }: PartialSpec, pinned: string): Refusal[] {
  const runsOn = name === undefined ? [] : (status.resources.get(name)?.nodes ?? []);
  const closed = name === undefined ? undefined : closedNodes(cib, name).find(({ node }) => node === pinned);
  if (name === undefined || closed === undefined || runsOn.length === 0 || runsOn.includes(pinned)) return [];
  const reason = `${closedClause(closed)}, and it runs on ${runsOn.join(" and ")}: it would be stopped there and started nowhere; ${openingCommand(name)} opens it`;
  return [{ property: "pinnedHost", reason }];
}

/** Warnings about a VM's failures, even if nothing is about to happen to it. */
export function failureWarnings({ cib, status, observer }: Inventory, spec: PartialSpec): string[] {
  const { name } = spec;
  const hypervisors = hypervisorsOf({ cib, observer });
  const closed = name === undefined ? [] : closedNodes(cib, name).filter(({ node }) => hypervisors.includes(node));
  if (name === undefined || closed.length === 0 || !wantsToRun(spec)) return [];
  const words = closedWords(closed);
  if (!cib.primitives.has(name))
    return [`${words} as an earlier VM of this name has failed there; that is forgotten before it is started`];
  const runsOn = status.resources.get(name)?.nodes ?? [];
  if (runsOn.length > 0)
    return [
      `${words}, so Pacemaker does not move it there, also when ${runsOn.join(" and ")} fails; ${openingCommand(name)} opens ${closed.length > 1 ? "them" : "it"}`,
    ];
  const eligible = spec.pinnedHost === undefined ? hypervisors : [spec.pinnedHost];
  const all = eligible.every((node) => closed.some((each) => each.node === node));
  return [
    `${words}${all ? ", so Pacemaker starts it nowhere" : ""}; a change of it tries it there again, and so does ${openingCommand(name)}`,
  ];
}

export const maintenanceRefusal: Refusal = {
  property: CLUSTER,
  reason:
    "it is in maintenance, so Pacemaker starts and stops nothing; `crm configure property maintenance-mode=false` ends that",
};

/** With fencing enabled but no device, Pacemaker's scheduler plans nothing, and only crm_verify says so. */
function fencingRefusals(inventory: Inventory): Refusal[] {
  const { enabled, property } = fencingNow(inventory);
  if (!enabled || fencingDevices(inventory.cib).length > 0) return [];
  const reason =
    `its fencing is on (\`${property}\`) and has no device, so Pacemaker starts nothing; add a device, or ` +
    `\`crm configure property ${property}=false\`, as SEAPATH has it`;
  return [{ property: CLUSTER, reason }];
}

export const wantsToRun = (spec: PartialSpec) => spec.enabled !== false && spec.started !== false;

/** Why a node cannot run VMs now, as a clause; undefined if it can. Nodes unknown to Pacemaker are not handled here. */
function whyUnusable(status: ClusterStatus, name: string): string | undefined {
  const node = status.nodes.find((each) => each.name === name);
  if (node === undefined) return undefined;
  if (!node.online) return `${name} is offline`;
  if (node.standby) return `${name} is in standby`;
  return node.maintenance ? `${name} is in maintenance` : undefined;
}

function nextStep(why: string, node: string): string {
  if (why.endsWith("standby")) return `\`crm node online ${node}\` ends that`;
  return why.endsWith("maintenance") ? `\`crm node ready ${node}\` ends that` : `start ${node}`;
}

/** Not reasons to refuse a VM, but to expect a different result than requested. */
export function stateWarnings(inventory: Inventory, spec: PartialSpec): string[] {
  const found: string[] = [];
  const host = spec.preferredHost;
  const why = host === undefined || !wantsToRun(spec) ? undefined : whyUnusable(inventory.status, host);
  if (why !== undefined) found.push(`${why}: it runs on another node until that has changed`);
  // Disks are thin-provisioned, so a size above the free space is not an error.
  const image = spec.name === undefined ? undefined : inventory.images.get(systemImage(spec.name));
  const more = (spec.systemSize ?? 0) - (image?.size ?? 0);
  if (more > inventory.freeBytes)
    found.push(`its disk may take ${more} bytes more, and Ceph has ${inventory.freeBytes} left`);
  if (inventory.nearlyFull) found.push("the Ceph pool is nearly full");
  return found;
}

/** Whether Pacemaker has to act for an existing VM to match its spec. */
export function needsPacemaker(inventory: Inventory, spec: PartialSpec & { name: string }): boolean {
  const resource = inventory.status.resources.get(spec.name);
  if (!wantsToRun(spec)) return (resource?.nodes.length ?? 0) > 0;
  const host = chosenHost(spec);
  const wanted = {
    vm: spec.name,
    state: "started" as const,
    ...(host === undefined ? {} : { host }),
    hypervisors: hypervisorsOf(inventory),
  };
  try {
    return !isReached(inventory.status, wanted);
  } catch (error) {
    if (error instanceof StartFailed) return true;
    throw error;
  }
}

/** A VM that Pacemaker has given up: it does not retry a failed stop until the user cleans it up. */
export function blockedRefusals({ status }: Inventory, vm: string): Refusal[] {
  if (!status.resources.get(vm)?.blocked) return [];
  const failures = status.failures.filter((each) => each.resource === vm);
  const said = failures.map(failureClause).join("; ");
  const reason =
    `Pacemaker has given "${vm}" up (${said || "blocked"}) and does nothing with it; look at the guest on its node, then ` +
    `\`crm_resource --cleanup --resource ${vm}\``;
  return [{ property: "name", reason }];
}

/**
 * Pacemaker's remaining records of a resource that is not in the CIB: they would count against a new one of that name.
 */
export function leftoverRefusals({ cib, status }: Inventory, vm: string): Refusal[] {
  if (cib.primitives.has(vm)) return [];
  const orphan = status.resources.get(vm);
  const failures = status.failures.filter((each) => each.resource === vm);
  // The create itself clears mere counts; a guest that may still run is for the user to check.
  if (orphan === undefined || (orphan.nodes.length === 0 && !orphan.blocked)) return [];
  const where = orphan.nodes.length > 0 ? ` on ${orphan.nodes.join(" and ")}` : "";
  const what = `an orphan (${orphan.role}${where})`;
  const said = failures.map(failureClause);
  const reason =
    `"${vm}" is what Pacemaker still has ${what} of${said.length > 0 ? ` (${said.join("; ")})` : ""}, which would count against the new one; ` +
    `\`crm_resource --cleanup --resource ${vm}\``;
  return [{ property: "name", reason }];
}
