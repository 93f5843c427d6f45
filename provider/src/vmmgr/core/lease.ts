/**
 * A lease: who works on a VM writes it into the metadata of the VM's system image, and renews it every few seconds. One that stands
 * still was abandoned, and whoever comes next may carry the work on; one that moves is somebody's.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { changeStorage, type Cluster } from "../../cluster";
import { words } from "../../words";
import { systemImage } from "../form/names";
import { reportOf, type Context } from "./context";
import { NotOwned } from "./errors";

const RENEW_MS = 4_000;
/** Several renewals long, so that a slow link is not taken for a dead program. */
const ABANDONED_MS = 15_000;
const HOLDER = "another program";

/** In place of the holder, where nobody is at work any more. */
const NOBODY = "-";

/** What a lease is about. */
export interface LeaseOf {
  vm: string;
  /** The key in the metadata. */
  key: string;
}

/** `<phase> <holder> <count>` as the value of a key. */
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

  /** How far the work is, in one word. */
  protected abstract phase(): string;

  /** The value that comes next: no two are alike. */
  protected next(): string {
    return `${this.phase()} ${this.#holder} ${this.#count++}`;
  }

  protected change(set: Record<string, string>, unset: string[] = []): Promise<unknown> {
    return changeStorage(this.cluster.runner, [{ op: "setMetadata", image: this.image, set, unset }]);
  }

  protected async current(): Promise<string | undefined> {
    return readLease(this.cluster, this.image, this.#key);
  }

  /** Renews the lease from now on. */
  keepRenewing(): void {
    this.#timer = setInterval(() => {
      // A renewal that fails is made good by the next one; when all fail, so do the steps, and they say why.
      this.#renewal = this.#renewal.then(() => this.change({ [this.#key]: this.next() })).catch(() => undefined);
    }, RENEW_MS);
    this.#timer.unref();
  }

  /** Ends the renewing, and waits for a renewal that is under way. */
  async stopRenewing(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
  }

  /** Whether the image carries this very lease: then the work is its holder's to end or to undo. */
  async isHeld(): Promise<boolean> {
    return (await this.current())?.split(" ")[1] === this.#holder;
  }

  /** Says that nobody is at work: whoever comes next need not wait to see that. */
  async release(): Promise<void> {
    await this.stopRenewing();
    if (await this.isHeld()) await this.change({ [this.#key]: `${this.phase()} ${NOBODY}` });
  }
}

const readLease = async (cluster: Cluster, image: string, key: string) =>
  (await cluster.inventory()).images.get(image)?.metadata?.[key];

/** That somebody else holds a lease. @param sentence what he does, with the VM and the node */
export const heldByAnother = (sentence: (holder: string) => string) =>
  new NotOwned(sentence(HOLDER), HOLDER, `Wait until that one has ended, and ${words().again}.`);

/**
 * Returns when a lease that is there has stood still for long enough.
 * @param work what its holder does, for the progress: `a create`
 * @throws NotOwned when it moves, or is taken away: somebody is at work
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
