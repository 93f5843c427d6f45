/**
 * Redundant VMs that are kept apart are stopped one after the other: a change that stops one waits here for its turn.
 * One process serves all resources of a run, so this knows how its changes affect each other; other programs' changes
 * are seen on the cluster, right before the stop.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { SeapathError } from "../../errors";
import type { Apart } from "./apart";
import type { Readiness } from "./ready";

/** Time and sleeping. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<unknown>;
}

/** A cluster at this moment, for one VM. */
export interface Look {
  /** The queried node. */
  node: string;
  /** The VM is running: a change would stop it. */
  runs: boolean;
  /** The VMs it is kept apart from. */
  peers: (Apart & Readiness)[];
  /** All VMs that are kept apart from others, in the order of change. */
  order: readonly string[];
}

/** A request for a turn. */
export interface Turn {
  vm: string;
  /** The operation, for the error: `change`, `delete`. */
  verb: string;
  look: () => Promise<Look>;
  /** Seconds that the cluster may take until the others are ready, counted again whenever another change ends. */
  deadline: number;
  say: (text: string) => void;
  /** It may be stopped, whatever the state of the others. */
  outage: boolean;
  /** It is stopped for good, as requested, so it only waits for changes in progress. */
  final?: boolean;
}

/** One of a pair was about to be stopped while the other is not running. Nothing was changed. */
export class NotAtOnce extends SeapathError {
  constructor(
    { vm, verb }: Pick<Turn, "vm" | "verb">,
    node: string,
    { vm: other, by }: Apart,
    words: string,
    hint = `Bring "${other}" back first, see \`crm_mon -1\`.`,
  ) {
    super(
      "not-at-once",
      `Unable to ${verb} VM "${vm}" on ${node}: it would be stopped, and VM "${other}", from which "${by}" keeps it apart, ${words}`,
      {
        hint: `Nothing was changed. ${hint} Where none of them need run meanwhile, say so by \`rolling: { outage: "allowed" }\`, or for one run by SEAPATH_OUTAGE=allowed.`,
      },
    );
  }
}

/** How long to wait for a VM that comes first but has not asked for its turn. */
const GATHER_MS = 2_000;
/** How long Pacemaker may seem idle. */
const IDLE_MS = 15_000;
/** How long after its delete a VM's create may begin: the engine does one right after the other. */
const BETWEEN_MS = 60_000;
const PAUSE_MS = 300;

export class Turns {
  readonly #clock: Clock;
  readonly #line = new Set<string>();
  /** The VMs that hold a turn; with the time of the delete until the create has begun. */
  readonly #held = new Map<string, { deletedAt?: number }>();
  /** When the changed VMs will have had their time to come up. */
  readonly #readyAt = new Map<string, number>();
  readonly #failed = new Set<string>();
  readonly #announced = new Set<string>();
  #ended = 0;

  constructor(clock: Clock = { now: Date.now, sleep }) {
    this.#clock = clock;
  }

