/** VMs that run together, outside of Pulumi programs: vm-mgr's add_colocation, and its removal. */
import { addColocation as add, colocationId, colocationRelation, isInPlace, NotFound, removeRelation } from "../vmmgr";
import { contextOf, look, type At } from "./at";

const asked = (vm: string, others: readonly string[], strong: boolean) => ({
  vm,
  with: [...others],
  strong,
  apart: false,
});

/**
 * Makes a VM run with others: together or not at all (strong), or together if possible. All of them must be enabled. An
 * existing colocation stays as it is.
 * @throws Refused, NotOwned
 */
export async function addColocation(at: At, vm: string, others: readonly string[], strong = false): Promise<void> {
  const spec = asked(vm, others, strong);
  if (isInPlace(await look(at), colocationRelation(spec))) return;
  await add(contextOf(at), spec);
}

/** Removes such a colocation; the VMs stay where they are. @throws NotFound */
export async function removeColocation(at: At, vm: string, others: readonly string[], strong = false): Promise<void> {
  const inventory = await look(at);
  const spec = asked(vm, others, strong);
  const id = colocationId(spec);
  if (!isInPlace(inventory, colocationRelation(spec))) {
    throw new NotFound(
      `Unable to remove the colocation of "${vm}" with ${others.join(", ")} on ${inventory.node}: the cluster has no constraint "${id}"`,
    );
  }
  await removeRelation(contextOf(at), { noun: "colocation", owners: [], ids: [id] });
}
