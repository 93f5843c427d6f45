import { randomBytes } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { posix } from "node:path";
import type { SFTPWrapper } from "ssh2";
import { ConnectionError, UploadError } from "./errors";
import { ChannelRefused } from "./exec";
import type { Link } from "./link";
import type { TransferProgress } from "./types";

/** What every SFTP server takes in one write. */
const CHUNK = 32 * 1024;
/** Writes that are on the way at once, so that the link's round trip is not paid for each. */
const IN_FLIGHT = 32;
/** How long a node may take for one answer: a disk that is slow to sync, not one that is gone. */
const ANSWER_MS = 60_000;

type Callback<T> = (error: Error | null | undefined, value: T) => void;

/**
 * Writes a local file beside its place on the node, makes sure it is whole and on disk, and only then renames it: nobody
 * ever sees half a file under its name. What failed is taken away again.
 */
export async function uploadOver(
  link: Link,
  localPath: string,
  remotePath: string,
  onProgress?: (progress: TransferProgress) => void,
): Promise<void> {
  const transfer = new Transfer(link, remotePath);
  const file = await open(localPath).catch((error: Error) => Promise.reject(transfer.failure(error.message)));
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw transfer.failure(`${localPath} is not a file`);
    await transfer.send(file, stats.size, onProgress);
  } finally {
    await file.close();
  }
}

class Transfer {
  readonly #link: Link;
  readonly #target: string;
  readonly #temporary: string;
  #sftp: SFTPWrapper | undefined;

  constructor(link: Link, target: string) {
    this.#link = link;
    this.#target = target;
    this.#temporary = `${target}.${randomBytes(6).toString("hex")}.part`;
  }

