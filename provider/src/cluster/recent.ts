/**
 * A recent inventory, for callers that can accept one. The engine checks a program's VMs one by one and refreshes them
 * a few at a time. So even shared reads would mean one read for every few VMs.
 */
import { openTerminal, runOnEach, type Runner } from "../transport/types";
import type { SourceQuestion } from "./image-file";
import type { Inventory, InventoryRequest } from "./inventory";

/** How long an inventory counts as recent after its answer. */
const RECENT_MS = 5_000;

interface Kept {
  request: InventoryRequest;
  answer: Promise<Inventory>;
  /** The number of changes by this process when the read began. */
  changes: number;
  /** When it was answered; infinity while it is in progress. */
  answered: number;
}

/** A local file may have been replaced under the same name; the details in the question show that. */
const hasSource = (request: InventoryRequest, wanted: SourceQuestion) =>
  request.sources?.some(
    (each) =>
      each.key === wanted.key && each.size === wanted.size && each.head === wanted.head && each.tail === wanted.tail,
  ) ?? false;

/** The union of both requests. */
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

  /** Wraps the runner. When a command that may have changed something ends, earlier reads become stale. */
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

  /** The recent inventory, or the one being read, if it covers the request. */
  find(request: InventoryRequest): Promise<Inventory> | undefined {
    const kept = this.#kept;
    const fresh = kept !== undefined && kept.changes === this.#changes && Date.now() - kept.answered < RECENT_MS;
    return fresh && covers(kept.request, request) ? kept.answer : undefined;
  }

  /** The request, plus the image files and disks of the last one, which the next caller may need again. */
  extended(request: InventoryRequest): InventoryRequest {
    if (this.#kept === undefined) return request;
    const { sources = [], disks = false } = this.#kept.request;
    return mergeRequests(request, { sources, disks });
  }
}
