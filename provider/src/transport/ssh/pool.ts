import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection";
import { ConnectionError, LoginRefused } from "../errors";
import type { HostAddress } from "../settings/hosts";
import type { ConnectionSettings } from "../settings/settings";
import type { Command, CommandResult, NodeAnswer, Runner, Terminal, TransferProgress } from "../types";

/** How long a node that failed is asked only after the others. */
const COOL_DOWN_MS = 30_000;
/** How long a program may still run whose connection has broken; it looks for that itself (python/link.py). */
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
  /** The connection that is used, or the attempt to get one; everyone who comes meanwhile shares it. */
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

  /** Over the kept connection where that goes there, and else over one that is closed again: such questions are rare. */
  async #runOn(host: HostAddress, command: Command): Promise<{ result: CommandResult; between: [number, number] }> {
    const timed = async (connection: Connection): Promise<{ result: CommandResult; between: [number, number] }> => {
      const from = Date.now(); // the login is over by then
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

  /** Goes to the next node only when nothing was sent, or when sending it twice changes nothing. */
  async #onSomeNode<T>(use: (connection: Connection) => Promise<T>, repeatable: boolean): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#connect();
      try {
        return await use(connection);
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        this.#retire(connection);
        // Each node once, and the first a second time: the kept connection may have been merely old.
        const sentOnce = !(error.beforeSend || repeatable);
        // Whoever undoes what was cut off must not be overtaken by it.
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
        // close() may have come while it was being made.
        if (this.#closed) connection.close("it was closed");
        else this.#open.add((this.#connection = connection));
      },
      () => {
        if (this.#current === attempt) this.#current = undefined;
      },
    );
    return attempt;
  }

  /** @throws HostKeyError at once: to go on with another node would hide an attack, or a node that was replaced. */
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

  /** As in the settings, but who failed lately comes last, the latest failure at the very end. */
  #inOrder(): HostAddress[] {
    const now = Date.now();
    const failed = (host: HostAddress) => {
      const at = this.#failedAt.get(host);
      return at !== undefined && now - at < COOL_DOWN_MS ? at : 0;
    };
    return [...this.#settings.hosts].sort((a, b) => failed(a) - failed(b));
  }

  /** No new work for it. What still runs over it may end; once nobody uses it, it does not keep the program alive. */
  #retire(connection: Connection): void {
    if (this.#connection !== connection) return;
    const host = this.#settings.hosts.find(({ address }) => address === connection.node);
    if (host) this.#failedAt.set(host, Date.now());
    this.#connection = undefined;
    this.#current = undefined;
    if (!connection.alive) this.#open.delete(connection);
    connection.retire();
  }

  /** @param refused one of them answers: then the cluster is not merely out of reach, and its hint is what helps */
  #nobody(cause: string, refused?: LoginRefused): ConnectionError {
    const nodes = this.#settings.hosts.map(({ address }) => address).join(", ");
    return new (refused ? LoginRefused : ConnectionError)(nodes, `Unable to reach any of ${nodes}: ${cause}`, {
      beforeSend: true,
      hint: refused?.hint ?? "Check seapath:hosts, and that one of these nodes is up and lets this user in.",
    });
  }
}
