/**
 * The mark of a rollback that has not ended, in the metadata of the system image. Who is at work renews it every few
 * seconds: one that stands still was abandoned, and whoever comes next carries it on.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { beginRollback, changeStorage, type Cluster } from "../../cluster";
import { reportOf, type Context } from "../core/context";
import { words } from "../../words";
import { NotOwned } from "../core/errors";
import { systemImage } from "../form/names";
import { DONE_KEY, LAST_KEY, phaseOf, ROLLBACK_KEY, type LastRollback, type RollbackPlan } from "./rollback-state";

const RENEW_MS = 4_000;
/** Several renewals long, so that a slow link is not taken for a dead program. */
const ABANDONED_MS = 15_000;
const hint = () => `Wait until that one has ended, and ${words().again}.`;
const OTHER = "another program";

/** In place of whose it is. */
const NOBODY = "-";

export class RollbackMark {
  readonly #cluster: Cluster;
  readonly #vm: string;
  readonly #plan: RollbackPlan;
  readonly #own = randomUUID();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #renewal: Promise<unknown> = Promise.resolve();

  constructor(cluster: Cluster, vm: string, plan: RollbackPlan) {
    this.#cluster = cluster;
    this.#vm = vm;
    this.#plan = plan;
  }

  #next = () => `${phaseOf(this.#plan)} ${this.#own} ${this.#count++}`;

  /**
   * Sets it, unless there is another one than `insteadOf`, and renews it from then on.
   * @throws NotOwned
   */
  async begin(insteadOf?: string): Promise<void> {
    const mark = this.#next();
    const there = await beginRollback(this.#cluster.runner, { vm: this.#vm, mark, ...(insteadOf === undefined ? {} : { insteadOf }) });
    if (there !== mark) throw new NotOwned(`${OTHER} is rolling it back right now`, OTHER, hint());
    this.#timer = setInterval(() => {
      // A renewal that fails is made good by the next one; when all fail, so do the steps, and they say why.
      this.#renewal = this.#renewal.then(() => this.#change({ [ROLLBACK_KEY]: this.#next() })).catch(() => undefined);
    }, RENEW_MS);
    this.#timer.unref();
  }

  #change(set: Record<string, string>, unset: string[] = []): Promise<unknown> {
    return changeStorage(this.#cluster.runner, [{ op: "setMetadata", image: systemImage(this.#vm), set, unset }]);
  }

  /** Ends the renewing, and waits for one that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
  }

  /** Says that nobody is at work: whoever comes next need not wait to see that. */
  async release(): Promise<void> {
    await this.stop();
    if (await this.isOurs()) await this.#change({ [ROLLBACK_KEY]: `${phaseOf(this.#plan)} ${NOBODY}` });
  }

  async #there(): Promise<string | undefined> {
    return (await this.#cluster.inventory()).images.get(systemImage(this.#vm))?.metadata?.[ROLLBACK_KEY];
  }

  /** Whether the VM carries this very mark. */
  async isOurs(): Promise<boolean> {
    return (await this.#there())?.split(" ")[1] === this.#own;
  }

  /** Takes it away; with `last` the rollback is done. When the answer is lost, what counts is whether that happened. */
  async end(last?: LastRollback): Promise<void> {
    await this.stop();
    try {
      await this.#change(last === undefined ? {} : { [LAST_KEY]: JSON.stringify(last) }, [ROLLBACK_KEY, DONE_KEY]);
    } catch (error) {
      if ((await this.#there()) !== undefined) throw error;
    }
  }
}

/**
 * Returns when the mark of a rollback has stood still for long enough.
 * @throws NotOwned when it moves, or is taken away: somebody is at work
 */
export async function waitUntilAbandoned(context: Context, vm: string, node: string): Promise<void> {
  const mark = async () => (await context.cluster.inventory()).images.get(systemImage(vm))?.metadata?.[ROLLBACK_KEY];
  const first = await mark();
  if (first?.split(" ")[1] === NOBODY) return;
  reportOf(context)(`${vm}: a rollback of it has not ended; waiting ${ABANDONED_MS / 1000} s to see whether it is still at work`);
  for (const end = Date.now() + ABANDONED_MS; Date.now() < end; ) {
    await sleep(1000);
    if ((await mark()) === first) continue;
    throw new NotOwned(`Unable to roll back VM "${vm}" on ${node}: ${OTHER} is rolling it back right now`, OTHER, hint());
  }
}
