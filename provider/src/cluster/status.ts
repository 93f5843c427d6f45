/** The cluster's current activity: `crm_mon --output-as=xml`. */
import { createHash } from "node:crypto";
import { child, children, findAll, parseXml, type XmlElement } from "./xml";
import { ParseError } from "./errors";
import type { Cib } from "./cib";
import { fencingOf, readFencing, type Fencing } from "./fencing";

/** A member of the cluster, or a guest node. */
export interface NodeStatus {
  name: string;
  online: boolean;
  standby: boolean;
  maintenance: boolean;
  unclean: boolean;
  /** `member`, or `remote` for a guest node or a remote node. */
  type: string;
}

/** A primitive's current state in Pacemaker. */
export interface ResourceStatus {
  id: string;
  /** `Started`, `Stopped`, `Starting`, `Stopping`, `Migrating`, … */
  role: string;
  targetRole?: string;
  /** Where it is active; several nodes while it moves, or if something is wrong. */
  nodes: string[];
  /** Pacemaker's pending action on it, e.g. `starting`. */
  pending?: string;
  managed: boolean;
  failed: boolean;
  blocked: boolean;
  orphaned: boolean;
}

/** A failed operation, with the agent's own reason. */
export interface FailedOperation {
  resource: string;
  node: string;
  operation: string;
  exit: string;
  reason: string;
}

/** A failed operation as a clause: `start failed on node2: timed out`. */
export const failureClause = ({ operation, node, reason, exit }: FailedOperation): string =>
  `${operation} failed on ${node}: ${reason || exit}`;

/**
 * The last operation of a kind that a node did on a resource. For a guest node, this includes operations inside the
 * guest.
 */
export interface PastOperation {
  node: string;
  resource: string;
  /** `start`, `stop`, `probe`, `monitor`, … */
  task: string;
  /** The number of the operation on its node; a different one means that it ran again. */
  call: string;
  /** 0 on success. */
  exitCode: number;
  /** The same in Pacemaker's words, e.g. `not installed`. */
  exit: string;
}

/** The cluster's state. */
export interface ClusterStatus {
  /** Unchanged as long as nothing changes; the watch program computes it from the same text. */
  digest: string;
  withQuorum: boolean;
  /** The name of the designated controller; absent while there is none. */
  dc?: string;
  maintenance: boolean;
  /** Whether Pacemaker fences nodes; absent if it does not report that. */
  fencing?: Fencing;
  nodes: NodeStatus[];
  resources: Map<string, ResourceStatus>;
  failures: FailedOperation[];
  history: PastOperation[];
}

/** Whether a member or a guest node of that name is online. */
export const isOnline = ({ nodes }: Pick<ClusterStatus, "nodes">, name: string): boolean =>
  nodes.some((node) => node.name === name && node.online);

/** Whether the cluster fences nodes, as it reports; if it does not, as its configuration says. */
export const fencingNow = ({ cib, status }: { cib: Cib; status: Pick<ClusterStatus, "fencing"> }): Fencing =>
  status.fencing ?? fencingOf(cib);

const yes = (value: string | undefined) => value === "true";

/** What changes without an event: the time of the query, and of the last CIB write. */
const BY_ITSELF = /<(pacemakerd|last_update|last_change) [^>]*>/g;

/** Parses the output of `crm_mon -1 --output-as=xml`. */
export function parseStatus(text: string): ClusterStatus {
  const root = parseXml(text, "crm_mon");
  const summary = child(root, "summary");
  if (summary === undefined) throw new ParseError("crm_mon", "there is no summary in it", text);
  const dc = child(summary, "current_dc");
  const fencing = readFencing(child(summary, "cluster_options"));
  return {
    digest: createHash("sha256").update(text.replace(BY_ITSELF, "")).digest("hex"),
    withQuorum: yes(dc?.attrs["with_quorum"]),
    ...(yes(dc?.attrs["present"]) && dc?.attrs["name"] ? { dc: dc.attrs["name"] } : {}),
    maintenance: yes(child(summary, "cluster_options")?.attrs["maintenance-mode"]),
    ...(fencing === undefined ? {} : { fencing }),
    nodes: readNodes(child(root, "nodes")),
    resources: readResources(child(root, "resources")),
    failures: children(child(root, "failures"), "failure").map(readFailure),
    history: children(child(root, "node_history"), "node").flatMap(readHistory),
  };
}

function readHistory(node: XmlElement): PastOperation[] {
  return children(node, "resource_history").flatMap((resource) =>
    children(resource, "operation_history").map((operation) => ({
      node: node.attrs["name"] ?? "",
      resource: resource.attrs["id"] ?? "",
      task: operation.attrs["task"] ?? "",
      call: operation.attrs["call"] ?? "",
      exitCode: Number(operation.attrs["rc"]),
      exit: operation.attrs["rc_text"] ?? "",
    })),
  );
}

/** The nodes in the output of crm_mon or crm_simulate. */
export const readNodes = (nodes: XmlElement | undefined): NodeStatus[] => children(nodes, "node").map(readNode);

function readNode(node: XmlElement): NodeStatus {
  return {
    name: node.attrs["name"] ?? "",
    online: yes(node.attrs["online"]),
    standby: yes(node.attrs["standby"]),
    maintenance: yes(node.attrs["maintenance"]),
    unclean: yes(node.attrs["unclean"]),
    type: node.attrs["type"] ?? "member",
  };
}

/** The resources in the output of crm_mon or crm_simulate, by id. */
export function readResources(resources: XmlElement | undefined): Map<string, ResourceStatus> {
  const found = new Map<string, ResourceStatus>();
  for (const node of resources === undefined ? [] : findAll(resources, "resource")) {
    const at = node.attrs;
    const id = at["id"] ?? "";
    found.set(id, {
      id,
      role: at["role"] ?? "Unknown",
      ...(at["target_role"] === undefined ? {} : { targetRole: at["target_role"] }),
      nodes: children(node, "node").map((each) => each.attrs["name"] ?? ""),
      ...(at["pending"] === undefined ? {} : { pending: at["pending"] }),
      managed: yes(at["managed"]),
      failed: yes(at["failed"]),
      blocked: yes(at["blocked"]),
      orphaned: yes(at["orphaned"]),
    });
  }
  return found;
}

function readFailure(node: XmlElement): FailedOperation {
  const key = node.attrs["op_key"] ?? node.attrs["id"] ?? "";
  const match = /^(.*)_([a-z_]+)_(\d+)$/.exec(key);
  const operation =
    /_(migrate_to|migrate_from)$/.exec(match ? `${match[1]}_${match[2]}` : "")?.[1] ?? match?.[2] ?? key;
  const resource = match ? `${match[1]}_${match[2]}`.slice(0, -operation.length - 1) : key;
  return {
    resource,
    node: node.attrs["node"] ?? "",
    operation,
    exit: node.attrs["exitstatus"] ?? "",
    reason: node.attrs["exitreason"] ?? "",
  };
}
