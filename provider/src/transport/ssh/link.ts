import type { Client } from "ssh2";
import type { Wire } from "./wire";

const KEEPALIVE_MS = 5_000;
const KEEPALIVE_MISSES = 3;

/**
 * One logged-in SSH connection: tracks whether it is alive, and lets an idle program exit.
 *
 * It has its own keepalive because the timer of ssh2's `keepaliveInterval` would keep every process alive that ever
 * connected.
 */
export class Link {
  readonly node: string;
  readonly client: Client;
  /** Programs run through sudo. */
  readonly sudo: boolean;
  /** sudo refuses to run without a terminal there; known once the check has run. */
  requiresTerminal = false;
  readonly #wire: Wire;
  readonly #watchers = new Set<(cause: string) => void>();
  readonly #keepalive: NodeJS.Timeout;
  #deathCause: string | undefined;
  #users = 0;
  #bytesSeen = 0;
  #heardAt = Date.now();
  #asked = false;
  #misses = 0;

  /** @param client already logged in over that wire */
  constructor(node: string, client: Client, wire: Wire, sudo: boolean) {
    this.node = node;
    this.client = client;
    this.sudo = sudo;
    this.#wire = wire;
    this.#keepalive = setInterval(() => this.#checkAlive(), KEEPALIVE_MS).unref();
    wire.unref();
  }

  /** Why the link is gone; undefined while it is alive. */
  get deathCause(): string | undefined {
    return this.#deathCause;
  }

  /** Calls back once when the link dies, immediately if it is dead. The returned function unsubscribes. */
  watch(onDeath: (cause: string) => void): () => void {
    if (this.#deathCause === undefined) this.#watchers.add(onDeath);
    else onDeath(this.#deathCause);
    return () => this.#watchers.delete(onDeath);
  }

  /** Keeps the process alive for the link until the returned function is called. */
  hold(): () => void {
    if (this.#users++ === 0) this.#wire.ref();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#users === 0) this.#wire.unref();
    };
  }

  /** The time since the node was last heard from, at most. */
  get quietMs(): number {
    return Date.now() - this.#heardAt;
  }

  /** Sends a request that changes nothing. False if no answer comes in time. */
  ping(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      const done = (alive: boolean) => (clearTimeout(timer), resolve(alive));
      if (!this.#ask(() => done(this.#deathCause === undefined))) done(false);
    });
  }

  /** Ends the link and tells all watchers the cause. */
  die(cause: string): void {
    if (this.#deathCause !== undefined) return;
    this.#deathCause = cause;
    clearInterval(this.#keepalive);
    this.#wire.destroy();
    for (const watcher of [...this.#watchers]) watcher(cause);
    this.#watchers.clear();
  }

  #checkAlive(): void {
    // Any byte is a sign of life: behind a long upload, the answer itself may be slow.
    const heard = this.#wire.bytesRead !== this.#bytesSeen;
    this.#bytesSeen = this.#wire.bytesRead;
    if (heard) this.#heardAt = Date.now();
    this.#misses = heard || !this.#asked ? 0 : this.#misses + 1;
    if (this.#misses >= KEEPALIVE_MISSES) {
      return this.die(`the node has not answered for ${(KEEPALIVE_MISSES * KEEPALIVE_MS) / 1000} s`);
    }
    this.#asked = this.#ask(() => {});
  }

  /** Cancelling a forwarding that never existed gets a plain "no" from every server. */
  #ask(onAnswer: () => void): boolean {
    try {
      this.client.unforwardIn("127.0.0.1", 1, () => {
        this.#heardAt = Date.now();
        onAnswer();
      });
      return true;
    } catch {
      return false; // the socket is closed, and its "close" event is pending
    }
  }
}
