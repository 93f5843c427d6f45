/** A link that breaks at a chosen moment: the n-th request to the node fails, before or after it was executed. */
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command, CommandResult, Runner } from "../../../provider/dist/transport/index.js";
import { pulumiEnvironment } from "../../../tools/env.mjs";

const require = createRequire(import.meta.url);
const transport =
  require("../../../provider/dist/transport/index.js") as typeof import("../../../provider/dist/transport/index.js");
const { Cluster } =
  require("../../../provider/dist/cluster/index.js") as typeof import("../../../provider/dist/cluster/index.js");

/** A runner to the lab; the caller closes it. */
export const labRunner = (): Runner =>
  transport.createRunner(transport.readSettings(() => undefined, pulumiEnvironment()));

/**
 * When a call fails: before it is executed, or after, as when a link breaks before the answer; or it and all later
 * calls, so that nothing can be undone.
 */
export type Moment = "before" | "after" | "for good";

/** Forwards everything except the n-th call that may change something, which fails. */
export class FailingRunner implements Runner {
  readonly #inner: Runner;
  readonly #at: number;
  readonly #moment: Moment;
  #phase: string | undefined;
  /** The calls, in order; read-only ones are not counted. */
  readonly asked: string[] = [];

  constructor(inner: Runner, at: number, moment: Moment) {
    this.#inner = inner;
    this.#at = at;
    this.#moment = moment;
  }

  get node(): string | undefined {
    return this.#inner.node;
  }

  async run(command: Command): Promise<CommandResult> {
    if (command.readOnly || this.#isRenewal(command)) return this.#inner.run(command);
    this.asked.push(command.label ?? command.argv.join(" "));
    const broken =
      this.#moment === "for good" ? this.#at > 0 && this.asked.length >= this.#at : this.asked.length === this.#at;
    if (!broken) return this.#inner.run(command);
    if (this.#moment === "after") await this.#inner.run(command);
    throw new transport.ConnectionError(this.node ?? "?", "the link broke (made by the test)", { beforeSend: false });
  }

  /** Whether it only renews the mark of a create or rollback, which happens every few seconds. */
  #isRenewal(command: Command): boolean {
    const encoded = /\n(?:main|run_parts)\("([^"]*)"\)\n$/.exec(String(command.stdin ?? ""))?.[1];
    const request = encoded === undefined ? "" : Buffer.from(encoded, "base64").toString();
    if (request.includes('"set":{"_seapath_rollback":')) return true;
    const phase = /"_seapath_create":"(\w+) /.exec(request)?.[1];
    if (phase === undefined) return false;
    const same = phase === this.#phase;
    this.#phase = phase;
    return same;
  }

  upload(...args: Parameters<Runner["upload"]>): Promise<string> {
    return this.#inner.upload(...args);
  }

  close(): void {
    this.#inner.close();
  }
}

export const clusterOn = (runner: Runner) => new Cluster(runner);

/** Forwards everything, and really cuts something off during the n-th call that may change something. */
export class CutRunner implements Runner {
  readonly #inner: Runner;
  readonly #cut: () => Promise<void>;
  readonly #at: number;
  readonly #momentMs: number;
  /** The number of calls that may change something. */
  calls = 0;
  isCut = false;

  /** @param momentMs delay from the start of the call */
  constructor(inner: Runner, cut: () => Promise<void>, at: number, momentMs: number) {
    this.#inner = inner;
    this.#cut = cut;
    this.#at = at;
    this.#momentMs = momentMs;
  }

  get node(): string | undefined {
    return this.#inner.node;
  }

  async run(command: Command): Promise<CommandResult> {
    const result = this.#inner.run(command);
    if (command.readOnly !== true && ++this.calls === this.#at) {
      result.catch(() => {});
      await sleep(this.#momentMs);
      this.isCut = true;
      await this.#cut();
    }
    return result;
  }

  upload(...args: Parameters<Runner["upload"]>): Promise<string> {
    return this.#inner.upload(...args);
  }

  close(): void {
    this.#inner.close();
  }
}
