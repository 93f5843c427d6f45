/** Sets single user metadata of a VM. */
import { changeStorage } from "../../cluster";
import type { Context } from "../core/context";
import { Refused } from "../core/errors";
import { getVm } from "../vm/lifecycle";
import { emptyValue, nameProblem, systemImage } from "../form/names";

/** Sets one key. It must follow the name rule, and must not be one that the VM itself needs. */
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
