/** The lease of an unfinished create. */
import type { Cluster, Inventory } from "../../cluster";
import type { Context } from "../core/context";
import { Lease, waitUntilAbandoned } from "../core/lease";
import { PHASE_KEY } from "../form/metadata";
import type { CreatePhase } from "../form/model";

export class CreateLease extends Lease {
  #phase: CreatePhase = "importing";

  constructor(cluster: Cluster, vm: string) {
    super(cluster, { vm, key: PHASE_KEY });
  }

  protected phase(): string {
    return this.#phase;
  }

  /** The lease as metadata, set together with the image. */
  metadata(phase: CreatePhase): Record<string, string> {
    this.#phase = phase;
    return { [PHASE_KEY]: this.next() };
  }

  /**
   * Removes the lease, and returns the cluster as it is then. If the answer is lost, a removed lease still means
   * success: the VM is complete.
   */
  async finish(): Promise<Inventory> {
    await this.stopRenewing();
    try {
      return await this.cluster.changeAndRead([{ op: "setMetadata", image: this.image, unset: [PHASE_KEY] }]);
    } catch (error) {
      const inventory = await this.cluster.inventory();
      const metadata = inventory.images.get(this.image)?.metadata;
      if (metadata === undefined || PHASE_KEY in metadata) throw error;
      return inventory;
    }
  }
}

/** Returns once no program is creating the VM any more. @throws NotOwned */
export const waitUntilCreateAbandoned = (context: Context, vm: string, node: string): Promise<void> =>
  waitUntilAbandoned(
    context,
    { vm, key: PHASE_KEY },
    "a create",
    (holder) => `Unable to create VM "${vm}" on ${node}: ${holder} is making it right now`,
  );
