/** One cluster as the layers above hold it: its link, shared reads, and writes that go out together. */
import type { Runner } from "../transport/types";
import { Coalesced } from "./coalesced";
import { readInventory, type Inventory, type InventoryRequest } from "./inventory";
import { readStatus, watchStatus } from "./pacemaker";
import type { CibChange } from "./patch";
import { mergeRequests, RecentInventory } from "./recent";
import type { StorageOperation } from "./rbd";
import type { ClusterStatus } from "./status";
import { Lacking, needKey, readLacking, type Need } from "./lacking";
import { validateDomains, type Judged } from "./libvirt";
import { isEmpty, makeWrites, outcomeError, type Write } from "./write";

/** How long a watch stays on the node. Who waits for less looks away before. */
const WATCH_SECONDS = 5;

interface Waiting {
  write: Write;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export class Cluster {
  readonly runner: Runner;
  readonly #recent = new RecentInventory();
  readonly #inventory: Coalesced<InventoryRequest, Inventory>;
  readonly #status: Coalesced<undefined, ClusterStatus>;
  readonly #judged: Coalesced<{ xmls: readonly string[]; needs: readonly Need[] }, Judged>;
  readonly #lacking = new Lacking((needs) => readLacking(this.runner, needs));
  #waiting: Waiting[] = [];
  #watching: Promise<ClusterStatus> | undefined;
  #writing = false;
  #firstHeard: ((inventory: Inventory) => void)[] = [];

  constructor(runner: Runner) {
    this.runner = this.#recent.watch(runner);
    const read = (request: InventoryRequest) =>
      readInventory(this.runner, request).then((inventory) => this.#tell(inventory));
    this.#inventory = new Coalesced((request) => this.#recent.keep(request, read(request)), mergeRequests);
    this.#status = new Coalesced(
      () => readStatus(this.runner),
      () => undefined,
    );
    this.#judged = new Coalesced(
      ({ xmls, needs }) => validateDomains(this.runner, xmls, needs),
      (a, b) => ({
        xmls: [...a.xmls, ...b.xmls],
        needs: [...new Map([...a.needs, ...b.needs].map((need) => [needKey(need), need])).values()],
      }),
    );
  }

  /** Hears of the first inventory from now on, before whoever asked for it does: nothing was changed by then. */
  onFirstInventory(hear: (inventory: Inventory) => void): void {
    this.#firstHeard.push(hear);
  }

  #tell(inventory: Inventory): Inventory {
    for (const hear of this.#firstHeard.splice(0)) hear(inventory);
    return inventory;
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

  /**
   * Asks libvirt whether it takes a domain, which has a name and a uuid of its own: one program for all who ask meanwhile.
   * @param needs what of a node the domain names
   * @returns what the node that is asked lacks of it
   * @throws NotTaken with libvirt's words when it does not
   */
  async validate<Named extends Need>(xml: string, needs: readonly Named[] = []): Promise<Named[]> {
    const { errors, lacks } = await this.#judged.ask({ xmls: [xml], needs });
    const error = errors.get(xml);
    if (error !== undefined) throw error;
    const keys = new Set(lacks.map(needKey));
    return needs.filter((need) => keys.has(needKey(need)));
  }

  /** For each need, by the nodes that answer, whether they lack it: it takes a login to each, and is kept for a moment. */
  lackedBy(needs: readonly Need[]): Promise<Map<string, boolean>[]> {
    return this.#lacking.ask(needs);
  }

  /** What the cluster is doing now, shared in the same way. */
  status(): Promise<ClusterStatus> {
    return this.#status.ask(undefined);
  }

  /**
   * What the cluster is doing as soon as that is another than `seen`, or after some seconds. Waited for on the node, by one
   * program for all who wait: one that was begun for somebody else sees the change as well.
   */
  nextStatus(seen: ClusterStatus): Promise<ClusterStatus> {
    this.#watching ??= watchStatus(this.runner, seen, WATCH_SECONDS).finally(() => (this.#watching = undefined));
    return this.#watching;
  }

  /**
   * Does operations on images, and returns the cluster as it is then: one program for all who ask meanwhile.
   * @throws ProgramError, AlreadyExists when one of these very operations failed
   */
  async changeAndRead(before: readonly StorageOperation[], request: InventoryRequest = {}): Promise<Inventory> {
    const inventory = await this.inventory({ ...request, before: [...before] });
    for (const operation of before) {
      const outcome = inventory.before.get(operation);
      const error = outcome === undefined ? undefined : outcomeError(outcome, inventory.node, "inventory");
      if (error !== undefined) throw error;
    }
    return inventory;
  }

  /**
   * Writes about a VM: operations on its images, and then changes of the CIB, all of them or none. What waits while
   * another write is under way goes out together.
   * @throws CibConflict, AlreadyExists
   */
  write(write: Write): Promise<void> {
    if (isEmpty(write)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      if (!this.#writing) void this.#write();
    });
  }

  /** Changes the CIB: all of the changes or none. */
  changeCib(changes: readonly CibChange[]): Promise<void> {
    return this.write({ changes });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      // Those who write in the same breath are let in before the first goes out.
      await new Promise((resolve) => setTimeout(resolve, 5));
      while (this.#waiting.length > 0) await this.#makeBatch(this.#waiting.splice(0));
    } finally {
      this.#writing = false;
    }
  }

  async #makeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const errors = await makeWrites(
        this.runner,
        batch.map(({ write }) => write),
      );
      for (const [index, { resolve, reject }] of batch.entries()) {
        if (errors[index] === undefined) resolve();
        else reject(errors[index]);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
