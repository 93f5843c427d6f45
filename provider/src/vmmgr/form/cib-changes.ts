/** All that the CIB must say of a VM, as one list of changes, and the list that takes it back. */
import {
  canonicalXml,
  CONSTRAINTS,
  constraintsOn,
  diffElement,
  RESOURCES,
  type Cib,
  type CibChange,
  type XmlElement,
} from "../../cluster";
import { readParked, referencesOf, standsInFor, without } from "./parked-constraints";
import { isPlacement, obsoletePlacements, vmConstraints } from "./placement";
import type { VmSpec } from "./model";
import { vmPrimitive } from "./primitive";

/** A change of the CIB, and what each element was before it. */
export interface CibSync {
  changes: CibChange[];
  elements: { parent: string; before?: XmlElement; after?: XmlElement }[];
}

class SyncBuilder implements CibSync {
  changes: CibChange[] = [];
  elements: CibSync["elements"] = [];

  /** One element is to become another; undefined is "not there". */
  replace(parent: string, before: XmlElement | undefined, after: XmlElement | undefined): void {
    this.changes.push(...diffElement(parent, before, after));
    this.elements.unshift({
      parent,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    });
  }

  /** The same for a constraint, which is made anew rather than mended. */
  swap(parent: string, before: XmlElement | undefined, after: XmlElement | undefined): void {
    this.changes.push(...swapped(parent, before, after));
    this.elements.unshift({
      parent,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    });
  }
}

/** One constraint instead of another of its id. The order of those whom it names may count, so it is not mended but made anew. */
const swapped = (parent: string, before: XmlElement | undefined, after: XmlElement | undefined): CibChange[] =>
  before !== undefined && after !== undefined && canonicalXml(before) === canonicalXml(after)
    ? []
    : [...diffElement(parent, before, undefined), ...diffElement(parent, undefined, after)];

/** What takes a change back, whether it was made, or not, or is taken back already. */
export function undoChanges(cib: Cib, sync: CibSync): CibChange[] {
  return sync.elements.flatMap(({ parent, before, after }) => {
    const id = (before ?? after)?.attrs["id"] ?? "";
    const now = parent === RESOURCES ? cib.primitives.get(id) : cib.constraints.find((node) => node.attrs["id"] === id);
    if (now === undefined || before === undefined || after === undefined) return diffElement(parent, now, before);
    // What somebody else has changed of it meanwhile is left.
    if (canonicalXml(now) === canonicalXml(after) && parent === CONSTRAINTS) return swapped(parent, now, before);
    return canonicalXml(now) === canonicalXml(after)
      ? diffElement(parent, now, before)
      : diffElement(parent, now, takenBack(now, after, before));
  });
}

/** An element with what a change did to it taken back, child by child. */
function takenBack(now: XmlElement, after: XmlElement, before: XmlElement): XmlElement {
  const find = (node: XmlElement, like: XmlElement) =>
    node.children.find((each) => each.name === like.name && each.attrs["id"] === like.attrs["id"]);
  const attrs = { ...now.attrs };
  for (const name of new Set([...Object.keys(after.attrs), ...Object.keys(before.attrs)])) {
    if (after.attrs[name] === before.attrs[name]) continue;
    if (before.attrs[name] === undefined) delete attrs[name];
    else attrs[name] = before.attrs[name];
  }
  const kept = now.children.flatMap((node) => {
    const [made, was] = [find(after, node), find(before, node)];
    if (made !== undefined && was === undefined) return [];
    return [made === undefined || was === undefined ? node : takenBack(node, made, was)];
  });
  const gone = before.children.filter((node) => find(after, node) === undefined && find(now, node) === undefined);
  return { ...now, attrs, children: [...kept, ...gone] };
}

/** What makes an enabled VM's primitive and constraints say what its spec says. Constraints of others stay. */
export function enableChanges(
  cib: Cib,
  spec: VmSpec,
  observer: string | undefined,
  parked?: string,
  remote?: Record<string, string>,
): CibSync {
  const sync = new SyncBuilder();
  const primitive = cib.primitives.get(spec.name);
  const wanted = vmConstraints(spec, observer);
  sync.replace(RESOURCES, primitive, vmPrimitive(spec, primitive, remote));
  for (const node of obsoletePlacements(cib, spec.name, wanted)) sync.replace(CONSTRAINTS, node, undefined);
  const present = new Map(cib.constraints.map((node) => [node.attrs["id"], node]));
  for (const node of wanted) sync.replace(CONSTRAINTS, present.get(node.attrs["id"]), node);
  for (const node of readParked(parked)) {
    const others = referencesOf(node).filter((id) => id !== spec.name);
    const at = present.get(node.attrs["id"]);
    if (at !== undefined && !standsInFor(at, node)) continue;
    if (others.every((id) => cib.primitives.has(id) || cib.ids.has(id))) sync.swap(CONSTRAINTS, at, node);
  }
  return sync;
}

/** What takes a VM out of the CIB: its primitive and every constraint that names it; what one says of others stays. */
export function disableChanges(cib: Cib, vm: string): CibSync {
  const sync = new SyncBuilder();
  // Constraints first: one that names a primitive that is not there is refused by the schema.
  for (const node of constraintsOn(cib, vm)) sync.swap(CONSTRAINTS, node, without(node, [vm]));
  const primitive = cib.primitives.get(vm);
  if (primitive !== undefined) sync.replace(RESOURCES, primitive, undefined);
  return sync;
}

/** The constraints on a VM that are neither vm-mgr's nor this project's own placement of it. */
export function foreignConstraints(cib: Cib, vm: string, observer: string | undefined): XmlElement[] {
  return constraintsOn(cib, vm).filter((node) => !isPlacement(node, vm, observer));
}

/** What gives a primitive another target role and makes Pacemaker manage it again. */
export function diffTargetRole(primitive: XmlElement, role: "Started" | "Stopped"): CibChange[] {
  const sets = primitive.children.filter((node) => node.name === "meta_attributes");
  const set = sets[0] ?? {
    name: "meta_attributes",
    attrs: { id: `${primitive.attrs["id"]}-meta_attributes` },
    children: [],
  };
  const kept = set.children.filter(
    (node) => !["target-role", "is-managed", "maintenance"].includes(node.attrs["name"] ?? ""),
  );
  const known = set.children.find((node) => node.attrs["name"] === "target-role");
  const id = known?.attrs["id"] ?? `${set.attrs["id"]}-target-role`;
  const after = {
    ...set,
    children: [...kept, { name: "nvpair", attrs: { id, name: "target-role", value: role }, children: [] }],
  };
  const path = `${RESOURCES}/primitive[@id='${primitive.attrs["id"]}']`;
  return diffElement(path, sets[0], after);
}
