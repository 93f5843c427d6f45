/** Waits until Pacemaker has acted, and reports the last state seen if it has not. */
import { setTimeout as sleep } from "node:timers/promises";
import { failureClause, WaitTimeout, type Cluster, type ClusterStatus, type LoggedReason } from "../../cluster";
import { SeapathError } from "../../errors";
import { resourceStatus } from "../form/observe";
import { reasonHint, startReasons, withReasons } from "./start-reasons";

/** A VM failed to start on every node that may run it. */
export class StartFailed extends SeapathError {
  /** Pacemaker's reasons, without the logs. */
  readonly reasons: string;

  constructor(vm: string, reasons: string, logged: readonly LoggedReason[] = []) {
    super("start-failed", `Pacemaker could not start it on any node: ${withReasons(reasons, logged)}`, {
      hint: reasonHint(vm, logged),
    });
    this.reasons = reasons;
  }
}

/** The wanted node and state of a VM. */
export interface Wanted {
  vm: string;
  state: "started" | "stopped";
  /** It must run there (pinned), or runs there if that node is up (preferred). */
  host?: string;
  /** Nodes that may run it. */
  hypervisors: readonly string[];
}

/** The observed state of a VM, in plain words. */
export function describe(status: ClusterStatus, vm: string): string {
  const resource = status.resources.get(vm);
  const where = resource !== undefined && resource.nodes.length > 0 ? ` on ${resource.nodes.join(" and ")}` : "";
  const flags = [
    resource?.blocked ? "blocked" : "",
    resource !== undefined && !resource.managed ? "unmanaged" : "",
    status.maintenance ? "the cluster is in maintenance" : "",
    status.withQuorum ? "" : "no quorum",
    ...failuresOf(status, vm),
  ].filter((flag) => flag !== "");
  return `${resource === undefined ? "not there" : resourceStatus(status, vm)}${where}${flags.length > 0 ? ` (${flags.join("; ")})` : ""}`;
}

function failuresOf(status: ClusterStatus, vm: string): string[] {
  return status.failures.filter((failure) => failure.resource === vm).map(failureClause);
}

/** Whether a VM has the wanted state; throws if it never will. */
export function isReached(status: ClusterStatus, wanted: Wanted): boolean {
  const resource = status.resources.get(wanted.vm);
  if (wanted.state === "stopped")
    return resource === undefined || (resource.role === "Stopped" && resource.nodes.length === 0);
  if (resource === undefined) return false;
  if (
    resource.role === "Started" &&
    !resource.failed &&
    resource.pending === undefined &&
    resource.nodes.length === 1
  ) {
    const host = status.nodes.find((node) => node.name === wanted.host);
    const usable = host !== undefined && host.online && !host.standby && !host.maintenance;
    const failedThere = status.failures.some((each) => each.resource === wanted.vm && each.node === wanted.host);
    return !usable || failedThere || resource.nodes[0] === wanted.host;
  }
  const failed = status.failures.filter((each) => each.resource === wanted.vm && each.operation === "start");
  const nodes = status.nodes.filter((node) => node.online && !node.standby && wanted.hypervisors.includes(node.name));
  if (
    resource.role === "Stopped" &&
    nodes.length > 0 &&
    nodes.every((node) => failed.some((each) => each.node === node.name))
  ) {
    throw new StartFailed(wanted.vm, failed.map((each) => `${each.node}: ${each.reason || each.exit}`).join("; "));
  }
  return false;
}

/** The same, but the error also quotes the nodes' logs. */
async function isReachedOrWhy(cluster: Cluster, status: ClusterStatus, wanted: Wanted): Promise<boolean> {
  try {
    return isReached(status, wanted);
  } catch (error) {
    if (!(error instanceof StartFailed)) throw error;
    throw new StartFailed(wanted.vm, error.reasons, await startReasons(cluster, status, wanted.vm));
  }
}

/**
 * Waits until a VM has the wanted state.
 * @throws WaitTimeout with the last state seen; StartFailed as soon as it has failed on every node
 */
export async function waitFor(
  cluster: Cluster,
  wanted: Wanted,
  deadlineSeconds: number,
  report: (text: string) => void,
): Promise<void> {
  const begun = Date.now();
  const elapsed = () => (Date.now() - begun) / 1000;
  let said = "";
  for (let status = await cluster.status(); ;) {
    if (await isReachedOrWhy(cluster, status, wanted)) return;
    const seen = describe(status, wanted.vm);
    if (seen !== said && elapsed() > 2) report(`${wanted.vm}: ${seen}`);
    said = seen;
    if (elapsed() > deadlineSeconds) {
      const goal = `${wanted.state}${wanted.host === undefined ? "" : ` on ${wanted.host}`}`;
      const logged = await startReasons(cluster, status, wanted.vm);
      const hint =
        logged.length > 0
          ? reasonHint(wanted.vm, logged)
          : `Ask the cluster: \`crm_mon -1\`, \`crm_resource --why --resource ${wanted.vm}\`.`;
      throw new WaitTimeout(`VM "${wanted.vm}"`, goal, withReasons(seen, logged), elapsed(), hint);
    }
    const last = status;
    const over = new AbortController();
    const late = sleep((deadlineSeconds - elapsed()) * 1000 + 50, last, { signal: over.signal }).catch(() => last);
    status = await Promise.race([cluster.nextStatus(last), late]).finally(() => over.abort());
  }
}
