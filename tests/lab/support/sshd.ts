/**
 * A test's own sshd on a node, beside the node's: its connections can be told apart from others on the lab, slowed
 * down, and cut without affecting others.
 */
import { readFileSync } from "node:fs";
import { readLab } from "../../../lab/index.ts";
import { eventually, on, tryOn } from "./cluster.ts";

/** Wraps a node's tools: an import is slow, or a tool hangs, if a file says so. */
const SLOW = `#!/bin/sh
self=$(basename "$0")
real=$(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$self")
stall=$(cat "$(dirname "$0")/stall" 2>/dev/null)
case "$stall:$self $1" in
  "slow import:qemu-img convert") shift; exec "$real" convert -r 300000 "$@" ;;
  "import:qemu-img convert") shift; exec "$real" convert -r 1 "$@" ;;
  "inventory:crm_mon "*) sleep 1000 ;;
esac
exec "$real" "$@"
`;

export type Stall = "slow import" | "import" | "inventory";

export class OwnSshd {
  readonly node: string;
  readonly port: number;
  readonly #name: string;
  readonly #folder: string;

  private constructor(node: string, port: number, name: string) {
    this.node = node;
    this.port = port;
    this.#name = name;
    this.#folder = `/run/seapath-test-${name}`;
  }

  /** @param name of the test; identifies its programs */
  static async start(node: string, port: number, name: string): Promise<OwnSshd> {
    const made = new OwnSshd(node, port, name);
    const folder = made.#folder;
    // A failed run's leftovers would be taken for this one's.
    await on(
      node,
      "sh",
      "-c",
      `kill -KILL $(grep -lzxF -e "$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3) 2>/dev/null; true`,
      "sh",
      `SEAPATH_TEST=${name}`,
    );
    await on(node, "mkdir", "-p", folder);
    for (const tool of ["crm_mon", "qemu-img"])
      await on(node, "sh", "-c", `printf %s "$1" > "$2" && chmod 755 "$2"`, "sh", SLOW, `${folder}/${tool}`);
    const text = [
      `Port ${port}`,
      "HostKey /etc/ssh/ssh_host_ed25519_key",
      `PidFile ${folder}/pid`,
      "Subsystem sftp internal-sftp",
      `SetEnv SEAPATH_TEST=${name} PATH=${folder}:/usr/sbin:/usr/bin:/sbin:/bin`,
    ];
    await on(node, "sh", "-c", `printf %s "$1" > "$2"`, "sh", `${text.join("\n")}\n`, `${folder}/config`);
    await on(node, "/usr/sbin/sshd", "-f", `${folder}/config`);
    await eventually(
      () => tryOn(node, "cat", `${folder}/pid`),
      ({ exitCode }) => exitCode === 0,
    );
    return made;
  }

  /** Settings that make the provider use this sshd. */
  get environment(): Record<string, string> {
    const { nodes, knownHostsFile } = readLab();
    const address = nodes.find(({ name }) => name === this.node)?.address ?? "";
    const lines = readFileSync(knownHostsFile, "utf8")
      .split("\n")
      .filter((line) => line.split(" ")[0]?.split(",").includes(address));
    return {
      SEAPATH_HOSTS: `${address}:${this.port}`,
      SEAPATH_KNOWN_HOSTS_FILE: "",
      SEAPATH_KNOWN_HOSTS: lines.map((line) => line.replace(/^\S+/, `[${address}]:${this.port}`)).join("\n"),
    };
  }

  /** Makes new operations hang: an import (which then shows no progress), or reading an inventory. */
  async stall(what: Stall): Promise<void> {
    await on(this.node, "sh", "-c", `echo ${what} > ${this.#folder}/stall`);
  }

  async goOn(): Promise<void> {
    await on(this.node, "rm", "-f", `${this.#folder}/stall`);
  }

  /** The programs that came through this sshd and still run, wherever they hang now, except sshd's own processes. */
  async programs(): Promise<string[]> {
    const script = `for pid in $(grep -lzxF -e "$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3); do cat /proc/$pid/cmdline 2>/dev/null | tr '\\0' ' '; echo; done`;
    const text = await on(this.node, "sh", "-c", script, "sh", `SEAPATH_TEST=${this.#name}`);
    return text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("sshd"));
  }

  /** Kills the processes that serve connections, so that these break; the sshd itself stays and accepts new ones. */
  async cut(): Promise<void> {
    // For a user other than root, each connection has two, and one may end with the other. From OpenSSH 9.8 they are
    // called sshd-session.
    await on(
      this.node,
      "sh",
      "-c",
      `for pid in $(pgrep -P $(cat ${this.#folder}/pid)); do pkill -KILL -P $pid '^sshd'; kill -KILL $pid 2>/dev/null; done; true`,
    );
  }

  async end(): Promise<void> {
    await on(this.node, "sh", "-c", `kill $(cat ${this.#folder}/pid); rm -r ${this.#folder}`);
  }
}
