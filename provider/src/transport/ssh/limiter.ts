/** A caller waiting for a channel. */
interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Limits how many channels a connection has open at once. sshd refuses channels beyond its MaxSessions, which a client
 * cannot query. So each refusal also lowers the limit.
 */
export class ChannelLimiter {
  #limit: number;
  #active = 0;
  #closed: Error | undefined;
  readonly #queue: Waiter[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Waits for a free channel, first come, first served; callers with `again` go first. */
  acquire(timeoutMs: number, onTimeout: () => Error, again = false): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (this.#active < this.#limit) {
      this.#active++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#queue.splice(this.#queue.indexOf(waiter), 1);
        reject(onTimeout());
      }, timeoutMs);
      const waiter: Waiter = {
        resolve: () => (clearTimeout(timer), resolve()),
        reject: (error) => (clearTimeout(timer), reject(error)),
      };
      if (again) this.#queue.unshift(waiter);
      else this.#queue.push(waiter);
    });
  }

  release(): void {
    this.#active--;
    while (this.#active < this.#limit) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#active++;
      next.resolve();
    }
  }

  /** The server refused a channel to a caller that holds a slot, so it allows fewer than assumed. */
  refused(): void {
    this.#limit = Math.max(1, Math.min(this.#limit, this.#active - 1));
  }

  /** Rejects all waiting and all later callers. */
  close(error: Error): void {
    this.#closed = error;
    for (const waiter of this.#queue.splice(0)) waiter.reject(error);
  }
}
