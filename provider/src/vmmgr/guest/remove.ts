/** Removes a guest node: the VM keeps running, and nothing of the node stays in the CIB. */
import { changeStorage, type Cib, type Inventory } from "../../cluster";
import type { Context } from "../core/context";
import { Refused, type Refusal } from "../core/errors";
import { systemImage } from "../form/names";
import { quorumRefusals } from "../core/cluster-health";
import { runSteps, type Step } from "../core/steps";
import { readMeta, METADATA_KEYS } from "./settings";
import { takeOut } from "./apply";
import { usersOf } from "./keepoff";
import type { GuestNodeSpec } from "./model";

/** Why a guest node must not be removed yet. */
export function removalRefusals(cib: Cib, name: string): Refusal[] {
  const users = usersOf(cib, name);
  if (users.length === 0) return [];
  const list = users.map(({ primitive, constraint }) => `"${primitive}" (constraint "${constraint}")`).join(", ");
  return [
    { property: "name", reason: `${list} would have nowhere to run; take that away, or let it go elsewhere, first` },
  ];
}

/**
 * Removes a guest node and any remains of it. Succeeds if it is already gone.
 * @throws Refused while a resource is bound to it; ChangeFailed with what is left
 */
export async function removeGuestNode(context: Context, spec: Pick<GuestNodeSpec, "vm" | "name">): Promise<void> {
  const inventory = await context.cluster.inventory();
  const what = `Unable to take away guest node "${spec.name}" on ${inventory.node}`;
  const refusals = [...quorumRefusals(inventory), ...removalRefusals(inventory.cib, spec.name)];
  if (refusals.length > 0) throw new Refused("take away", spec.name, inventory.node, refusals, "guest node");
  await runSteps(what, [
    { name: "telling Pacemaker of it", act: () => takeOut(context, spec), noUndo: "the next `destroy` goes on" },
    ...metadataStep(context, inventory, spec),
  ]);
}

function metadataStep(
  context: Context,
  inventory: Inventory,
  { vm, name }: Pick<GuestNodeSpec, "vm" | "name">,
): Step[] {
  const image = systemImage(vm);
  const metadata = inventory.images.get(image)?.metadata ?? {};
  const another = readMeta(inventory.cib.primitives.get(vm));
  // The VM may have become a different guest node meanwhile; that one is not ours to remove.
  if (metadata["_remote_node"] === undefined || (another !== undefined && another.name !== name)) return [];
  return [
    {
      name: "removing its metadata",
      act: () => changeStorage(context.cluster.runner, [{ op: "setMetadata", image, unset: METADATA_KEYS }]),
      noUndo: "the next `destroy` goes on",
    },
  ];
}
