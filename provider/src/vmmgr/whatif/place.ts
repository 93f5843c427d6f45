/** Whether VMs find a place, where it takes the scheduler to know: elsewhere constraints alone say it. */
import type { Cluster, Inventory } from "../../cluster";
import type { Refusal } from "../core/errors";
import type { VmSpec } from "../form/model";
import { whatIf } from "./index";

/** Whether Pacemaker counts what nodes have: SEAPATH leaves it at `default`, by which a VM never lacks room. */
export const countsRoom = ({ cib }: Inventory): boolean =>
  (cib.properties["placement-strategy"] ?? "default") !== "default";

/**
 * A VM of a program that would not be started for lack of room. Worth asking where `countsRoom`.
 * @param vms in the order in which they come
 */
export async function placeRefusals(
  cluster: Cluster,
  inventory: Inventory,
  vms: readonly VmSpec[],
  vm: string,
): Promise<Refusal[]> {
  const { placements } = await whatIf(cluster, { vms, removed: [] });
  const found = placements.find((each) => each.vm === vm);
  if (found?.unplaced === undefined) return [];
  const strategy = inventory.cib.properties["placement-strategy"];
  return [
    {
      property: "the cluster",
      reason: `it finds no place, and Pacemaker would not start it, without a word (placement-strategy=${strategy}): ${found.unplaced}`,
    },
  ];
}
