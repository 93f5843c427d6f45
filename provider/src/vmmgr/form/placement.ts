/** Where Pacemaker may run a VM, as constraints: vm-mgr's own, and one rule that vm-mgr lacks. */
import { element, type Cib, type XmlElement } from "../../cluster";
import type { VmSpec } from "./model";
import { constraintIds } from "./names";

/** The constraints that a VM must have. */
export function vmConstraints(spec: VmSpec, observer: string | undefined): XmlElement[] {
  const vm = spec.name;
  const nodesOnly = constraintIds.nodesOnly(vm);
  const found = [
    // Anything that is not a cluster node is a guest node or remote node, including those that join later.
    element("rsc_location", { id: nodesOnly, rsc: vm }, [
      element("rule", { id: `${nodesOnly}-rule`, score: "-INFINITY" }, [
        element("expression", { id: `${nodesOnly}-kind`, attribute: "#kind", operation: "ne", value: "cluster" }),
      ]),
    ]),
  ];
  if (observer !== undefined) {
    const id = constraintIds.ban(vm, observer);
    found.push(element("rsc_location", { id, rsc: vm, role: "Started", node: observer, score: "-INFINITY" }));
  }
  if (spec.pinnedHost !== undefined) {
    const id = constraintIds.pin(vm, spec.pinnedHost);
    const attrs = { id, rsc: vm, "resource-discovery": "exclusive", score: "INFINITY", node: spec.pinnedHost };
    found.push(element("rsc_location", attrs));
  }
  if (spec.preferredHost !== undefined) {
    const id = constraintIds.prefer(vm);
    found.push(element("rsc_location", { id, rsc: vm, role: "Started", node: spec.preferredHost, score: "INFINITY" }));
  }
  return found;
}

/** Whether a constraint is one that vm-mgr or this project creates for the VM's own placement. */
export function isPlacement(constraint: XmlElement, vm: string, observer: string | undefined): boolean {
  const id = constraint.attrs["id"] ?? "";
  if (constraint.name !== "rsc_location") return false;
  // A ban on a node other than the observer is a deliberate `crm resource ban` by the user.
  const ban = observer === undefined ? undefined : constraintIds.ban(vm, observer);
  return isPin(id, vm) || [constraintIds.prefer(vm), constraintIds.nodesOnly(vm), ban].includes(id);
}

const isPin = (id: string, vm: string) => id.startsWith(constraintIds.pin(vm, ""));

/** Placements of the VM in the CIB that `wanted` lacks: a dropped pin or preference. */
export function obsoletePlacements(cib: Cib, vm: string, wanted: readonly XmlElement[]): XmlElement[] {
  const keep = new Set(wanted.map((node) => node.attrs["id"]));
  return cib.constraints.filter((node) => {
    const id = node.attrs["id"] ?? "";
    const given = isPin(id, vm) || id === constraintIds.prefer(vm);
    return node.name === "rsc_location" && node.attrs["rsc"] === vm && given && !keep.has(id);
  });
}

/** The pinned and preferred host of a VM in the CIB. */
export function readPlacement(cib: Cib, vm: string): { pinnedHost?: string; preferredHost?: string } {
  const own = cib.constraints.filter((node) => node.name === "rsc_location" && node.attrs["rsc"] === vm);
  const node = (match: (id: string) => boolean) => own.find((each) => match(each.attrs["id"] ?? ""))?.attrs["node"];
  const pinnedHost = node((id) => isPin(id, vm));
  const preferredHost = node((id) => id === constraintIds.prefer(vm));
  return { ...(pinnedHost ? { pinnedHost } : {}), ...(preferredHost ? { preferredHost } : {}) };
}

/** The node that a VM is pinned to or prefers. */
export const chosenHost = ({ pinnedHost, preferredHost }: Pick<VmSpec, "pinnedHost" | "preferredHost">) =>
  pinnedHost ?? preferredHost;
