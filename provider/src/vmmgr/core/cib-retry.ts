/** Changing the CIB by what it says now: read, compare, write, and again when somebody else was quicker (decision 0002). */
import { setTimeout as sleep } from "node:timers/promises";
import { CibConflict, ConnectionError, type CibChange, type Cluster, type Inventory } from "../../cluster";

const TRIES = 8;

/**
 * Makes the changes that `plan` finds necessary. When Pacemaker refuses them because the same elements have just been
 * changed, or when the answer was lost, the cluster is read again and planned for anew. `plan` throws what it refuses.
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
      // A link that broke may have broken after the change was made: what counts is what the cluster says then.
      const again = error instanceof CibConflict ? tries < TRIES : error instanceof ConnectionError && !lost;
      if (!again) throw error;
      lost ||= error instanceof ConnectionError;
      // Who collides with somebody's loop meets him at another moment of it.
      await sleep(50 + Math.random() * 150 * tries);
    }
  }
}
