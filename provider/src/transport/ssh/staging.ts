import { CommandError, type UploadError } from "../errors";
import { ChannelRefused, execute } from "./exec";
import type { Link } from "./link";
import type { Sftp } from "./sftp";

/** How an upload's temporary file is created, moved into place, or removed. */
export interface Staging {
  /** Runs before SFTP begins. */
  prepare(): Promise<void>;
  /** The flags SFTP opens it with. */
  readonly flags: "wx" | "r+";
  /** Gives the complete, closed file its final name. */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

interface Paths {
  remotePath: string;
  temporary: string;
}

/** For a user with write access there. */
export class PlainStaging implements Staging {
  readonly flags = "wx";
  readonly #sftp: Sftp;
  readonly #paths: Paths;

  constructor(sftp: Sftp, paths: Paths) {
    this.#sftp = sftp;
    this.#paths = paths;
  }

  async prepare(): Promise<void> {}

  async commit(): Promise<void> {
    const [from, to] = [this.#paths.temporary, this.#paths.remotePath];
    // SFTP's own rename refuses an existing target; OpenSSH's replaces it atomically, as rename(2) does.
    const offered = await this.#sftp.askIfOffered("rename it", (client, done) =>
      client.ext_openssh_rename(from, to, done),
    );
    if (!offered) await this.#sftp.ask("rename it", (client, done) => client.rename(from, to, done));
  }

  async discard(): Promise<void> {
    await this.#sftp.ask("remove it", (client, done) => client.unlink(this.#paths.temporary, done));
  }
}

// The name is random and `set -C` refuses existing files, so no attacker can have placed a link there.
const CREATE = `set -C; umask 077; : > "$1" && chown "$SUDO_UID" "$1"`;
const COMMIT = `chown 0:0 "$1" && mv -fT "$1" "$2"`;
const REFUSALS = 8;

/**
 * For a user who needs sudo: root creates an empty file beside the target, owned by the user while SFTP fills it. So
 * the image is written once, on its final file system.
 */
export class SudoStaging implements Staging {
  readonly flags = "r+";
  readonly #link: Link;
  readonly #paths: Paths;
  readonly #failure: (cause: string) => UploadError;

  constructor(link: Link, paths: Paths, failure: (cause: string) => UploadError) {
    this.#link = link;
    this.#paths = paths;
    this.#failure = failure;
  }

  prepare(): Promise<void> {
    return this.#run("create it", CREATE);
  }

  commit(): Promise<void> {
    return this.#run("rename it", COMMIT);
  }

  discard(): Promise<void> {
    return this.#run("remove it", `rm -f -- "$1"`);
  }

  async #run(what: string, script: string): Promise<void> {
    const { temporary, remotePath } = this.#paths;
    const argv = ["sh", "-c", script, "sh", temporary, remotePath];
    for (let refusals = 0; ; refusals++) {
      try {
        await execute(this.#link, { argv, label: `to ${what} with sudo` });
        return;
      } catch (error) {
        if (error instanceof CommandError)
          throw this.#failure(`cannot ${what}: ${error.stderr.trim() || error.message}`);
        // SFTP's own channel is open at the same time, and sshd may not allow two.
        if (!(error instanceof ChannelRefused)) throw error;
        if (refusals >= REFUSALS) throw this.#failure(`cannot ${what}: ${error.message}`);
        await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** refusals));
      }
    }
  }
}
