/** Changes of the CIB that are made anew when somebody was faster. */
import { CibConflict, type CibChange, type Cluster, type Inventory } from "../../cluster";

const TRIES = 4;

/** Reads the cluster, makes the changes, writes them; all of it again when Pacemaker refuses them. */
export async function changeCibAnew(cluster: Cluster, make: (inventory: Inventory) => CibChange[]): Promise<void> {
  for (let left = TRIES - 1; ; left--) {
    try {
      await cluster.changeCib(make(await cluster.inventory()));
      return;
    } catch (error) {
      if (!(error instanceof CibConflict) || left <= 0) throw error;
    }
  }
}