  failure(cause: string, hint?: string): UploadError {
    return new UploadError(this.#link.node, this.#target, cause, hint);
  }

  async send(file: FileHandle, total: number, onProgress?: (progress: TransferProgress) => void): Promise<void> {
    const sftp = (this.#sftp = await this.#connect());
    try {
      const free = await this.#freeBytes(sftp);
      if (free !== undefined && free < total) throw this.#noSpace(free, total);
      const handle = await this.#ask<Buffer>("create it", (done) => sftp.open(this.#temporary, "wx", 0o600, done));
      try {
        await this.#write(sftp, handle, file, total, onProgress);
        // Only now is "no space" of a delayed allocation told, and a power cut after the rename does no harm.
        await this.#optional("sync it", (done) => sftp.ext_openssh_fsync(handle, done));
        const { size } = await this.#ask<{ size: number }>("read its size", (done) => sftp.fstat(handle, done));
        if (size !== total) throw this.failure(`${size} of ${total} bytes arrived`);
        await this.#ask("close it", (done) => sftp.close(handle, done as Callback<void>));
        await this.#rename(sftp);
      } catch (error) {
        await this.#discard(sftp);
        throw error;
      }
    } finally {
      sftp.end();
    }
  }

  async #connect(): Promise<SFTPWrapper> {
    const sftp = await this.#ask<SFTPWrapper>("begin SFTP", (done) => this.#link.client.sftp(done));
    sftp.on("error", () => {}); // the requests that wait are told by themselves
    return sftp;
  }

  async #write(
    sftp: SFTPWrapper,
    handle: Buffer,
    file: FileHandle,
    total: number,
    onProgress?: (progress: TransferProgress) => void,
  ): Promise<void> {
    const waiting = new Set<Promise<void>>();
    let failed: { error: unknown } | undefined;
    let position = 0;
    let sent = 0;
    const send = async (chunk: Buffer, at: number) => {
      try {
        await this.#ask("write it", (done) => sftp.write(handle, chunk, 0, chunk.length, at, done as Callback<void>));
        sent += chunk.length;
        if (!failed) onProgress?.({ sent, total });
      } catch (error) {
        failed ??= { error };
      }
    };
    while (!failed) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, position);
      if (bytesRead === 0) break;
      const write: Promise<void> = send(buffer.subarray(0, bytesRead), position).finally(() => waiting.delete(write));
      waiting.add(write);
      position += bytesRead;
      if (waiting.size >= IN_FLIGHT) await Promise.race(waiting);
    }
    await Promise.all(waiting);
    if (!failed) return;
    const free = this.#link.deathCause === undefined ? await this.#freeBytes(sftp).catch(() => undefined) : undefined;
    // SFTP has no code for a full disk; its "Failure" alone would not tell anyone what to do.
    throw free !== undefined && free < CHUNK * IN_FLIGHT ? this.#noSpace(free, total) : failed.error;
  }

  async #rename(sftp: SFTPWrapper): Promise<void> {
    // SFTP's own rename refuses a target that exists; OpenSSH's replaces it at once, as rename(2) does.
    const renamed = await this.#optional("rename it", (done) =>
      sftp.ext_openssh_rename(this.#temporary, this.#target, done as Callback<void>),
    );
    if (!renamed) await this.#ask("rename it", (done) => sftp.rename(this.#temporary, this.#target, done as Callback<void>));
  }

  async #discard(sftp: SFTPWrapper): Promise<void> {
    if (this.#link.deathCause !== undefined) return;
    // The first error is the one that matters, so what goes wrong here is not told.
    await this.#ask("remove it", (done) => sftp.unlink(this.#temporary, done as Callback<void>)).catch(() => {});
  }

  async #freeBytes(sftp: SFTPWrapper): Promise<number | undefined> {
    let space: { f_bavail: number; f_frsize: number } | undefined;
    await this.#optional("read the free space", (done) =>
      sftp.ext_openssh_statvfs(posix.dirname(this.#target), (error, value) => {
        space = value;
        done(error, undefined);
      }),
    );
    return space === undefined ? undefined : Number(space.f_bavail) * Number(space.f_frsize);
  }

  #noSpace(free: number, total: number): UploadError {
    const folder = posix.dirname(this.#target);
    return this.failure(
      `No space left on device: ${folder} has ${mib(free)} MiB free and the file has ${mib(total)} MiB`,
      `Make room in ${folder} on ${this.#link.node}.`,
    );
  }

  /** For what not every server offers: ssh2 throws at once then, and the answer is false. */
  async #optional(what: string, send: (done: Callback<unknown>) => void): Promise<boolean> {
    let offered = true;
    await this.#ask(what, (done) => {
      try {
        send(done);
      } catch {
        offered = false;
        done(undefined, undefined);
      }
    });
    return offered;
  }

  /** One request: it ends with an answer, the end of the link, or its deadline. */
  #ask<T = unknown>(what: string, send: (done: Callback<T>) => void): Promise<T> {
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
      const unwatch = this.#link.watch((cause) => queueMicrotask(() => settle(() => reject(this.#broken(cause)))));
      try {
        send((error, value) => settle(() => (error ? reject(this.#explain(what, error)) : resolve(value))));
      } catch (error) {
        settle(() => reject(this.#broken((error as Error).message)));
      }
    });
  }

  #explain(what: string, error: Error): Error {
    if (this.#link.deathCause !== undefined) return this.#broken(this.#link.deathCause);
    if (this.#sftp) return this.failure(`cannot ${what}: ${error.message}`);
    if (error.message.startsWith("(SSH) Channel open failure")) return new ChannelRefused(error.message);
    return this.failure(`cannot ${what}: ${error.message}`, "sshd there needs `Subsystem sftp internal-sftp`.");
  }

  #broken(cause: string): ConnectionError {
    const { node } = this.#link;
    const beforeSend = this.#sftp === undefined;
    const hint = beforeSend ? {} : { hint: `A part of it may have stayed there as ${this.#temporary}.` };
    return new ConnectionError(node, `Unable to upload "${this.#target}" on ${node}: ${cause}`, { beforeSend, ...hint });
  }
}

function mib(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}
