/** All that the CIB must say of a VM, as one list of changes, and the list that takes it back. */
import {
  CONSTRAINTS, constraintsOn, diffElement, parseXml, renderXml, RESOURCES, type Cib, type CibChange, type XmlElement,
} from "../cluster";
import { isPlacement, obsoletePlacements, vmConstraints } from "./constraints";
import type { VmSpec } from "./model";
import { vmPrimitive } from "./primitive";

/** A change of the CIB with its reverse. */
export interface CibSync {
  changes: CibChange[];
  undo: CibChange[];
}

class SyncBuilder implements CibSync {
  changes: CibChange[] = [];
  undo: CibChange[] = [];

  /** One element is to become another; undefined is "not there". */
  replace(parent: string, before: XmlElement | undefined, after: XmlElement | undefined): void {
    this.changes.push(...diffElement(parent, before, after));
    this.undo.unshift(...diffElement(parent, after, before));
  }
}

/** What makes an enabled VM's primitive and constraints say what its spec says. Constraints of others stay. */
export function enableChanges(cib: Cib, spec: VmSpec, observer: string | undefined, parked?: string): CibSync {
  const sync = new SyncBuilder();
  const primitive = cib.primitives.get(spec.name);
  const wanted = vmConstraints(spec, observer);
  sync.replace(RESOURCES, primitive, vmPrimitive(spec, primitive));
  for (const node of obsoletePlacements(cib, spec.name, wanted)) sync.replace(CONSTRAINTS, node, undefined);
  const present = new Map(cib.constraints.map((node) => [node.attrs["id"], node]));
  for (const node of wanted) sync.replace(CONSTRAINTS, present.get(node.attrs["id"]), node);
  for (const node of parkedConstraints(parked)) {
    const others = referencesOf(node).filter((id) => id !== spec.name);
    if (present.has(node.attrs["id"]) || !others.every((id) => cib.primitives.has(id) || cib.ids.has(id))) continue;
    sync.replace(CONSTRAINTS, undefined, node);
  }
  return sync;
}

/** What takes a VM out of the CIB: its primitive and every constraint that names it. */
export function disableChanges(cib: Cib, vm: string): CibSync {
  const sync = new SyncBuilder();
  // Constraints first: one that names a primitive that is not there is refused by the schema.
  for (const node of constraintsOn(cib, vm)) sync.replace(CONSTRAINTS, node, undefined);
  const primitive = cib.primitives.get(vm);
  if (primitive !== undefined) sync.replace(RESOURCES, primitive, undefined);
  return sync;
}

/** The constraints on a VM that are neither vm-mgr's nor this project's own placement of it. */
export function foreignConstraints(cib: Cib, vm: string): XmlElement[] {
  return constraintsOn(cib, vm).filter((node) => !isPlacement(node, vm));
}

/** Constraints of others as they are kept in the metadata while the VM is not in the CIB. */
export function parkConstraints(nodes: readonly XmlElement[]): string {
  return renderXml({ name: "constraints", attrs: {}, children: [...nodes] });
}

function parkedConstraints(text: string | undefined): XmlElement[] {
  return text === undefined ? [] : parseXml(text, "the parked constraints").children;
}

function referencesOf(node: XmlElement): string[] {
  const own = ["rsc", "with-rsc", "first", "then"].flatMap((name) => node.attrs[name] ?? []);
  const ref = node.name === "resource_ref" && node.attrs["id"] !== undefined ? [node.attrs["id"]] : [];
  return [...own, ...ref, ...node.children.flatMap((each) => (each.name === "rule" ? [] : referencesOf(each)))];
}

/** What gives a primitive another target role and makes Pacemaker manage it again. */
export function diffTargetRole(primitive: XmlElement, role: "Started" | "Stopped"): CibChange[] {
  const sets = primitive.children.filter((node) => node.name === "meta_attributes");
  const set = sets[0] ?? { name: "meta_attributes", attrs: { id: `${primitive.attrs["id"]}-meta_attributes` }, children: [] };
  const kept = set.children.filter((node) => !["target-role", "is-managed", "maintenance"].includes(node.attrs["name"] ?? ""));
  const known = set.children.find((node) => node.attrs["name"] === "target-role");
  const id = known?.attrs["id"] ?? `${set.attrs["id"]}-target-role`;
  const after = { ...set, children: [...kept, { name: "nvpair", attrs: { id, name: "target-role", value: role }, children: [] }] };
  const path = `${RESOURCES}/primitive[@id='${primitive.attrs["id"]}']`;
  return diffElement(path, sets[0], after);
}
