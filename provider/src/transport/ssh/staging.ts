import { CommandError, type UploadError } from "../errors";
import { ChannelRefused, execute } from "./exec";
import type { Link } from "./link";
import type { Sftp } from "./sftp";

/** How the temporary file of an upload is made, put in its place, or taken away. */
export interface Staging {
  /** Before SFTP begins. */
  prepare(): Promise<void>;
  /** How SFTP opens it. */
  readonly flags: "wx" | "r+";
  /** Gives it its name, when it is whole and closed. */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

interface Paths {
  remotePath: string;
  temporary: string;
}

/** For a user who may write there. */
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
    // SFTP's own rename refuses a target that exists; OpenSSH's replaces it at once, as rename(2) does.
    const offered = await this.#sftp.askIfOffered("rename it", (client, done) =>
      client.ext_openssh_rename(from, to, done),
    );
    if (!offered) await this.#sftp.ask("rename it", (client, done) => client.rename(from, to, done));
  }

  async discard(): Promise<void> {
    await this.#sftp.ask("remove it", (client, done) => client.unlink(this.#paths.temporary, done));
  }
}

// The name is a random one and `set -C` refuses what exists, so nobody can have put a link there before.
const CREATE = `set -C; umask 077; : > "$1" && chown "$SUDO_UID" "$1"`;
const COMMIT = `chown 0:0 "$1" && mv -fT "$1" "$2"`;
const REFUSALS = 8;

/**
 * For a user who has to use sudo: root makes an empty file beside the target and lends it to the user for as long as
 * SFTP fills it. So the image is written once, on the file system where it stays.
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
        // SFTP's own channel is open beside this one, and sshd may have no place for two.
        if (!(error instanceof ChannelRefused)) throw error;
        if (refusals >= REFUSALS) throw this.#failure(`cannot ${what}: ${error.message}`);
        await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** refusals));
      }
    }
  }
}
