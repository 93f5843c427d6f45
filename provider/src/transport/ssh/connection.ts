import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionError } from "../errors";
import { ChannelRefused, execute } from "./exec";
import type { HostAddress } from "../settings/hosts";
import { converse } from "./interactive";
import { ChannelLimiter } from "./limiter";
import type { Link } from "./link";
import { logIn } from "./login";
import type { ConnectionSettings } from "../settings/settings";
import { proveSudo } from "./sudo";
import { uploadOver } from "./upload";
import type { Command, CommandResult, Terminal, TransferProgress } from "../types";

/** A link that has been quiet for longer must prove that it is alive before use. */
const QUIET_MS = 1_000;
const ANSWER_MS = 5_000;
/** How long to wait for channels held by other commands. Each of those has its own deadline. */
const QUEUE_MS = 15 * 60_000;
const REFUSALS = 8;

/** Runs programs over one persistent link to one node, a channel for each. */
export class Connection {
  readonly node: string;
  readonly #link: Link;
  readonly #channels: ChannelLimiter;
  #users = 0;
  #retired = false;

  private constructor(link: Link, maxChannels: number) {
    this.node = link.node;
    this.#link = link;
    this.#channels = new ChannelLimiter(maxChannels);
    link.watch((cause) => this.#channels.close(this.#notSent(cause)));
  }

  static async open(host: HostAddress, settings: ConnectionSettings): Promise<Connection> {
    const link = await logIn(host, settings);
    const connection = new Connection(link, settings.maxChannels);
    try {
      if (link.sudo)
        await proveSudo(
          host,
          (command) => connection.run(command),
          () => (link.requiresTerminal = true),
        );
    } catch (error) {
      connection.close("it is of no use");
      throw error;
    }
    return connection;
  }

  get alive(): boolean {
    return this.#link.deathCause === undefined;
  }

  run(command: Command): Promise<CommandResult> {
    return this.#inChannel(() => execute(this.#link, command), command.readOnly ? QUIET_MS : 0);
  }

  upload(localPath: string, remotePath: string, onProgress?: (progress: TransferProgress) => void): Promise<void> {
    return this.#inChannel(() => uploadOver(this.#link, localPath, remotePath, onProgress), 0);
  }

  interactive(argv: readonly string[], terminal: Terminal): Promise<number> {
    return this.#inChannel(() => converse(this.#link, argv, terminal), 0);
  }

  close(cause: string): void {
    this.#link.die(cause);
  }

  /** Closes it as soon as it is idle. */
  retire(): void {
    this.#retired = true;
    if (this.#users === 0) this.close("it is not used any more");
  }

  async #inChannel<T>(use: () => Promise<T>, quietMs: number): Promise<T> {
    const letGo = this.#link.hold();
    this.#users++;
    try {
      return await this.#insist(use, quietMs);
    } finally {
      letGo();
      this.#users--;
      if (this.#retired) this.retire();
    }
  }

  /** Waits for a slot and uses it, and retries if sshd refuses the channel. */
  async #insist<T>(use: () => Promise<T>, quietMs: number): Promise<T> {
    for (let refusals = 0; ; refusals++) {
      await this.#channels.acquire(
        QUEUE_MS,
        () => this.#notSent("no free channel, the others take too long"),
        refusals > 0,
      );
      try {
        await this.#proveAlive(quietMs);
        return await use();
      } catch (error) {
        if (!(error instanceof ChannelRefused)) throw error;
        if (refusals >= REFUSALS) {
          throw this.#notSent(error.message, "Is MaxSessions in the node's sshd_config 0, or 1 and taken?");
        }
        // sshd frees a session slightly after the client sees it closed, so a single refusal may be a coincidence.
        // After a second refusal, assume fewer slots than expected.
        if (refusals > 0) this.#channels.refused();
        await sleep(Math.min(50 * 2 ** refusals, 1_000));
      } finally {
        this.#channels.release();
      }
    }
  }

  /**
   * If a change is sent into a dead link, nobody knows whether it arrived. So check first that the link is alive. That
   * costs one round trip; sshd takes dozens of milliseconds to start a program.
   */
  async #proveAlive(quietMs: number): Promise<void> {
    if (this.#link.quietMs >= quietMs && !(await this.#link.ping(ANSWER_MS))) {
      this.#link.die(`the node has not answered for ${ANSWER_MS / 1000} s`);
    }
    if (this.#link.deathCause !== undefined) throw this.#notSent(this.#link.deathCause);
  }

  #notSent(cause: string, hint?: string): ConnectionError {
    const options = { beforeSend: true, ...(hint !== undefined && { hint }) };
    return new ConnectionError(this.node, `Unable to use the connection to ${this.node}: ${cause}`, options);
  }
}
