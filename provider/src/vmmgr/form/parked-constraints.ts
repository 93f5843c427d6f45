/**
 * Constraints that wait, in the metadata of a disabled VM, until the CIB can hold them again. A constraint on several
 * VMs stays in force for the remaining ones meanwhile: that rest stands in for the whole.
 */
import { canonicalXml, renderXml, type Inventory, type StorageOperation, type XmlElement } from "../../cluster";
import { readDocument, readOf, Senseless } from "./broken";
import { PARKED_KEY } from "./metadata";
import { systemImage } from "./names";

/** Constraints parked with one image. */
export interface Parked {
  image: string;
  nodes: XmlElement[];
}

/** The constraints that an image keeps. @param text the metadata value @throws Senseless if it is something else */
export const readParked = (text: string | undefined): XmlElement[] =>
  text ? readDocument(PARKED_KEY, text, "constraints").children : [];

/** The same for a VM. @throws BrokenVm */
const parkedOf = (inventory: Inventory, vm: string): XmlElement[] =>
  readOf(inventory, vm, () => readParked(inventory.images.get(systemImage(vm))?.metadata?.[PARKED_KEY]));

/** The same in stored form. */
export const writeParked = (nodes: readonly XmlElement[]): string =>
  renderXml({ name: "constraints", attrs: {}, children: [...nodes] });

/**
 * The same for any image: a value that makes no sense is reported when its own VM is changed, and does not affect the
 * others.
 */
function readParkedOfAny(text: string | undefined): XmlElement[] {
  try {
    return readParked(text);
  } catch (error) {
    if (error instanceof Senseless) return [];
    throw error;
  }
}

/** All parked constraints of a cluster. */
export function parkedOn(inventory: Inventory): Parked[] {
  return [...inventory.images.values()].flatMap(({ name, metadata }) => {
    const nodes = readParkedOfAny(metadata?.[PARKED_KEY]);
    return nodes.length === 0 ? [] : [{ image: name, nodes }];
  });
}

/** The operations that remove the constraints selected by `which` from the images. */
export function forgetParked(inventory: Inventory, which: (node: XmlElement) => boolean): StorageOperation[] {
  return parkedOn(inventory).flatMap(({ image, nodes }): StorageOperation[] => {
    const left = nodes.filter((node) => !which(node));
    if (left.length === nodes.length) return [];
    return [
      {
        op: "setMetadata",
        image,
        ...(left.length === 0 ? { unset: [PARKED_KEY] } : { set: { [PARKED_KEY]: writeParked(left) } }),
      },
    ];
  });
}

const RESOURCE_ATTRS = ["rsc", "with-rsc", "first", "then"];

/** The resources that a constraint names. */
export function referencesOf(node: XmlElement): string[] {
  const own = RESOURCE_ATTRS.flatMap((name) => node.attrs[name] ?? []);
  const ref = node.name === "resource_ref" && node.attrs["id"] !== undefined ? [node.attrs["id"]] : [];
  return [...own, ...ref, ...node.children.flatMap((each) => (each.name === "rule" ? [] : referencesOf(each)))];
}

/** The part of a constraint on the remaining resources when some are left out; undefined if nothing remains. */
export function without(node: XmlElement, left: readonly string[]): XmlElement | undefined {
  if (!referencesOf(node).some((id) => left.includes(id))) return node;
  if (RESOURCE_ATTRS.some((name) => left.includes(node.attrs[name] ?? ""))) return undefined;
  const children = node.children
    .map((set) => ({
      ...set,
      children: set.children.filter((ref) => ref.name !== "resource_ref" || !left.includes(ref.attrs["id"] ?? "")),
    }))
    .filter((set) => set.name !== "resource_set" || set.children.length > 0);
  const sets = children.filter((set) => set.name === "resource_set");
  const members = sets.flatMap((set) => set.children);
  // A relation needs at least two resources, and sets that relate them to each other.
  const between = node.name === "rsc_colocation" || node.name === "rsc_order";
  const related = members.length > 1 && (sets.length > 1 || sets[0]?.attrs["sequential"] !== "false");
  return members.length > 0 && (!between || related) ? { ...node, children } : undefined;
}

