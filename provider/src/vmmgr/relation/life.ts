/** The lifecycle of a relation between VMs: created, found, changed and removed, each in one atomic CIB change. */
import {
  changeStorage,
  CONSTRAINTS,
  createChange,
  deleteChange,
  pathOf,
  type CibChange,
  type Inventory,
  type XmlElement,
} from "../../cluster";
import { words } from "../../words";
import { retryOnCibConflict } from "../core/cib-retry";
import { reportOf, type Context } from "../core/context";
import { NotOwned, Refused, type Refusal } from "../core/errors";
import { noSuchVm } from "../form/names";
import { forgetParked, parkedOn, referencesOf, standsInFor } from "../form/parked-constraints";
import { quorumRefusals } from "../core/cluster-health";
import { constraintOf, isMarkedBy, ownerOf, saysTheSame, type Relation } from "./element";

/** How to recognize a relation: by its owner's marks, and by ids if there is no mark. */
export interface Known {
  noun: Relation["noun"];
  /** Its owner; two after the resource was renamed. */
  owners: readonly string[];
  /** The ids it had when last read. */
  ids: readonly string[];
}

/** A relation as found. */
export interface FoundRelation {
  elements: XmlElement[];
  /** It is not in the CIB but waits until these VMs are enabled. */
  waitsFor: string[];
}

const NAMES = { colocation: "rsc_colocation", order: "rsc_order" } as const;

const isOf =
  ({ noun, owners, ids }: Known) =>
  (node: XmlElement): boolean => {
    if (node.name !== NAMES[noun]) return false;
    if (owners.some((owner) => isMarkedBy(node, owner))) return true;
    return ids.includes(node.attrs["id"] ?? "") && ownerOf(node) === undefined;
  };

/** Parked constraints that really wait: vm-mgr's `enable` restores a VM without its parked constraints. */
const waitingIn = (inventory: Inventory): XmlElement[] =>
  parkedOn(inventory)
    .flatMap(({ nodes }) => nodes)
    .filter((node) => referencesOf(node).some((vm) => !inventory.cib.primitives.has(vm)));

/** Finds a relation, in the CIB or parked with a disabled VM. */
export function findRelation(inventory: Inventory, known: Known): FoundRelation | undefined {
  const present = inventory.cib.constraints.filter(isOf(known));
  const waiting = waitingIn(inventory)
    .filter(isOf(known))
    .filter((node) => {
      const here = constraintOf(inventory.cib, node.attrs["id"] ?? "");
      return here === undefined || (!saysTheSame(here, node) && standsInFor(here, node));
    });
  const ids = new Set(waiting.map((node) => node.attrs["id"]));
  const elements = [...present.filter((node) => !ids.has(node.attrs["id"])), ...waiting];
  const away = waiting.flatMap(referencesOf).filter((vm) => !inventory.cib.primitives.has(vm));
  return elements.length === 0 ? undefined : { elements, waitsFor: [...new Set(away)] };
}

/** Whether the cluster has the complete relation as specified, in the CIB or parked. */
export function isInPlace(inventory: Inventory, wanted: Relation): boolean {
  const present = [...inventory.cib.constraints, ...waitingIn(inventory)];
  return wanted.elements.every((node) =>
    present.some((each) => each.attrs["id"] === node.attrs["id"] && saysTheSame(each, node)),
  );
}

/** Foreign constraints with the wanted ids. */
export function takenRefusals(inventory: Inventory, wanted: Relation, known: Known): Refusal[] {
  if (wanted.adopt) return [];
  return wanted.elements.flatMap(({ attrs }) => {
    const present = constraintOf(inventory.cib, attrs["id"] ?? "");
    if (present !== undefined && isOf(known)(present)) return [];
    if (present === undefined && !inventory.cib.ids.has(attrs["id"] ?? "")) return [];
    const maker = present === undefined ? undefined : ownerOf(present);
    const whose = maker === undefined ? "made by vm-mgr or crm" : `made by ${maker}`;
    const reason = `the cluster has a constraint "${attrs["id"]}" already, ${whose}. Take one of the two away, or ${words().takeOver("constraint")}`;
    return [{ property: wanted.noun === "colocation" ? "vm" : "first", reason }];
  });
}

