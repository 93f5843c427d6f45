import { randomBytes } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { posix } from "node:path";
import type { UploadError } from "../errors";
import type { Link } from "./link";
import { Sftp } from "./sftp";
import { PlainStaging, SudoStaging, type Staging } from "./staging";
import type { TransferProgress } from "../types";

/** What every SFTP server takes in one write. */
const CHUNK = 32 * 1024;
/** What is not sent: a place on the node to which nothing is written is a hole there, and reads as this. */
const ZEROS = Buffer.alloc(CHUNK);
/** Writes that are on the way at once, so that the link's round trip is not paid for each. */
const IN_FLIGHT = 32;

type Progress = (progress: TransferProgress) => void;

/**
 * Writes a local file beside its place on the node, makes sure it is whole and on disk, and only then renames it: nobody
 * ever sees half a file under its name. What failed is taken away again.
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
      // The first error is the one that matters, so what goes wrong here is not told.
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
  /** Bytes that it takes there, where its holes stay holes. */
  needed: number;
}

/** What a file takes: less than its size where it is sparse. */
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
    // Only now is "no space" of a delayed allocation told, and a power cut after the rename does no harm.
    await sftp.askIfOffered("sync it", (client, done) => client.ext_openssh_fsync(handle, done));
    const { size } = await sftp.ask<{ size: number }>("read its size", (client, done) => client.fstat(handle, done));
    if (size !== total) throw sftp.failure(`${size} of ${total} bytes arrived`);
    await sftp.ask("close it", (client, done) => client.close(handle, done));
    await staging.commit();
  } catch (error) {
    const left = sftp.broken ? undefined : await freeBytes(sftp, remotePath).catch(() => undefined);
    // SFTP has no code for a full disk, and its "Failure" alone would not tell anyone what to do.
    throw left !== undefined && left < CHUNK * IN_FLIGHT ? noSpace(sftp, remotePath, left, needed) : error;
  }
}

/** Copies a file with many writes on the way at once. */
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
      // The last one is written whatever it holds, and gives the file its size.
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

  /** Never rejects: the first error ends the copying, whoever waits for which write. */
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
