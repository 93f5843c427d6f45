/** Start orders of VMs. */
import type { XmlElement } from "../../cluster";
import { constraint, readSets, shapeOf, type Relation } from "./element";

/** Pacemaker's kinds of orders. */
export type OrderKind = "mandatory" | "optional" | "serialize";

/** The spec of a start and stop order. */
export interface OrderSpec {
  first: string;
  then: string[];
  /** Whether the VMs in `then` also wait for each other, in their order; otherwise each only waits for `first`. */
  sequential: boolean;
  kind: OrderKind;
  /** Whether they stop in reverse order. */
  symmetrical: boolean;
  adopt?: boolean;
  owner?: string;
}

const KINDS: Record<OrderKind, string> = { mandatory: "Mandatory", optional: "Optional", serialize: "Serialize" };

/** The id of an order, in the style of vm-mgr's colocations. */
export const orderId = ({ first, then }: Pick<OrderSpec, "first" | "then">) => `order-${first}-then${then.join("-")}`;

/** The CIB elements. */
export function orderRelation(spec: OrderSpec): Relation {
  const { first, then, sequential, kind, symmetrical, owner } = spec;
  // crmsh has a simple notation for a chain of three or more, and for two sets.
  const sets =
    sequential && then.length > 1
      ? [{ members: [first, ...then], sequential: true }]
      : [
          { members: [first], sequential: true },
          { members: then, sequential: false },
        ];
  // Serialize has no direction, and Pacemaker accepts none with it.
  const direction = kind === "serialize" || symmetrical ? undefined : "false";
  return {
    noun: "order",
    label: `${first}, then ${then.join(", ")}`,
    members: [first, ...then],
    ...(owner === undefined ? {} : { owner }),
    adopt: spec.adopt ?? false,
    elements: [constraint("rsc_order", { id: orderId(spec), kind: KINDS[kind], symmetrical: direction }, sets, owner)],
  };
}

/** An order as read from its constraint. */
export interface ReadOrder {
  first: string;
  then: string[];
  sequential: boolean;
  kind: OrderKind;
  symmetrical: boolean;
  /** How the constraint deviates from any order of ours, in words. */
  altered?: string;
}

/** Reads a constraint back. @param before the last spec */
export function readOrder(node: XmlElement, before: OrderSpec): ReadOrder {
  const sets = readSets(node) ?? [];
  const [first = before.first, ...then] = sets.flatMap(({ members }) => members);
  const sequential = then.length < 2 ? before.sequential : sets.length < 2;
  const kind = kindOf(node);
  const symmetrical = kind === "serialize" ? before.symmetrical : node.attrs["symmetrical"] !== "false";
  const free = !sequential && then.length === before.then.length && then.every((name) => before.then.includes(name));
  const read = { first, then: free ? before.then : then, sequential, kind, symmetrical };
  const [made] = orderRelation({ ...read, then }).elements;
  return made !== undefined && shapeOf(node) === shapeOf(made)
    ? read
    : { ...read, altered: `${node.attrs["id"]} says something else` };
}

/** The kind of an order; one with a score is mandatory if that is above 0, and optional otherwise. */
function kindOf(node: XmlElement): OrderKind {
  const { kind, score } = node.attrs;
  const found = (Object.keys(KINDS) as OrderKind[]).find((each) => KINDS[each] === kind);
  if (found !== undefined) return found;
  return score === undefined || /^\+?(INFINITY|[1-9]\d*)$/i.test(score) ? "mandatory" : "optional";
}
