/**
 * How a VM is kept from running while its disks are brought back: by a constraint, which says so to everyone, and not by
 * its target role. So the primitive stays as it is, and whoever starts the VM meanwhile starts nothing.
 */
import { CONSTRAINTS, createChange, deleteChange, element, pathOf, type Cib, type CibChange, type XmlElement } from "../../cluster";

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

/** Others that cannot run without the VM: they stop with it. */
export function dependents(cib: Cib, vm: string): string[] {
  const found = cib.constraints.flatMap((node) => {
    if (node.name === "rsc_colocation" && node.attrs["with-rsc"] === vm && node.attrs["score"] === "INFINITY") return node.attrs["rsc"] ?? [];
    const strict = (node.attrs["kind"] ?? "Mandatory") !== "Optional";
    return node.name === "rsc_order" && node.attrs["first"] === vm && strict ? node.attrs["then"] ?? [] : [];
  });
  return [...new Set(found)].sort();
}
