import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection";
import { ConnectionError, LoginRefused } from "../errors";
import type { HostAddress } from "../settings/hosts";
import type { ConnectionSettings } from "../settings/settings";
import type { Command, CommandResult, NodeAnswer, Runner, Terminal, TransferProgress } from "../types";

/** How long a node that failed is tried only after the others. */
const COOL_DOWN_MS = 30_000;
/** How long a program may keep running after its connection breaks; it checks for that itself (python/link.py). */
const LOST_MS = 2_000;

/**
 * A runner over one kept connection to the first node that answers.
 *
 * @example
 * const runner = createRunner(readSettings((key) => config.get(key), process.env));
 * const { stdout } = await runner.run({ argv: ["cibadmin", "--query"], readOnly: true });
 */
export function createRunner(settings: ConnectionSettings): Runner {
  return new Pool(settings);
}

class Pool implements Runner {
  readonly #settings: ConnectionSettings;
  readonly #failedAt = new Map<HostAddress, number>();
  /** The connection in use, or the pending attempt to open one, which all callers share. */
  #current: Promise<Connection> | undefined;
  #connection: Connection | undefined;
  readonly #open = new Set<Connection>();
  #closed = false;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
  }

  get folder(): string {
    return this.#settings.nodeFolder;
  }

  get node(): string | undefined {
    return this.#connection?.alive ? this.#connection.node : undefined;
  }

  run(command: Command): Promise<CommandResult> {
    return this.#onSomeNode((connection) => connection.run(command), command.readOnly ?? false);
  }

  upload(localPath: string, remotePath: string, onProgress?: (progress: TransferProgress) => void): Promise<string> {
    return this.#onSomeNode(async (connection) => {
      await connection.upload(localPath, remotePath, onProgress);
      return connection.node;
    }, false);
  }

  interactive(argv: readonly string[], terminal: Terminal): Promise<number> {
    return this.#onSomeNode((connection) => connection.interactive(argv, terminal), false);
  }

  runOnEach(command: Command): Promise<NodeAnswer[]> {
    return Promise.all(
      this.#settings.hosts.map(async (host): Promise<NodeAnswer> => {
        const { address } = host;
        try {
          return { address, ...(await this.#runOn(host, { ...command, readOnly: true })) };
        } catch (error) {
          return { address, error };
        }
      }),
    );
  }

  /**
   * Uses the persistent connection if it goes to that host. Otherwise it opens one and closes it again: such requests
   * are rare.
   */
  async #runOn(host: HostAddress, command: Command): Promise<{ result: CommandResult; between: [number, number] }> {
    const timed = async (connection: Connection): Promise<{ result: CommandResult; between: [number, number] }> => {
      const from = Date.now(); // the login is done by now
      const result = await connection.run(command);
      return { result, between: [from, Date.now()] };
    };
    if (this.#connection?.alive && this.#connection.node === host.address) return timed(this.#connection);
    const connection = await Connection.open(host, this.#settings);
    this.#open.add(connection);
    try {
      if (this.#closed) throw this.#nobody("the connections were closed");
      return await timed(connection);
    } finally {
      this.#open.delete(connection);
      connection.close("its question was answered");
    }
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#open) connection.close("it was closed");
    this.#open.clear();
  }

  /** Goes on to the next node only if nothing was sent, or if sending it twice is harmless. */
  async #onSomeNode<T>(use: (connection: Connection) => Promise<T>, repeatable: boolean): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#connect();
      try {
        return await use(connection);
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        this.#retire(connection);
        // Try each node once, and the first one twice: the kept connection may merely have been stale.
        const sentOnce = !(error.beforeSend || repeatable);
        // A caller that rolls back the interrupted work must not race with it.
        if (sentOnce && !this.#closed) await sleep(LOST_MS);
        if (sentOnce || attempt > this.#settings.hosts.length || this.#closed) throw error;
      }
    }
  }

  #connect(): Promise<Connection> {
    if (this.#connection?.alive === false) this.#retire(this.#connection);
    if (this.#current) return this.#current;
    const attempt = this.#openFirst();
    this.#current = attempt;
    attempt.then(
      (connection) => {
        // close() may have come during the login.
        if (this.#closed) connection.close("it was closed");
        else this.#open.add((this.#connection = connection));
      },
      () => {
        if (this.#current === attempt) this.#current = undefined;
      },
    );
    return attempt;
  }

  /** @throws HostKeyError immediately: trying another node would hide an attack or a replaced node. */
  async #openFirst(): Promise<Connection> {
    const causes: string[] = [];
    let [only, refused]: [ConnectionError | undefined, LoginRefused | undefined] = [undefined, undefined];
    for (const host of this.#inOrder()) {
      if (this.#closed) throw this.#nobody("the connections were closed");
      try {
        const connection = await Connection.open(host, this.#settings);
        this.#failedAt.delete(host);
        return connection;
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        this.#failedAt.set(host, Date.now());
        causes.push(error.message);
        only = error;
        if (error instanceof LoginRefused) refused ??= error;
      }
    }
    throw this.#settings.hosts.length === 1 && only ? only : this.#nobody(causes.join("; "), refused);
  }

  /** In the order of the settings, but nodes that failed recently come last, the latest failure at the very end. */
  #inOrder(): HostAddress[] {
    const now = Date.now();
    const failed = (host: HostAddress) => {
      const at = this.#failedAt.get(host);
      return at !== undefined && now - at < COOL_DOWN_MS ? at : 0;
    };
    return [...this.#settings.hosts].sort((a, b) => failed(a) - failed(b));
  }

  /** Gives it no new work. Work in progress may finish; after that it does not keep the process alive. */
  #retire(connection: Connection): void {
    if (this.#connection !== connection) return;
    const host = this.#settings.hosts.find(({ address }) => address === connection.node);
    if (host) this.#failedAt.set(host, Date.now());
    this.#connection = undefined;
    this.#current = undefined;
    if (!connection.alive) this.#open.delete(connection);
    connection.retire();
  }

  /**
   * @param refused one of them answers: then the cluster is not merely unreachable, and this error's hint is the
   * helpful one
   */
  #nobody(cause: string, refused?: LoginRefused): ConnectionError {
    const nodes = this.#settings.hosts.map(({ address }) => address).join(", ");
    return new (refused ? LoginRefused : ConnectionError)(nodes, `Unable to reach any of ${nodes}: ${cause}`, {
      beforeSend: true,
      hint: refused?.hint ?? "Check seapath:hosts, and that one of these nodes is up and lets this user in.",
    });
  }
}
