/**
 * The inventory of a moment ago, for those to whom it will do: the engine checks the VMs of a program one after the
 * other and refreshes them a few at a time, so a read for each, however well shared, would be one for every few VMs.
 */
import { openTerminal, runOnEach, type Runner } from "../transport/types";
import type { SourceQuestion } from "./image-file";
import type { Inventory, InventoryRequest } from "./inventory";

/** How long after its answer an inventory counts as one of a moment ago. */
const RECENT_MS = 5_000;

interface Kept {
  request: InventoryRequest;
  answer: Promise<Inventory>;
  /** How many changes this process had made when it was begun. */
  changes: number;
  /** When it was answered; infinitely late while it is under way. */
  answered: number;
}

/** A file of this machine may have become another one under its name, which shows in what comes along with the question. */
const hasSource = (request: InventoryRequest, wanted: SourceQuestion) =>
  request.sources?.some(
    (each) =>
      each.key === wanted.key && each.size === wanted.size && each.head === wanted.head && each.tail === wanted.tail,
  ) ?? false;

/** What both requests ask for. */
export function mergeRequests(a: InventoryRequest, b: InventoryRequest): InventoryRequest {
  const before = [...(a.before ?? []), ...(b.before ?? [])];
  return {
    sources: [...(a.sources ?? []), ...(b.sources ?? []).filter((each) => !hasSource(a, each))],
    cephHosts: (a.cephHosts ?? false) || (b.cephHosts ?? false),
    ...(a.disks === true || b.disks === true ? { disks: true } : {}),
    ...(before.length > 0 ? { before } : {}),
  };
}

const covers = (has: InventoryRequest, wanted: InventoryRequest) =>
  (has.cephHosts === true || wanted.cephHosts !== true) &&
  (has.disks === true || wanted.disks !== true) &&
  (wanted.sources ?? []).every((each) => hasSource(has, each));

export class RecentInventory {
  #kept: Kept | undefined;
  #changes = 0;

  /** The runner, observed: whatever may have changed something and has ended makes what was read before it too old. */
  watch(runner: Runner): Runner {
    const ended = () => void this.#changes++;
    return {
      ...(runner.folder !== undefined && { folder: runner.folder }),
      get node() {
        return runner.node;
      },
      run: (command) => (command.readOnly === true ? runner.run(command) : runner.run(command).finally(ended)),
      upload: (...file) => runner.upload(...file).finally(ended),
      interactive: (...talk) => openTerminal(runner, ...talk).finally(ended),
      runOnEach: (command) => runOnEach(runner, command),
      close: () => runner.close(),
    };
  }

  /** Keeps an inventory that is being read. */
  keep(request: InventoryRequest, answer: Promise<Inventory>): Promise<Inventory> {
    const kept: Kept = { request, answer, changes: this.#changes, answered: Infinity };
    this.#kept = kept;
    answer.then(
      () => (kept.answered = Date.now()),
      () => this.#kept === kept && (this.#kept = undefined),
    );
    return answer;
  }

  /** The one of a moment ago, or the one that is being read, when it has what is asked for. */
  find(request: InventoryRequest): Promise<Inventory> | undefined {
    const kept = this.#kept;
    const fresh = kept !== undefined && kept.changes === this.#changes && Date.now() - kept.answered < RECENT_MS;
    return fresh && covers(kept.request, request) ? kept.answer : undefined;
  }

  /** The request, with the image files and the disks that were looked at last: the next one may ask for those again. */
  extended(request: InventoryRequest): InventoryRequest {
    if (this.#kept === undefined) return request;
    const { sources = [], disks = false } = this.#kept.request;
    return mergeRequests(request, { sources, disks });
  }
}
