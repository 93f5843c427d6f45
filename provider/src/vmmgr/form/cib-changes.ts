/** Everything the CIB must contain for a VM, as one list of changes, and the list that undoes it. */
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

/** A CIB change, and each element as it was before. */
export interface CibSync {
  changes: CibChange[];
  elements: { parent: string; before?: XmlElement; after?: XmlElement }[];
}

class SyncBuilder implements CibSync {
  changes: CibChange[] = [];
  elements: CibSync["elements"] = [];

  /** Turns one element into another; undefined means "not there". */
  replace(parent: string, before: XmlElement | undefined, after: XmlElement | undefined): void {
    this.changes.push(...diffElement(parent, before, after));
    this.elements.unshift({
      parent,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    });
  }

  /** The same for a constraint, which is replaced as a whole. */
  swap(parent: string, before: XmlElement | undefined, after: XmlElement | undefined): void {
    this.changes.push(...swapped(parent, before, after));
    this.elements.unshift({
      parent,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    });
  }
}

/**
 * Swaps a constraint for another of the same id. The order of the resources it names may matter, so it is replaced, not
 * patched.
 */
const swapped = (parent: string, before: XmlElement | undefined, after: XmlElement | undefined): CibChange[] =>
  before !== undefined && after !== undefined && canonicalXml(before) === canonicalXml(after)
    ? []
    : [...diffElement(parent, before, undefined), ...diffElement(parent, undefined, after)];

/** The changes that undo a sync, whether it was made, was not made, or has already been undone. */
export function undoChanges(cib: Cib, sync: CibSync): CibChange[] {
  return sync.elements.flatMap(({ parent, before, after }) => {
    const id = (before ?? after)?.attrs["id"] ?? "";
    const now = parent === RESOURCES ? cib.primitives.get(id) : cib.constraints.find((node) => node.attrs["id"] === id);
    if (now === undefined || before === undefined || after === undefined) return diffElement(parent, now, before);
    // Changes that others have made to it meanwhile stay.
    if (canonicalXml(now) === canonicalXml(after) && parent === CONSTRAINTS) return swapped(parent, now, before);
    return canonicalXml(now) === canonicalXml(after)
      ? diffElement(parent, now, before)
      : diffElement(parent, now, takenBack(now, after, before));
  });
}

/** An element with a change undone, child by child. */
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

/** The changes that make an enabled VM's primitive and constraints match its spec. Foreign constraints stay. */
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

/**
 * The changes that remove a VM from the CIB: its primitive and every constraint that names it. What a constraint says
 * about other resources stays.
 */
export function disableChanges(cib: Cib, vm: string): CibSync {
  const sync = new SyncBuilder();
  // Constraints first: the schema refuses one that names a missing primitive.
  for (const node of constraintsOn(cib, vm)) sync.swap(CONSTRAINTS, node, without(node, [vm]));
  const primitive = cib.primitives.get(vm);
  if (primitive !== undefined) sync.replace(RESOURCES, primitive, undefined);
  return sync;
}

/** The constraints on a VM that are neither vm-mgr's nor this project's own placement. */
export function foreignConstraints(cib: Cib, vm: string, observer: string | undefined): XmlElement[] {
  return constraintsOn(cib, vm).filter((node) => !isPlacement(node, vm, observer));
}

/** The changes that give a primitive another target role and make Pacemaker manage it again. */
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
