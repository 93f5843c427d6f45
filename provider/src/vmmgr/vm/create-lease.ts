/**
 * The mark of a create that has not ended, in the metadata of its image. Who makes the VM renews it every few seconds:
 * one that stands still was abandoned, and whoever comes next may take the create up; one that moves is somebody's.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { changeStorage, type Cluster, type Inventory } from "../../cluster";
import { reportOf, type Context } from "../core/context";
import { words } from "../../words";
import { NotOwned } from "../core/errors";
import { PHASE_KEY } from "../form/metadata";
import type { CreatePhase } from "../form/model";
import { systemImage } from "../form/names";

const RENEW_MS = 4_000;
/** Several renewals long, so that a slow link is not taken for a dead program. */
const ABANDONED_MS = 15_000;

export class CreateLease {
  readonly #cluster: Cluster;
  readonly #image: string;
  readonly #own = randomUUID();
  #phase: CreatePhase = "importing";
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #renewal: Promise<unknown> = Promise.resolve();

  constructor(cluster: Cluster, image: string) {
    this.#cluster = cluster;
    this.#image = image;
  }

  /** The mark as metadata. */
  metadata(phase: CreatePhase): Record<string, string> {
    this.#phase = phase;
    return { [PHASE_KEY]: `${phase} ${this.#own} ${this.#count++}` };
  }

  #renew(): Promise<unknown> {
    return changeStorage(this.#cluster.runner, [{ op: "setMetadata", image: this.#image, set: this.metadata(this.#phase) }]);
  }

  /** Renews the mark from now on. */
  start(): void {
    this.#timer = setInterval(() => {
      // A renewal that fails is made good by the next one; when all fail, so do the steps, and they say why.
      this.#renewal = this.#renewal.then(() => this.#renew()).catch(() => undefined);
    }, RENEW_MS);
    this.#timer.unref();
  }

  /** Ends the renewing, and waits for one that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
  }

  async #metadataNow(): Promise<Record<string, string> | undefined> {
    return (await this.#cluster.inventory()).images.get(this.#image)?.metadata;
  }

  /** Whether the image carries this very mark: then it is this create's to undo. */
  async isOnImage(): Promise<boolean> {
    return (await this.#metadataNow())?.[PHASE_KEY]?.split(" ")[1] === this.#own;
  }

  /**
   * Takes the mark away, and returns the cluster as it is then. When the answer is lost, what counts is whether it was
   * done: then the VM is whole.
   */
  async finish(): Promise<Inventory> {
    await this.stop();
    try {
      return await this.#cluster.changeAndRead([{ op: "setMetadata", image: this.#image, unset: [PHASE_KEY] }]);
    } catch (error) {
      const inventory = await this.#cluster.inventory();
      const metadata = inventory.images.get(this.#image)?.metadata;
      if (metadata === undefined || PHASE_KEY in metadata) throw error;
      return inventory;
    }
  }
}

/**
 * Returns when the mark of an unfinished create has stood still for long enough.
 * @throws NotOwned when it moves, or is taken away: somebody is at work
 */
export async function waitUntilAbandoned(context: Context, vm: string, node: string): Promise<void> {
  const mark = async () => (await context.cluster.inventory()).images.get(systemImage(vm))?.metadata?.[PHASE_KEY];
  const first = await mark();
  reportOf(context)(`${vm}: a create of it has not ended; waiting ${ABANDONED_MS / 1000} s to see whether it is still at work`);
  for (const end = Date.now() + ABANDONED_MS; Date.now() < end; ) {
    await sleep(1000);
    const now = await mark();
    if (now === first) continue;
    const owner = "another program";
    const hint = `Wait until that one has ended, and ${words().again}.`;
    throw new NotOwned(`Unable to create VM "${vm}" on ${node}: ${owner} is making it right now`, owner, hint);
  }
}