  /** A diff has shown that the VM will be stopped. @returns those of `others` already announced as well */
  announce(vm: string, others: readonly string[]): string[] {
    this.#announced.add(vm);
    return others.filter((other) => this.#announced.has(other));
  }

  /** Whether a change of the VM is in progress or waits for its turn. */
  isBusy(vm: string): boolean {
    return this.#holds(vm) || this.#line.has(vm);
  }

  /** Whether this process is not changing any VM that is kept apart. */
  get isIdle(): boolean {
    return this.#held.size === 0 && this.#line.size === 0;
  }

  #holds(vm: string): boolean {
    const held = this.#held.get(vm);
    if (held?.deletedAt === undefined || this.#clock.now() - held.deletedAt <= BETWEEN_MS) return held !== undefined;
    this.end(vm, false);
    return false;
  }

  /**
   * Waits until the VM may be stopped, and then holds the turn until `end`.
   * @throws NotAtOnce if a VM it is kept apart from is not running, or does not come up in time
   */
  async begin(turn: Turn): Promise<void> {
    const { vm } = turn;
    this.#line.add(vm);
    try {
      await this.#wait(turn);
      if (turn.final !== true) this.#held.set(vm, {});
    } finally {
      this.#line.delete(vm);
    }
  }

  async #wait(turn: Turn): Promise<void> {
    const now = () => this.#clock.now();
    const arrived = now();
    let [since, ended, idle, said] = [arrived, this.#ended, 0, ""];
    if (turn.outage) return;
    for (;;) {
      const look = await turn.look();
      if (!look.runs || look.peers.length === 0) return;
      const busy = await this.#others(turn, look, arrived);
      if (busy) continue;
      // No await between here and taking the turn: no other change gets it meanwhile.
      if (turn.final === true) return;
      if (ended !== this.#ended) [since, ended, idle] = [now(), this.#ended, 0];
      const failed = look.peers.find((peer) => this.#failed.has(peer.vm));
      if (failed !== undefined)
        throw new NotAtOnce(
          turn,
          look.node,
          failed,
          "could not be changed by this run",
          `See what is said of "${failed.vm}": the same would become of this one.`,
        );
      const down = look.peers.find(({ state }) => state === "down");
      if (down !== undefined) throw new NotAtOnce(turn, look.node, down, down.words);
      const late = look.peers.find((peer) => peer.state !== "ready");
      const settling = look.peers.find((peer) => (this.#readyAt.get(peer.vm) ?? 0) > now());
      if (late === undefined && settling === undefined) return;
      idle = late?.state === "idle" ? idle || now() : 0;
      if (late !== undefined && ((idle > 0 && now() - idle > IDLE_MS) || now() - since > turn.deadline * 1000)) {
        throw new NotAtOnce(turn, look.node, late, `${late.words}, after ${Math.round((now() - since) / 1000)} s`);
      }
      const text =
        late === undefined
          ? `waits until VM "${settling?.vm}" has had its time to come up`
          : `waits: VM "${late.vm}", from which "${late.by}" keeps it apart, ${late.words}`;
      if (text !== said) turn.say(`${turn.vm}: ${text}`);
      said = text;
      await this.#clock.sleep(PAUSE_MS);
    }
  }

  /** Waits for this process's changes of the others, and for those that come first. @returns whether there were any */
  async #others(turn: Turn, { peers, order }: Look, arrived: number): Promise<boolean> {
    const before = (peer: string) => order.indexOf(peer) < order.indexOf(turn.vm);
    const inTheWay = () =>
      peers.find(
        ({ vm }) =>
          this.#holds(vm) ||
          (turn.final !== true &&
            before(vm) &&
            (this.#line.has(vm) ||
              (!this.#readyAt.has(vm) && !this.#failed.has(vm) && this.#clock.now() - arrived < GATHER_MS))),
      );
    let waited = false;
    let said = "";
    for (let one = inTheWay(); one !== undefined; one = inTheWay()) {
      if (this.isBusy(one.vm) && one.vm !== said)
        turn.say(`${turn.vm}: waits until VM "${one.vm}" is done, from which "${one.by}" keeps it apart`);
      said = this.isBusy(one.vm) ? one.vm : said;
      waited = true;
      await this.#clock.sleep(PAUSE_MS);
    }
    return waited;
  }

  /** The VM that holds the turn was deleted; the next call for it recreates it. */
  deleted(vm: string): void {
    if (this.#held.has(vm)) this.#held.set(vm, { deletedAt: this.#clock.now() });
  }

  /** Its create has begun. */
  made(vm: string): void {
    if (this.#held.has(vm)) this.#held.set(vm, {});
  }

  /** Gives the turn back. @param readyAfter seconds until its guest is operational */
  end(vm: string, done: boolean, readyAfter = 0): void {
    if (!this.#held.delete(vm)) return;
    this.#announced.delete(vm);
    this.#ended++;
    if (!done) return void this.#failed.add(vm);
    this.#failed.delete(vm);
    this.#readyAt.set(vm, this.#clock.now() + readyAfter * 1000);
  }
}
