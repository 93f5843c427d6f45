/** Whether VMs find a node, if only the scheduler can tell: otherwise constraints alone decide. */
import type { Cluster, Inventory } from "../../cluster";
import type { Refusal } from "../core/errors";
import type { VmSpec } from "../form/model";
import { whatIf } from "./index";

/**
 * Whether Pacemaker takes node capacity into account: SEAPATH keeps `default`, with which a VM never lacks capacity.
 */
export const countsRoom = ({ cib }: Inventory): boolean =>
  (cib.properties["placement-strategy"] ?? "default") !== "default";

/**
 * Refuses a program's VM that would not start for lack of capacity. Only useful if `countsRoom`.
 * @param vms in the order of their creation
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