/** Whether a constraint is the rest of another while some of the other's VMs are out of the CIB. */
export function standsInFor(present: XmlElement, whole: XmlElement): boolean {
  const here = referencesOf(present);
  const rest = without(
    whole,
    referencesOf(whole).filter((id) => !here.includes(id)),
  );
  return rest !== undefined && canonicalXml(rest) === canonicalXml(present);
}

/** The constraints that return to the CIB when a VM is enabled, with the storage operations for them. */
export interface Returning {
  /** The constraints, as text; undefined if there are none. */
  constraints?: string;
  storage: StorageOperation[];
  restore: StorageOperation[];
}

/**
 * The constraints that wait for a VM, kept with it or with another one. While some of its other VMs are out of the CIB,
 * a constraint returns without those and goes on waiting for them.
 */
export function returningWith(inventory: Inventory, vm: string): Returning {
  const { cib } = inventory;
  const isHere = (id: string) => id === vm || cib.ids.has(id);
  const back: XmlElement[] = [];
  const done = new Set<XmlElement>();
  for (const node of parkedOn(inventory).flatMap(({ nodes }) => nodes)) {
    const named = referencesOf(node);
    if (!named.includes(vm)) continue;
    const away = named.filter((id) => !isHere(id));
    const now = without(node, away);
    if (now !== undefined) back.push(now);
    // Only a VM that has its disk can come back and is waited for.
    if (!away.some((id) => inventory.images.has(systemImage(id)))) done.add(node);
  }
  parkedOf(inventory, vm); // throws, so that senseless data is not lost with the key
  const own = inventory.images.get(systemImage(vm))?.metadata?.[PARKED_KEY];
  const storage = forgetWhich(inventory, done);
  const restore = storage.flatMap((op): StorageOperation[] => {
    const before = op.op === "setMetadata" ? inventory.images.get(op.image)?.metadata?.[PARKED_KEY] : undefined;
    return op.op !== "setMetadata" || before === undefined
      ? []
      : [{ op: "setMetadata", image: op.image, set: { [PARKED_KEY]: before } }];
  });
  return { ...(back.length === 0 && own === undefined ? {} : { constraints: writeParked(back) }), storage, restore };
}

/** Each reading gives new objects for the same constraints, so they are compared by content. */
function forgetWhich(inventory: Inventory, done: ReadonlySet<XmlElement>): StorageOperation[] {
  const texts = new Set([...done].map(canonicalXml));
  return texts.size === 0 ? [] : forgetParked(inventory, (node) => texts.has(canonicalXml(node)));
}

/**
 * The constraints to park with a VM that leaves the CIB: those it kept already, and foreign ones on it that no VM
 * keeps.
 */
export function parkedWith(inventory: Inventory, vm: string, foreign: readonly XmlElement[]): string | undefined {
  const kept = parkedOn(inventory).flatMap(({ nodes }) => nodes);
  const fresh = foreign.filter(
    (node) => !kept.some((each) => each.attrs["id"] === node.attrs["id"] && standsInFor(node, each)),
  );
  const ids = new Set(fresh.map((node) => node.attrs["id"]));
  const own = parkedOf(inventory, vm).filter((node) => !ids.has(node.attrs["id"]));
  return own.length + fresh.length === 0 ? undefined : writeParked([...own, ...fresh]);
}

/**
 * Parks constraints with other VMs while a VM is removed and recreated: its own disk, with everything parked there, is
 * gone meanwhile.
 */
export function keptByOthers(inventory: Inventory, vm: string, foreign: readonly XmlElement[]): StorageOperation[] {
  const byImage = new Map<string, XmlElement[]>();
  for (const node of foreign) {
    const image = referencesOf(node)
      .filter((id) => id !== vm)
      .map(systemImage)
      .find((each) => inventory.images.has(each));
    if (image !== undefined) byImage.set(image, [...(byImage.get(image) ?? []), node]);
  }
  return [...byImage].map(([image, nodes]) => {
    const ids = new Set(nodes.map((node) => node.attrs["id"]));
    const kept = parkedOf(inventory, image.slice(systemImage("").length)).filter((node) => !ids.has(node.attrs["id"]));
    return { op: "setMetadata", image, set: { [PARKED_KEY]: writeParked([...kept, ...nodes]) } };
  });
}
