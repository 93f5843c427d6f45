/** One cluster as the layers above hold it: its link, shared reads, and writes that go out together. */
import type { Runner } from "../transport/types";
import { Coalesced } from "./coalesced";
import { CibConflict } from "./errors";
import { readInventory, type Inventory, type InventoryRequest } from "./inventory";
import { changeCib, readStatus } from "./pacemaker";
import type { CibChange } from "./patch";
import { mergeRequests, RecentInventory } from "./recent";
import type { ClusterStatus } from "./status";

interface Write {
  changes: readonly CibChange[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

export class Cluster {
  readonly runner: Runner;
  readonly #recent = new RecentInventory();
  readonly #inventory: Coalesced<InventoryRequest, Inventory>;
  readonly #status: Coalesced<undefined, ClusterStatus>;
  #waiting: Write[] = [];
  #writing = false;

  constructor(runner: Runner) {
    this.runner = this.#recent.watch(runner);
    this.#inventory = new Coalesced((request) => this.#recent.keep(request, readInventory(this.runner, request)), mergeRequests);
    this.#status = new Coalesced(
      () => readStatus(this.runner),
      () => undefined,
    );
  }

  /** The cluster as it is now: read after this call, together with everyone else who asks meanwhile. */
  inventory(request: InventoryRequest = {}): Promise<Inventory> {
    return this.#inventory.ask(request);
  }

  /**
   * The cluster as it was a moment ago: at most five seconds, and since this process changed anything. For looking, not
   * for changing: the reads of all VMs in a refresh, and the checks of all VMs in a preview, are one program.
   */
  recentInventory(request: InventoryRequest = {}): Promise<Inventory> {
    return this.#recent.find(request) ?? this.inventory(this.#recent.extended(request));
  }

  /** What the cluster is doing now, shared in the same way. */
  status(): Promise<ClusterStatus> {
    return this.#status.ask(undefined);
  }

  /**
   * Changes the CIB: all of the changes or none. Changes that wait while another write is under way go out as one
   * patch; if Pacemaker refuses that, each is tried alone, so that one refused change does not take others with it.
   * @throws CibConflict
   */
  changeCib(changes: readonly CibChange[]): Promise<void> {
    if (changes.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      if (!this.#writing) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0);
        try {
          await changeCib(this.runner, batch.flatMap((write) => write.changes));
          for (const write of batch) write.resolve();
        } catch (error) {
          if (batch.length === 1 || !(error instanceof CibConflict)) for (const write of batch) write.reject(error);
          else await this.#writeAlone(batch);
        }
      }
    } finally {
      this.#writing = false;
    }
  }

  async #writeAlone(batch: readonly Write[]): Promise<void> {
    for (const write of batch) await changeCib(this.runner, write.changes).then(() => write.resolve(), write.reject);
  }
}
