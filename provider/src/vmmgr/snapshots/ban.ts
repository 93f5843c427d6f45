/**
 * How a VM is kept from running while its disks are brought back: by a constraint, which says so to everyone, and not by
 * its target role. So the primitive stays as it is, and whoever starts the VM meanwhile starts nothing.
 */
import {
  CONSTRAINTS,
  createChange,
  deleteChange,
  element,
  pathOf,
  type Cib,
  type CibChange,
  type XmlElement,
} from "../../cluster";
import { readSets } from "../relation/element";

const banId = (vm: string) => `rollback-${vm}`;

/** A place that is no node's is where it may run: `#uname` is defined of all. */
function ban(vm: string): XmlElement {
  const id = banId(vm);
  return element("rsc_location", { id, rsc: vm }, [
    element("rule", { id: `${id}-rule`, score: "-INFINITY" }, [
      element("expression", { id: `${id}-everywhere`, attribute: "#uname", operation: "defined" }),
    ]),
  ]);
}

const isBanned = (cib: Cib, vm: string) => cib.constraints.some((node) => node.attrs["id"] === banId(vm));

/** What keeps a VM from running anywhere. */
export const banChanges = (cib: Cib, vm: string): CibChange[] =>
  cib.primitives.has(vm) && !isBanned(cib, vm) ? [createChange(CONSTRAINTS, ban(vm))] : [];

/** What lets it run again. */
export const unbanChanges = (cib: Cib, vm: string): CibChange[] =>
  isBanned(cib, vm) ? [deleteChange(pathOf(CONSTRAINTS, ban(vm)))] : [];

const isInfinite = (score: string | undefined) => ["INFINITY", "+INFINITY", "1000000"].includes(score ?? "");

/** An order that stops what comes later when the first stops: `Serialize` only keeps the two from being started at once. */
function isStrictOrder({ name, attrs }: XmlElement): boolean {
  const kind = attrs["kind"] ?? (attrs["score"] === "0" ? "Optional" : "Mandatory");
  return name === "rsc_order" && kind === "Mandatory" && attrs["symmetrical"] !== "false";
}

/**
 * Others that cannot run without the VM: they stop with it. In sets as Pacemaker reads them: of a set in sequence each member
 * depends on the one before it; of several, those of a colocation on the sets behind theirs, those of an order on the sets before.
 */
export function dependents(cib: Cib, vm: string): string[] {
  const found = cib.constraints.flatMap((node) => {
    const together = node.name === "rsc_colocation" && isInfinite(node.attrs["score"]);
    const sets = together || isStrictOrder(node) ? (readSets(node) ?? []) : [];
    const at = sets.findIndex(({ members }) => members.includes(vm));
    if (at < 0) return [];
    const { members = [], sequential = false } = sets[at] ?? {};
    const others = together ? sets.slice(0, at) : sets.slice(at + 1);
    return [...(sequential ? members.slice(members.indexOf(vm) + 1) : []), ...others.flatMap((set) => set.members)];
  });
  return [...new Set(found)].sort();
}
