/**
 * CIB changes based on its current content: read, compare, write, and retry if another client was faster (decision
 * 0002).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { CibConflict, ConnectionError, type CibChange, type Cluster, type Inventory } from "../../cluster";

const TRIES = 8;

/**
 * Makes the changes that `plan` finds necessary. If Pacemaker refuses them because the same elements have just changed,
 * or if the answer was lost, reads the cluster again and replans. `plan` throws its refusals.
 * @returns the cluster as it was read for the plan that was carried out
 * @throws CibConflict after several tries; whatever `plan` throws
 */
export async function retryOnCibConflict(
  cluster: Cluster,
  plan: (inventory: Inventory) => readonly CibChange[],
): Promise<Inventory> {
  let lost = false;
  for (let tries = 1; ; tries++) {
    const inventory = await cluster.inventory();
    const changes = plan(inventory);
    if (changes.length === 0) return inventory;
    try {
      await cluster.changeCib(changes);
      return inventory;
    } catch (error) {
      // The link may have broken after the change was made: only the cluster's state tells.
      const again = error instanceof CibConflict ? tries < TRIES : error instanceof ConnectionError && !lost;
      if (!again) throw error;
      lost ||= error instanceof ConnectionError;
      // If another client changes these elements in a loop, a random delay hits a different moment of that loop.
      await sleep(50 + Math.random() * 150 * tries);
    }
  }
}
