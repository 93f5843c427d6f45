/** Pacemaker's counts of failed operations on a node: transient attributes, which outlive the resource. */
import { child, children, descend, type XmlElement } from "./xml";

/** A failure count. */
export interface FailCount {
  resource: string;
  node: string;
  /** `start`, `monitor`, `stop`, … */
  operation: string;
  /** 1000000 is Pacemaker's INFINITY: it does not try there again. */
  count: number;
  /** The time of the last failure, in seconds since 1970. */
  last?: number;
}

const INFINITE = 1_000_000;
const ATTRIBUTE = /^(fail-count|last-failure)-([^#]+)(?:#(.*?)(?:_\d+)?)?$/;

/** The counts in the status part of a CIB. A count that was reset is empty or gone. */
export function readFailCounts(cib: XmlElement): FailCount[] {
  return children(child(cib, "status"), "node_state").flatMap((state) => {
    const node = state.attrs["uname"] ?? "";
    const sets = children(descend(state, "transient_attributes"), "instance_attributes");
    const found = new Map<string, { count?: number; last?: number; resource: string; operation: string }>();
    for (const { attrs } of sets.flatMap((set) => children(set, "nvpair"))) {
      const [, kind, resource, operation = ""] = ATTRIBUTE.exec(attrs["name"] ?? "") ?? [];
      if (resource === undefined) continue;
      const entry = found.get(`${resource}#${operation}`) ?? { resource, operation };
      if (kind === "last-failure") entry.last = Number(attrs["value"]);
      else entry.count = countOf(attrs["value"] ?? "");
      found.set(`${resource}#${operation}`, entry);
    }
    return [...found.values()].map(({ resource, operation, count = 0, last }): FailCount => ({
      resource,
      node,
      operation,
      count,
      ...(last === undefined || Number.isNaN(last) ? {} : { last }),
    }));
  });
}

/** Pacemaker's number; it reads invalid text as 0. */
function countOf(value: string): number {
  if (/^\+?INFINITY$/.test(value)) return INFINITE;
  const count = Number(value);
  return Number.isNaN(count) ? 0 : Math.min(count, INFINITE);
}