/** Members that Pacemaker does not have, the last obstacle to the constraint. */
function missingRefusals(inventory: Inventory, { noun, members }: Relation): Refusal[] {
  return members.flatMap((vm, index) => {
    if (inventory.cib.primitives.has(vm)) return [];
    const [head, tail] = noun === "colocation" ? ["vm", "with"] : ["first", "then"];
    const has = inventory.images.has(`system_${vm}`) ? `VM "${vm}" is not enabled` : noSuchVm(vm);
    return [{ property: (index === 0 ? head : tail) ?? "", reason: has }];
  });
}

/** The changes that turn `known` into `wanted`: equivalent constraints stay, the others are replaced in one patch. */
function changesTo(inventory: Inventory, known: Known, wanted: Relation): CibChange[] {
  const own = inventory.cib.constraints.filter(isOf(known));
  const ids = new Set(wanted.elements.map((node) => node.attrs["id"]));
  const obsolete = own.filter((node) => !ids.has(node.attrs["id"]));
  const changed = wanted.elements.flatMap((node) => {
    const present = constraintOf(inventory.cib, node.attrs["id"] ?? "");
    if (present === undefined) return [createChange(CONSTRAINTS, node)];
    const same = saysTheSame(present, node) && (wanted.owner === undefined || isMarkedBy(present, wanted.owner));
    return same ? [] : [deleteChange(pathOf(CONSTRAINTS, present)), createChange(CONSTRAINTS, node)];
  });
  return [...obsolete.map((node) => deleteChange(pathOf(CONSTRAINTS, node))), ...changed];
}

/**
 * Creates a relation, or reuses one that a run of the same owner created and lost track of. Completely, or not at all.
 * @param also further reasons to refuse, evaluated on the cluster's state at the time of the change
 * @throws NotOwned, Refused before anything was changed
 */
export function createRelation(
  context: Context,
  wanted: Relation,
  also: (inventory: Inventory) => Refusal[] = () => [],
): Promise<void> {
  return changeRelation(
    context,
    "create",
    { noun: wanted.noun, owners: wanted.owner === undefined ? [] : [wanted.owner], ids: [] },
    wanted,
    also,
  );
}

/**
 * Changes an existing relation to match its spec, in one change; recreates missing parts.
 * @throws NotOwned, Refused before anything was changed
 */
export function updateRelation(
  context: Context,
  known: Known,
  wanted: Relation,
  also: (inventory: Inventory) => Refusal[] = () => [],
): Promise<void> {
  const owners = wanted.owner === undefined ? known.owners : [...known.owners, wanted.owner];
  return changeRelation(context, "change", { ...known, owners }, wanted, also);
}

async function changeRelation(
  { cluster }: Context,
  verb: "create" | "change",
  known: Known,
  wanted: Relation,
  also: (inventory: Inventory) => Refusal[],
): Promise<void> {
  const seen = await retryOnCibConflict(cluster, (inventory) => {
    const changes = changesTo(inventory, known, wanted);
    const [taken] = takenRefusals(inventory, wanted, known);
    if (taken !== undefined) {
      const what = `Unable to ${verb} ${wanted.noun} "${wanted.label}" on ${inventory.node}`;
      throw new NotOwned(`${what}: ${taken.reason}`, "another program", "Nothing was changed.");
    }
    if (changes.length === 0) return [];
    const refusals = [...quorumRefusals(inventory), ...missingRefusals(inventory, wanted), ...also(inventory)];
    if (refusals.length > 0) throw new Refused(verb, wanted.label, inventory.node, refusals, wanted.noun);
    return changes;
  });
  // Its parked parts no longer wait for anything: all its VMs are there.
  const forget = forgetParked(seen, isOf(known));
  if (forget.length > 0) await changeStorage(cluster.runner, forget);
}

/** Removes a relation, even one parked with a disabled VM. Succeeds if it is already gone. */
export async function removeRelation(context: Context, known: Known): Promise<void> {
  const { cluster } = context;
  const inventory = await cluster.inventory();
  // Parked constraints first: a VM that is enabled meanwhile would bring them back.
  const forget = forgetParked(inventory, isOf(known));
  if (forget.length > 0) await changeStorage(cluster.runner, forget);
  await retryOnCibConflict(cluster, ({ cib }) => {
    for (const id of known.ids) {
      const present = constraintOf(cib, id);
      if (present === undefined || isOf(known)(present)) continue;
      reportOf(context)(`the constraint "${id}" stays: it is ${ownerOf(present) ?? "somebody else"}'s now`);
    }
    return cib.constraints.filter(isOf(known)).map((node) => deleteChange(pathOf(CONSTRAINTS, node)));
  });
}
