/** Which resources Pacemaker could place on a guest node, and which belong there. */
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
import { constraintIds } from "../form/names";

const isVm = (primitive: XmlElement) => primitive.attrs["type"] === "VirtualDomain";
const isForbidding = (score: string | undefined) => score === "-INFINITY" || score === "-1000000";

const expressionsOf = (constraint: XmlElement) =>
  constraint.children
    .filter((each) => each.name === "rule")
    .flatMap((rule) =>
      rule.children.filter((each) => each.name === "expression").map((expression) => ({ rule, expression })),
    );

/**
 * Whether a constraint keeps its primitive off a node: a ban, or a rule that matches it.
 * @param kind the node's kind
 */
export function keepsOff(constraint: XmlElement, node: string, kind: "cluster" | "container" = "container"): boolean {
  if (constraint.attrs["node"] === node && isForbidding(constraint.attrs["score"])) return true;
  return expressionsOf(constraint).some(({ rule, expression }) => {
    const { attribute, operation, value } = expression.attrs;
    if (rule.children.length !== 1 || !isForbidding(rule.attrs["score"])) return false;
    const own = attribute === "#kind" ? kind : attribute === "#uname" ? node : undefined;
    return own !== undefined && (operation === "ne" ? value !== own : operation === "eq" && value === own);
  });
}

/** The location constraints of each primitive, including those that name several in a set. */
export function locationsByPrimitive(cib: Cib): Map<string, XmlElement[]> {
  const found = new Map<string, XmlElement[]>();
  for (const each of cib.constraints.filter(({ name }) => name === "rsc_location")) {
    const sets = each.children
      .filter(({ name }) => name === "resource_set")
      .flatMap((set) => set.children.map(({ attrs }) => attrs["id"] ?? ""));
    for (const id of [...(each.attrs["rsc"] === undefined ? [] : [each.attrs["rsc"]]), ...sets])
      found.set(id, [...(found.get(id) ?? []), each]);
  }
  return found;
}

/**
 * Primitives that Pacemaker may place on a guest node: VMs, and others. The guest's own VM cannot run inside itself.
 */
export function openTo(cib: Cib, guest: string, vm: string): { vms: string[]; others: string[] } {
  const locations = locationsByPrimitive(cib);
  const open = [...cib.primitives].filter(
    ([id]) => id !== vm && !(locations.get(id) ?? []).some((constraint) => keepsOff(constraint, guest)),
  );
  return {
    vms: open.filter(([, primitive]) => isVm(primitive)).map(([id]) => id),
    others: open.filter(([, primitive]) => !isVm(primitive)).map(([id]) => id),
  };
}

/** Bans VMs from a guest node, as vm-mgr bans a VM from the existing ones when it enables it. */
export const banChanges = (vms: readonly string[], guest: string): CibChange[] =>
  vms.map((vm) => {
    const attrs = { id: constraintIds.ban(vm, guest), rsc: vm, role: "Started", node: guest, score: "-INFINITY" };
    return createChange(CONSTRAINTS, element("rsc_location", attrs));
  });

const isBan = (constraint: XmlElement, guest: string) =>
  constraint.attrs["node"] === guest &&
  constraint.attrs["id"] === constraintIds.ban(constraint.attrs["rsc"] ?? "", guest);

/** Removes the bans on a guest node that is gone. */
export const unbanChanges = (cib: Cib, guest: string): CibChange[] =>
  cib.constraints.filter((each) => isBan(each, guest)).map((each) => deleteChange(pathOf(CONSTRAINTS, each)));

/** The constraints that refer to a guest node and are meaningless without it. Bans do not count. */
export function usersOf(cib: Cib, guest: string): { primitive: string; constraint: string }[] {
  return cib.constraints.flatMap((constraint) => {
    const { id = "", rsc, node, score } = constraint.attrs;
    const byName = ["with-rsc", "first", "then", "rsc"].some((name) => constraint.attrs[name] === guest);
    const byNode = node === guest && !isForbidding(score);
    const byRule = expressionsOf(constraint).some(
      ({ expression }) => expression.attrs["attribute"] === "#uname" && expression.attrs["value"] === guest,
    );
    return byName || byNode || byRule ? [{ primitive: rsc ?? guest, constraint: id }] : [];
  });
}
