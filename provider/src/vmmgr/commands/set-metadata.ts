/** The user's metadata of a VM, set one by one. */
import { changeStorage } from "../../cluster";
import type { Context } from "../core/context";
import { Refused } from "../core/errors";
import { getVm } from "../vm/lifecycle";
import { emptyValue, nameProblem, systemImage } from "../form/names";

/** Sets one. Its key keeps to the rule of names, and is none of those that the VM itself needs. */
export async function setMetadata({ cluster }: Context, vm: string, key: string, value: string): Promise<void> {
  const inventory = await cluster.inventory();
  getVm(inventory, vm, "set metadata of");
  const problem = nameProblem(key);
  if (problem !== undefined)
    throw new Refused("set metadata of", vm, inventory.node, [{ property: "the key", reason: problem }]);
  if (value === "")
    throw new Refused("set metadata of", vm, inventory.node, [{ property: "the value", reason: emptyValue }]);
  await changeStorage(cluster.runner, [{ op: "setMetadata", image: systemImage(vm), set: { [key]: value } }]);
}
