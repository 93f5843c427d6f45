/** The CIB, Pacemaker's configuration. Read from `cibadmin --query`, never from crmsh's human-readable output. */
import { child, children, descend, parseXml, type XmlElement } from "./xml";
import { ParseError } from "./errors";
import { readFailCounts, type FailCount } from "./failcounts";

/** The configuration part of a CIB, with unmodified elements. */
export interface Cib {
  /** `admin_epoch.epoch`: it grows with each change of the configuration. */
  epoch: string;
  /** The names of the cluster's nodes, without guest nodes and remote nodes. */
  nodes: string[];
  /** Nodes that are in standby by configuration. */
  standby: Set<string>;
  /** Every primitive by id, including those in groups and clones. */
  primitives: Map<string, XmlElement>;
  /** Every constraint, in order. */
  constraints: XmlElement[];
  /** The cluster's properties, e.g. `maintenance-mode`. */
  properties: Record<string, string>;
  /** Defaults for resources' meta attributes, e.g. `resource-stickiness`. */
  defaults: Record<string, string>;
  /** All ids in use: a new element must not reuse one. */
  ids: Set<string>;
  /** What has failed where, including resources that are gone; empty if the text has no status part. */
  failCounts: FailCount[];
}

/** Parses the output of `cibadmin --query`. */
export function parseCib(text: string): Cib {
  const root = parseXml(text, "cibadmin");
  const configuration = child(root, "configuration");
  if (root.name !== "cib" || configuration === undefined) throw new ParseError("cibadmin", "it is no CIB", text);
  const nodes = children(descend(configuration, "nodes"), "node").filter(
    (node) => (node.attrs["type"] ?? "member") === "member" || node.attrs["type"] === "normal",
  );
  return {
    epoch: `${root.attrs["admin_epoch"] ?? "0"}.${root.attrs["epoch"] ?? "0"}`,
    nodes: nodes.map((node) => node.attrs["uname"] ?? ""),
    standby: new Set(
      nodes
        .filter((node) => nvpairs(node, "instance_attributes")["standby"] === "on")
        .map((node) => node.attrs["uname"] ?? ""),
    ),
    primitives: new Map(
      findPrimitives(child(configuration, "resources")).map((node) => [node.attrs["id"] ?? "", node]),
    ),
    constraints: child(configuration, "constraints")?.children ?? [],
    properties: nvpairs(child(configuration, "crm_config"), "cluster_property_set"),
    defaults: nvpairs(child(configuration, "rsc_defaults"), "meta_attributes"),
    ids: collectIds(configuration),
    failCounts: readFailCounts(root),
  };
}

function findPrimitives(resources: XmlElement | undefined): XmlElement[] {
  return (resources?.children ?? []).flatMap((node) => (node.name === "primitive" ? [node] : findPrimitives(node)));
}

function collectIds(node: XmlElement, ids = new Set<string>()): Set<string> {
  if (node.attrs["id"] !== undefined) ids.add(node.attrs["id"]);
  for (const each of node.children) collectIds(each, ids);
  return ids;
}

/** The name/value pairs of all sets of that kind below an element; the first set with a name wins. */
export function nvpairs(node: XmlElement | undefined, set: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const each of children(node, set).flatMap((found) => children(found, "nvpair"))) {
    const { name, value } = each.attrs;
    if (name !== undefined && value !== undefined && !Object.hasOwn(pairs, name)) pairs[name] = value;
  }
  return pairs;
}

/** The constraints that refer to a resource, in any form. */
export function constraintsOn(cib: Cib, resource: string): XmlElement[] {
  return cib.constraints.filter((node) => namesResource(node, resource));
}

const RESOURCE_ATTRS = ["rsc", "with-rsc", "first", "then"];

function namesResource(node: XmlElement, resource: string): boolean {
  if (node.name === "resource_ref") return node.attrs["id"] === resource;
  return (
    RESOURCE_ATTRS.some((name) => node.attrs[name] === resource) ||
    node.children.some((each) => each.name !== "rule" && namesResource(each, resource))
  );
}

/** Pacemaker's spelling of a time ("120", "120s", "2min", "1500ms") in seconds. */
export function seconds(value: string | undefined): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|msec|us|usec|s|sec|m|min|h|hr)?\s*$/.exec(value ?? "");
  if (match === null) return undefined;
  const factors: Record<string, number> = {
    ms: 1e-3,
    msec: 1e-3,
    us: 1e-6,
    usec: 1e-6,
    m: 60,
    min: 60,
    h: 3600,
    hr: 3600,
  };
  return Number(match[1]) * (factors[match[2] ?? "s"] ?? 1);
}
