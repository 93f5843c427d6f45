import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createRunner,
  readSettings,
  type ConnectionSettings,
  type Runner,
} from "../../../../provider/dist/transport/index.js";

/** A folder with a client's keys, and everything that the tests of one file start. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), "seapath-transport-"));
  readonly key = this.newKey("id_client");
  readonly #ends: (() => void)[] = [];
  #agents = 0;

  /** Creates a key pair and returns the path of the private key. */
  newKey(name: string, passphrase = "", type = "ed25519"): string {
    const path = join(this.folder, name);
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", name, "-f", path]);
    return path;
  }

  /** Starts a real sshd that accepts this client. */
  async sshd(options: SshdOptions = {}): Promise<Sshd> {
    const sshd = await Sshd.start(this, options);
    this.#ends.push(() => sshd.kill());
    return sshd;
  }

  /** Starts a real ssh-agent with these keys, in this order, and returns its socket. */
  agent(keys: readonly string[]): string {
    const socket = join(this.folder, `agent_${++this.#agents}.sock`);
    const started = execFileSync("ssh-agent", ["-s", "-a", socket], { encoding: "utf8" });
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)![1]);
    this.#ends.push(() => process.kill(pid));
    for (const key of keys) execFileSync("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    return socket;
  }

  /** A server that accepts connections and never answers: a hanging node. */
  async mute(): Promise<string> {
    const server = createServer((socket) => socket.on("error", () => {}));
    const address = await listen(server);
    this.#ends.push(() => server.close());
    server.unref();
    return address;
  }

  /** An address where nothing listens. */
  async refusing(): Promise<string> {
    const server = createServer();
    const address = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    return address;
  }

  settings(hosts: string[], knownHosts: string, more: Record<string, string> = {}): ConnectionSettings {
    const keys: Record<string, string> = {
      hosts: hosts.join(","),
      user: userInfo().username,
      privateKeyFile: this.key,
      knownHosts,
      connectTimeout: "5",
      ...more,
    };
    return readSettings((key) => keys[key], { HOME: this.folder });
  }

  runner(sshds: readonly Sshd[], more: Record<string, string> = {}, hosts = sshds.map((sshd) => sshd.address)): Runner {
    const runner = createRunner(this.settings(hosts, sshds.map((sshd) => sshd.knownHosts).join("\n"), more));
    this.#ends.push(() => runner.close());
    return runner;
  }

  later(end: () => void): void {
    this.#ends.push(end);
  }

  end(): void {
    for (const end of this.#ends.splice(0).reverse()) end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface SshdOptions {
  maxSessions?: number;
  maxStartups?: string;
  hostKeys?: string[];
  /** Lines of its configuration that override the bench's. */
  more?: string[];
  ipv6?: boolean;
}

/** One sshd on a port of its own. */
export class Sshd {
  readonly address: string;
  get port(): string {
    return this.address.split(":").at(-1)!;
  }
  /** The known_hosts lines for its keys. */
  readonly knownHosts: string;
  readonly #process: ChildProcess;

  private constructor(address: string, knownHosts: string, process: ChildProcess) {
    this.address = address;
    this.knownHosts = knownHosts;
    this.#process = process;
  }

  static async start(bench: Bench, options: SshdOptions): Promise<Sshd> {
    const port = (await bench.refusing()).split(":")[1]!;
    const host = options.ipv6 ? "::1" : "127.0.0.1";
    const address = options.ipv6 ? `[::1]:${port}` : `127.0.0.1:${port}`;
    const hostKeys = options.hostKeys ?? [bench.newKey(`host_${port}`)];
    const config = join(bench.folder, `sshd_${port}.conf`);
    writeFileSync(
      config,
      [
        `Port ${port}`,
        // sshd uses the first value of most settings.
        ...(options.more ?? []),
        `ListenAddress ${host}`,
        ...hostKeys.map((key) => `HostKey ${key}`),
        `AuthorizedKeysFile ${bench.key}.pub`,
        "PidFile none",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        `MaxStartups ${options.maxStartups ?? "100"}`,
        `MaxSessions ${options.maxSessions ?? 10}`,
        "Subsystem sftp internal-sftp",
        // Skip the developer's own start-up files: they take time, and a killed one may leave a lock.
        `SetEnv HOME=${bench.folder}`,
        "",
      ].join("\n"),
    );
    // Debian's sshd needs this folder, which only its unit creates.
    if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    const log: string[] = [];
    const child = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", config], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.on("data", (chunk: Buffer) => log.push(chunk.toString()));
    for (let tries = 0; !(await answers(Number(port), host)); tries++) {
      if (tries > 100 || child.exitCode !== null) throw new Error(`sshd does not start: ${log.join("")}`);
      await sleep(30);
    }
    const known = hostKeys.map((key) => `[${host}]:${port} ${publicKey(key)}`).join("\n");
    return new Sshd(address, known, child);
  }

  /** A power cut: the server and all its sessions are gone. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  /** A hanging node: connections stay, and nothing answers. */
  freeze(): void {
    this.#signal("SIGSTOP");
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#process.pid === undefined || this.#process.exitCode !== null) return;
    for (const pid of [this.#process.pid, ...descendants(this.#process.pid)]) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended on its own meanwhile.
      }
    }
  }
}

/** Type and key of a public key, without the comment. */
export function publicKey(privateKeyPath: string): string {
  return readFileSync(`${privateKeyPath}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
}

function descendants(root: number): number[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    rows.filter(([, ppid]) => ppid === parent).flatMap(([pid]) => [pid, ...below(pid)]);
  return below(root);
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

function answers(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.on("data", () => (socket.destroy(), resolve(true)));
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
}
