/** One cluster for the upper layers: its link, shared reads, and batched writes. */
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

/** How long a watch stays on the node. A caller may stop waiting earlier. */
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

  /** Calls back on the next inventory, before its caller gets it: nothing has changed by then. */
  onFirstInventory(hear: (inventory: Inventory) => void): void {
    this.#firstHeard.push(hear);
  }

  #tell(inventory: Inventory): Inventory {
    for (const hear of this.#firstHeard.splice(0)) hear(inventory);
    return inventory;
  }

  /** The current state of the cluster: read after this call, in one read for all concurrent callers. */
  inventory(request: InventoryRequest = {}): Promise<Inventory> {
    return this.#inventory.ask(request);
  }

  /**
   * The state of the cluster at most five seconds ago, and after this process's last change. For viewing, not for
   * changing: all VM reads of a refresh, and all VM checks of a preview, share one program.
   */
  recentInventory(request: InventoryRequest = {}): Promise<Inventory> {
    return this.#recent.find(request) ?? this.inventory(this.#recent.extended(request));
  }

  /**
   * Asks libvirt whether it accepts a domain with its own name and uuid: one program for all concurrent callers.
   * @param needs what the domain requires of a node
   * @returns those of them that the node lacks
   * @throws NotTaken with libvirt's words if it does not accept the domain
   */
  async validate<Named extends Need>(xml: string, needs: readonly Named[] = []): Promise<Named[]> {
    const { errors, lacks } = await this.#judged.ask({ xmls: [xml], needs });
    const error = errors.get(xml);
    if (error !== undefined) throw error;
    const keys = new Set(lacks.map(needKey));
    return needs.filter((need) => keys.has(needKey(need)));
  }

  /**
   * For each need, a map of the nodes that answered: whether they lack it. It logs in to each node; the result is
   * cached briefly.
   */
  lackedBy(needs: readonly Need[]): Promise<Map<string, boolean>[]> {
    return this.#lacking.ask(needs);
  }

  /** The cluster's current activity, shared in the same way. */
  status(): Promise<ClusterStatus> {
    return this.#status.ask(undefined);
  }

  /**
   * The cluster's status once it differs from `seen`, or after some seconds. One program on the node watches for all
   * callers: even if started for another caller, it sees the change.
   */
  nextStatus(seen: ClusterStatus): Promise<ClusterStatus> {
    this.#watching ??= watchStatus(this.runner, seen, WATCH_SECONDS).finally(() => (this.#watching = undefined));
    return this.#watching;
  }

  /**
   * Does operations on images, and returns the cluster's state afterwards: one program for all concurrent callers.
   * @throws ProgramError, AlreadyExists if one of these very operations failed
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
   * Writes for a VM: operations on its images, then CIB changes, all or none. Writes that wait behind another one go
   * out together.
   * @throws CibConflict, AlreadyExists
   */
  write(write: Write): Promise<void> {
    if (isEmpty(write)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      if (!this.#writing) void this.#write();
    });
  }

  /** Changes the CIB: all changes or none. */
  changeCib(changes: readonly CibChange[]): Promise<void> {
    return this.write({ changes });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      // Let concurrent callers join before the first batch goes out.
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
