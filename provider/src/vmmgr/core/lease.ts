/**
 * A lease: a program that works on a VM writes it into the metadata of the VM's system image and renews it every few
 * seconds. A lease that stands still is abandoned, and the next program may continue the work; one that moves has a
 * live holder.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { changeStorage, type Cluster } from "../../cluster";
import { words } from "../../words";
import { systemImage } from "../form/names";
import { reportOf, type Context } from "./context";
import { NotOwned } from "./errors";

const RENEW_MS = 4_000;
/** Several renewals, so that a slow link does not look like a dead program. */
const ABANDONED_MS = 15_000;
const HOLDER = "another program";

/** Stands for the holder if no program is at work any more. */
const NOBODY = "-";

/** The subject of a lease. */
export interface LeaseOf {
  vm: string;
  /** The metadata key. */
  key: string;
}

/** A metadata value of the form `<phase> <holder> <count>`. */
export abstract class Lease {
  protected readonly cluster: Cluster;
  protected readonly image: string;
  readonly #key: string;
  readonly #holder = randomUUID();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #renewal: Promise<unknown> = Promise.resolve();

  constructor(cluster: Cluster, { vm, key }: LeaseOf) {
    this.cluster = cluster;
    this.image = systemImage(vm);
    this.#key = key;
  }

  /** The progress of the work, in one word. */
  protected abstract phase(): string;

  /** The next value: no two are alike. */
  protected next(): string {
    return `${this.phase()} ${this.#holder} ${this.#count++}`;
  }

  protected change(set: Record<string, string>, unset: string[] = []): Promise<unknown> {
    return changeStorage(this.cluster.runner, [{ op: "setMetadata", image: this.image, set, unset }]);
  }

  protected async current(): Promise<string | undefined> {
    return readLease(this.cluster, this.image, this.#key);
  }

  /** Starts renewing the lease. */
  keepRenewing(): void {
    this.#timer = setInterval(() => {
      // The next renewal makes up for a failed one. If all fail, so do the steps, and they say why.
      this.#renewal = this.#renewal.then(() => this.change({ [this.#key]: this.next() })).catch(() => undefined);
    }, RENEW_MS);
    this.#timer.unref();
  }

  /** Stops renewing, and waits for a renewal in progress. */
  async stopRenewing(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
  }

  /** Whether the image carries this very lease: then its holder has to finish or undo the work. */
  async isHeld(): Promise<boolean> {
    return (await this.current())?.split(" ")[1] === this.#holder;
  }

  /** Marks the lease as free, so that the next program need not wait to find out. */
  async release(): Promise<void> {
    await this.stopRenewing();
    if (await this.isHeld()) await this.change({ [this.#key]: `${this.phase()} ${NOBODY}` });
  }
}

const readLease = async (cluster: Cluster, image: string, key: string) =>
  (await cluster.inventory()).images.get(image)?.metadata?.[key];

/**
 * The error for a lease that another program holds.
 * @param sentence what that program does, with the VM and the node
 */
export const heldByAnother = (sentence: (holder: string) => string) =>
  new NotOwned(sentence(HOLDER), HOLDER, `Wait until that one has ended, and ${words().again}.`);

/**
 * Returns once an existing lease has stood still for long enough.
 * @param work what its holder does, for the progress: `a create`
 * @throws NotOwned if it moves or is taken away: another program is at work
 */
export async function waitUntilAbandoned(
  context: Context,
  { vm, key }: LeaseOf,
  work: string,
  sentence: (holder: string) => string,
): Promise<void> {
  const read = () => readLease(context.cluster, systemImage(vm), key);
  const first = await read();
  if (first?.split(" ")[1] === NOBODY) return;
  reportOf(context)(
    `${vm}: ${work} of it has not ended; waiting ${ABANDONED_MS / 1000} s to see whether it is still at work`,
  );
  for (const end = Date.now() + ABANDONED_MS; Date.now() < end;) {
    await sleep(1000);
    if ((await read()) !== first) throw heldByAnother(sentence);
  }
}
