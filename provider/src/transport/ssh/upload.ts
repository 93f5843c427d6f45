import { randomBytes } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { posix } from "node:path";
import type { UploadError } from "../errors";
import type { Link } from "./link";
import { Sftp } from "./sftp";
import { PlainStaging, SudoStaging, type Staging } from "./staging";
import type { TransferProgress } from "../types";

/** The write size that every SFTP server accepts. */
const CHUNK = 32 * 1024;
/** Blocks that are not sent: unwritten places on the node are holes, which read as zeros. */
const ZEROS = Buffer.alloc(CHUNK);
/** Writes in flight at once, so that not each one costs a round trip. */
const IN_FLIGHT = 32;

type Progress = (progress: TransferProgress) => void;

/**
 * Writes a local file beside its target on the node, checks that it is complete and on disk, and only then renames it.
 * So no reader ever sees a partial file under that name. A failed upload is removed.
 */
export async function uploadOver(
  link: Link,
  localPath: string,
  remotePath: string,
  onProgress?: Progress,
): Promise<void> {
  const temporary = `${remotePath}.${randomBytes(6).toString("hex")}.part`;
  const sftp = new Sftp(link, remotePath, temporary);
  const staging = link.sudo
    ? new SudoStaging(link, { remotePath, temporary }, (cause) => sftp.failure(cause))
    : new PlainStaging(sftp, { remotePath, temporary });
  const file = await open(localPath).catch((error: Error) => Promise.reject(sftp.failure(error.message)));
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw sftp.failure(`${localPath} is not a file`);
    await staging.prepare();
    try {
      await sftp.begin();
      await send(
        sftp,
        staging,
        file,
        { remotePath, temporary, total: stats.size, needed: bytesOnDisk(stats) },
        onProgress,
      );
    } catch (error) {
      // The first error matters, so a failure here is ignored.
      if (!sftp.broken) await staging.discard().catch(() => {});
      throw error;
    }
  } finally {
    sftp.end();
    await file.close();
  }
}

interface Transfer {
  remotePath: string;
  temporary: string;
  total: number;
  /** Bytes it will occupy there; its holes stay holes. */
  needed: number;
}

/** The bytes a file occupies: less than its size if it is sparse. */
const bytesOnDisk = ({ size, blocks }: { size: number; blocks: number }): number => Math.min(size, blocks * 512);

async function send(
  sftp: Sftp,
  staging: Staging,
  file: FileHandle,
  transfer: Transfer,
  onProgress?: Progress,
): Promise<void> {
  const { remotePath, temporary, total, needed } = transfer;
  const free = await freeBytes(sftp, remotePath);
  if (free !== undefined && free < needed) throw noSpace(sftp, remotePath, free, needed);
  const handle = await sftp.ask<Buffer>("create it", (client, done) =>
    client.open(temporary, staging.flags, 0o600, done),
  );
  try {
    const writer = new Writer(sftp, handle, total, onProgress);
    await writer.copy(file);
    // This reports "no space" of a delayed allocation, and makes a power cut after the rename harmless.
    await sftp.askIfOffered("sync it", (client, done) => client.ext_openssh_fsync(handle, done));
    const { size } = await sftp.ask<{ size: number }>("read its size", (client, done) => client.fstat(handle, done));
    if (size !== total) throw sftp.failure(`${size} of ${total} bytes arrived`);
    await sftp.ask("close it", (client, done) => client.close(handle, done));
    await staging.commit();
  } catch (error) {
    const left = sftp.broken ? undefined : await freeBytes(sftp, remotePath).catch(() => undefined);
    // SFTP has no code for a full disk, and its "Failure" alone would help nobody.
    throw left !== undefined && left < CHUNK * IN_FLIGHT ? noSpace(sftp, remotePath, left, needed) : error;
  }
}

/** Copies a file with many writes in flight. */
class Writer {
  readonly #sftp: Sftp;
  readonly #handle: Buffer;
  readonly #total: number;
  readonly #onProgress: Progress | undefined;
  readonly #waiting = new Set<Promise<void>>();
  #failed: { error: unknown } | undefined;
  #sent = 0;

  constructor(sftp: Sftp, handle: Buffer, total: number, onProgress?: Progress) {
    this.#sftp = sftp;
    this.#handle = handle;
    this.#total = total;
    this.#onProgress = onProgress;
  }

  async copy(file: FileHandle): Promise<void> {
    for (let position = 0; !this.#failed;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, position);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      const at = position;
      position += bytesRead;
      // The last chunk is written even if it is all zeros: it gives the file its size.
      if (position < this.#total && chunk.equals(ZEROS.subarray(0, bytesRead))) {
        this.#count(bytesRead);
        continue;
      }
      const write: Promise<void> = this.#write(chunk, at).finally(() => {
        this.#waiting.delete(write);
      });
      this.#waiting.add(write);
      if (this.#waiting.size >= IN_FLIGHT) await Promise.race(this.#waiting);
    }
    await Promise.all(this.#waiting);
    if (this.#failed) throw this.#failed.error;
  }

  /** Never rejects: the first error ends the copy, whichever write it comes from. */
  async #write(chunk: Buffer, at: number): Promise<void> {
    try {
      await this.#sftp.ask("write it", (client, done) => client.write(this.#handle, chunk, 0, chunk.length, at, done));
      this.#count(chunk.length);
    } catch (error) {
      this.#failed ??= { error };
    }
  }

  #count(bytes: number): void {
    this.#sent += bytes;
    try {
      if (!this.#failed) this.#onProgress?.({ sent: this.#sent, total: this.#total });
    } catch (error) {
      this.#failed ??= { error };
    }
  }
}

async function freeBytes(sftp: Sftp, remotePath: string): Promise<number | undefined> {
  let free: number | undefined;
  await sftp.askIfOffered("read the free space", (client, done) =>
    client.ext_openssh_statvfs(posix.dirname(remotePath), (error, space: { f_bavail: number; f_frsize: number }) => {
      if (!error) free = Number(space.f_bavail) * Number(space.f_frsize);
      done(error, undefined);
    }),
  );
  return free;
}

function noSpace(sftp: Sftp, remotePath: string, free: number, total: number): UploadError {
  const folder = posix.dirname(remotePath);
  const mib = (bytes: number) => Math.ceil(bytes / 1024 / 1024);
  return sftp.failure(
    `No space left on device: ${folder} has ${mib(free)} MiB free and the file has ${mib(total)} MiB`,
    `Make room in ${folder} there.`,
  );
}
