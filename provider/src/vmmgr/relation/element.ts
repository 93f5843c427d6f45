/**
 * Constraints between VMs as crmsh writes `<id> <score or kind>: a ( b c )`: one set after the other. The owner of a
 * constraint is recorded in the ids of its sets, which no tool shows or minds: it comes and goes with the constraint
 * itself.
 */
import { canonicalXml, children, element, type Cib, type XmlElement } from "../../cluster";

/** A colocation or an order as CIB elements, whatever its source. */
export interface Relation {
  noun: "colocation" | "order";
  /** As messages name it: `web01 with db01`. */
  label: string;
  /** The VMs it relates. */
  members: string[];
  /** The program's resource that creates it: project, stack, logical name. Absent for the command line. */
  owner?: string;
  /** Adopts existing constraints with these ids. */
  adopt: boolean;
  elements: XmlElement[];
}

/** One set of a constraint. */
export interface MemberSet {
  members: readonly string[];
  /** Whether their order matters. */
  sequential: boolean;
}

const MARK = ".by.";
const slug = (owner: string) =>
  owner
    .split("/")
    .map((part) => part.replace(/[^A-Za-z0-9._-]/g, "_"))
    .join("..");

/** A constraint made of sets, marked with its owner if it has one. */
export function constraint(
  name: "rsc_colocation" | "rsc_order",
  attrs: Record<string, string | undefined> & { id: string },
  sets: readonly MemberSet[],
  owner: string | undefined,
): XmlElement {
  const mark = owner === undefined ? "" : `${MARK}${slug(owner)}`;
  return element(
    name,
    attrs,
    sets.map(({ members, sequential }, index) =>
      element(
        "resource_set",
        { id: `${attrs.id}-${index}${mark}`, ...(sequential ? {} : { sequential: "false" }) },
        members.map((id) => element("resource_ref", { id })),
      ),
    ),
  );
}

/** The owner of a constraint, if it is marked. */
export function ownerOf(node: XmlElement): string | undefined {
  const id = children(node, "resource_set")[0]?.attrs["id"] ?? "";
  const at = id.indexOf(MARK);
  return at < 0 ? undefined : id.slice(at + MARK.length).replaceAll("..", "/");
}

/** Whether a constraint carries the mark of an owner. */
export const isMarkedBy = (node: XmlElement, owner: string | undefined): boolean =>
  owner !== undefined && ownerOf(node) === slug(owner).replaceAll("..", "/");

/** Whether a constraint was made by a resource of a stack. @param stack `project/stack` */
export const isMarkedByStack = (node: XmlElement, stack: string | undefined): boolean =>
  stack !== undefined && (ownerOf(node)?.startsWith(`${slug(stack).replaceAll("..", "/")}/`) ?? false);

/** Whether two constraints are equivalent, whoever made them. */
export function saysTheSame(a: XmlElement, b: XmlElement): boolean {
  const plain = (node: XmlElement) =>
    canonicalXml({ ...node, children: node.children.map((each) => ({ ...each, attrs: { ...each.attrs, id: "" } })) });
  return plain(a) === plain(b);
}

/** The sets of a constraint between VMs, including one written with two attributes; undefined for other shapes. */
export function readSets(node: XmlElement): MemberSet[] | undefined {
  const [from, to] = node.name === "rsc_order" ? ["first", "then"] : ["rsc", "with-rsc"];
  const [first, second] = [node.attrs[from ?? ""], node.attrs[to ?? ""]];
  if (first !== undefined && second !== undefined) {
    return [
      { members: [first], sequential: true },
      { members: [second], sequential: false },
    ];
  }
  if (node.children.length === 0 || node.children.some((each) => each.name !== "resource_set")) return undefined;
  return node.children.map((set) => ({
    members: children(set, "resource_ref").map((ref) => ref.attrs["id"] ?? ""),
    sequential: set.attrs["sequential"] !== "false",
  }));
}

const PLAIN = ["id", "rsc", "with-rsc", "first", "then", "score", "kind", "symmetrical"];

/**
 * The members of a constraint and their relation, as text: the same for sets and for two attributes, and independent of
 * score and direction. Roles, actions and rules, which our relations never have, make it differ.
 */
export function shapeOf(node: XmlElement): string {
  const sets = readSets(node)?.map(({ members, sequential }) => [
    sequential ? members : [...members].sort(),
    members.length < 2 || sequential,
  ]);
  const strange = [node, ...node.children].map(({ attrs }) =>
    Object.entries(attrs).filter(
      ([name, value]) => !PLAIN.includes(name) && !(name === "sequential" && /^(true|false)$/.test(value)),
    ),
  );
  return JSON.stringify([node.name, sets ?? node.children, strange.flat()]);
}

/** The constraint with an id. */
export const constraintOf = (cib: Cib, id: string): XmlElement | undefined =>
  cib.constraints.find((node) => node.attrs["id"] === id);

/** Pacemaker's score as a number; a million or more is INFINITY. */
export function readScore(text: string | undefined): number {
  const word = /^([+-]?)(?:INFINITY|inf)$/i.exec(text ?? "");
  if (word !== null) return word[1] === "-" ? -Infinity : Infinity;
  const score = Number(text ?? "0");
  if (Number.isNaN(score)) return 0;
  return Math.abs(score) >= 1_000_000 ? Math.sign(score) * Infinity : score;
}
