/**
 * Keeps a VM from running while its disks are rolled back: by a constraint, which everyone can see, and not by its
 * target role. So the primitive stays unchanged, and an attempt to start the VM meanwhile has no effect.
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

/** Bans it from all nodes: `#uname` is defined on every node. */
function ban(vm: string): XmlElement {
  const id = banId(vm);
  return element("rsc_location", { id, rsc: vm }, [
    element("rule", { id: `${id}-rule`, score: "-INFINITY" }, [
      element("expression", { id: `${id}-everywhere`, attribute: "#uname", operation: "defined" }),
    ]),
  ]);
}

const isBanned = (cib: Cib, vm: string) => cib.constraints.some((node) => node.attrs["id"] === banId(vm));

/** The changes that keep a VM from running anywhere. */
export const banChanges = (cib: Cib, vm: string): CibChange[] =>
  cib.primitives.has(vm) && !isBanned(cib, vm) ? [createChange(CONSTRAINTS, ban(vm))] : [];

/** The changes that let it run again. */
export const unbanChanges = (cib: Cib, vm: string): CibChange[] =>
  isBanned(cib, vm) ? [deleteChange(pathOf(CONSTRAINTS, ban(vm)))] : [];

const isInfinite = (score: string | undefined) => ["INFINITY", "+INFINITY", "1000000"].includes(score ?? "");

/** An order that stops the later resource with the first: `Serialize` only prevents concurrent starts. */
function isStrictOrder({ name, attrs }: XmlElement): boolean {
  const kind = attrs["kind"] ?? (attrs["score"] === "0" ? "Optional" : "Mandatory");
  return name === "rsc_order" && kind === "Mandatory" && attrs["symmetrical"] !== "false";
}

/**
 * Resources that cannot run without the VM: they stop with it. Sets as Pacemaker reads them: in a sequential set, each
 * member depends on the one before it; across sets, a colocation's members depend on the sets after theirs, an order's
 * members on the sets before.
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
