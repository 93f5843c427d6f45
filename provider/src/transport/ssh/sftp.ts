import type { SFTPWrapper } from "ssh2";
import { ConnectionError, UploadError } from "../errors";
import { ChannelRefused } from "./exec";
import type { Link } from "./link";

/** How long a node may take for one answer: enough for a disk that syncs slowly. */
const ANSWER_MS = 60_000;

/** The callback that ssh2 calls with the answer to a request. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- it is a callback of one argument to ssh2, or of two
type Done = (error?: Error | null, value?: any) => void;

/** SFTP for one file: each request ends with an answer, with the end of the link, or at its deadline. */
export class Sftp {
  readonly #link: Link;
  readonly #target: string;
  readonly #temporary: string;
  #client: SFTPWrapper | undefined;

  /**
   * @param target the file
   * @param temporary its path until it is complete. Both appear only in messages
   */
  constructor(link: Link, target: string, temporary: string) {
    this.#link = link;
    this.#target = target;
    this.#temporary = temporary;
  }

  /** @throws ChannelRefused */
  async begin(): Promise<void> {
    this.#client = await this.#request<SFTPWrapper>("begin SFTP", (done) => this.#link.client.sftp(done));
    this.#client.on("error", () => {}); // pending requests get their own errors
  }

  end(): void {
    this.#client?.end();
  }

  get broken(): boolean {
    return this.#link.deathCause !== undefined;
  }

  ask<T = unknown>(what: string, send: (client: SFTPWrapper, done: Done) => void): Promise<T> {
    return this.#request<T>(what, (done) => send(this.#client!, done));
  }

  /** For requests that not every server supports: ssh2 throws immediately then, and this returns false. */
  async askIfOffered(what: string, send: (client: SFTPWrapper, done: Done) => void): Promise<boolean> {
    let offered = true;
    await this.ask(what, (client, done) => {
      try {
        send(client, done);
      } catch {
        offered = false;
        done();
      }
    });
    return offered;
  }

  failure(cause: string, hint?: string): UploadError {
    return new UploadError(this.#link.node, this.#target, cause, hint);
  }

  #request<T>(what: string, send: (done: Done) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (how: () => void) => {
        clearTimeout(deadline);
        unwatch();
        how();
      };
      const deadline = setTimeout(
        () => settle(() => reject(this.failure(`no answer within ${ANSWER_MS / 1000} s to the request to ${what}`))),
        ANSWER_MS,
      );
      const unwatch = this.#link.watch((cause) => queueMicrotask(() => settle(() => reject(this.#linkError(cause)))));
      try {
        send((error, value: T) => settle(() => (error ? reject(this.#explain(what, error)) : resolve(value))));
      } catch (error) {
        settle(() => reject(this.#linkError((error as Error).message)));
      }
    });
  }

  #explain(what: string, error: Error): Error {
    if (this.#link.deathCause !== undefined) return this.#linkError(this.#link.deathCause);
    if (this.#client) return this.failure(`cannot ${what}: ${error.message}`);
    if (error.message.startsWith("(SSH) Channel open failure")) return new ChannelRefused(error.message);
    return this.failure(`cannot ${what}: ${error.message}`, "sshd there needs `Subsystem sftp internal-sftp`.");
  }

  #linkError(cause: string): ConnectionError {
    const { node } = this.#link;
    const beforeSend = this.#client === undefined;
    const hint = beforeSend ? {} : { hint: `A part of it may have stayed there as ${this.#temporary}.` };
    return new ConnectionError(node, `Unable to upload "${this.#target}" on ${node}: ${cause}`, {
      beforeSend,
      ...hint,
    });
  }
}
