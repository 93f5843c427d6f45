import { connect, type Socket } from "node:net";
import { Client } from "ssh2";
import { ConnectionError, type HostKeyError } from "./errors";
import { checkHostKey, loadKnownHosts } from "./hostkey";
import type { HostAddress } from "./hosts";
import type { ConnectionSettings } from "./settings";

const KEEPALIVE_MS = 5_000;
const KEEPALIVE_MISSES = 3;

/**
 * One SSH connection that is logged in: whether it lives, and that it does not keep an idle program from ending.
 *
 * The keepalive is made here and not with ssh2's `keepaliveInterval`, whose timer would keep every program alive that
 * ever connected.
 */
export class Link {
  readonly node: string;
  readonly client: Client;
  readonly #socket: Socket;
  readonly #watchers = new Set<(cause: string) => void>();
  readonly #keepalive: NodeJS.Timeout;
  #deathCause: string | undefined;
  #users = 0;
  #bytesSeen = 0;
  #heardAt = Date.now();
  #asked = false;
  #misses = 0;

  private constructor(node: string, client: Client, socket: Socket) {
    this.node = node;
    this.client = client;
    this.#socket = socket;
    this.#keepalive = setInterval(() => this.#checkAlive(), KEEPALIVE_MS).unref();
    socket.unref();
  }

  /**
   * Logs in to one host.
   * @throws HostKeyError when its key is not the known one
   * @throws ConnectionError when it refuses, or takes longer than the settings allow
   */
  static open(host: HostAddress, settings: ConnectionSettings): Promise<Link> {
    const known = loadKnownHosts(settings);
    return new Promise((resolve, reject) => {
      const client = new Client();
      // A socket of our own: it can be unref'd, and destroyed at any point of the handshake.
      const socket = connect({ host: host.host, port: host.port, noDelay: true });
      let link: Link | undefined;
      let badKey: HostKeyError | undefined;
      let agentTrouble = "";

      const fail = (cause: string) => {
        if (link) return link.die(cause);
        clearTimeout(deadline);
        socket.destroy();
        reject(badKey ?? connectError(host, cause + agentTrouble));
      };
      const deadline = setTimeout(
        () => fail(`no login within ${settings.connectTimeoutMs / 1000} s`),
        settings.connectTimeoutMs,
      );
      socket.on("error", (error) => fail(error.message));
      client.on("error", (error) => {
        // ssh2 goes on with the next way to log in after an agent failed, so this alone ends nothing.
        if (error.level === "agent") agentTrouble = ` (the agent: ${error.message})`;
        else fail(error.message);
      });
      client.on("close", () => fail("the node closed the connection"));
      client.on("ready", () => {
        clearTimeout(deadline);
        link = new Link(host.address, client, socket);
        resolve(link);
      });
      try {
        client.connect({
          sock: socket,
          username: host.user,
          ...(settings.privateKey && { privateKey: settings.privateKey.reveal() }),
          ...(settings.passphrase && { passphrase: settings.passphrase.reveal() }),
          ...(settings.agent !== undefined && { agent: settings.agent }),
          algorithms: { serverHostKey: known.algorithmsFor(host.host, host.port) as never },
          hostVerifier: (key: Buffer) => {
            badKey = checkHostKey(known, host, key);
            return badKey === undefined;
          },
          readyTimeout: 0, // the deadline above also covers the way to the handshake
          keepaliveInterval: 0,
        });
      } catch (error) {
        fail((error as Error).message);
      }
    });
  }

  /** Why the link is gone, or undefined while it lives. */
  get deathCause(): string | undefined {
    return this.#deathCause;
  }

  /** Calls back once when the link dies, at once if it is dead. The answer ends that. */
  watch(onDeath: (cause: string) => void): () => void {
    if (this.#deathCause === undefined) this.#watchers.add(onDeath);
    else onDeath(this.#deathCause);
    return () => this.#watchers.delete(onDeath);
  }

  /** While someone holds the link, the program stays alive for it. The answer lets go. */
  hold(): () => void {
    if (this.#users++ === 0) this.#socket.ref();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#users === 0) this.#socket.unref();
    };
  }

  /** How long ago the node was heard of, at most. */
  get quietMs(): number {
    return Date.now() - this.#heardAt;
  }

  /** Asks for an answer that changes nothing. False if none comes in time. */
  ping(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      const done = (alive: boolean) => (clearTimeout(timer), resolve(alive));
      if (!this.#ask(() => done(this.#deathCause === undefined))) done(false);
    });
  }

  /** Ends the link; whoever watches hears the cause. */
  die(cause: string): void {
    if (this.#deathCause !== undefined) return;
    this.#deathCause = cause;
    clearInterval(this.#keepalive);
    this.#socket.destroy();
    for (const watcher of [...this.#watchers]) watcher(cause);
    this.#watchers.clear();
  }

  #checkAlive(): void {
    // Any byte is a sign of life: behind a long upload the answer itself may take its time.
    const heard = this.#socket.bytesRead !== this.#bytesSeen;
    this.#bytesSeen = this.#socket.bytesRead;
    if (heard) this.#heardAt = Date.now();
    this.#misses = heard || !this.#asked ? 0 : this.#misses + 1;
    if (this.#misses >= KEEPALIVE_MISSES) {
      return this.die(`the node has not answered for ${(KEEPALIVE_MISSES * KEEPALIVE_MS) / 1000} s`);
    }
    this.#asked = this.#ask(() => {});
  }

  /** To take back a forwarding that was never asked for is answered with a plain "no" by every server. */
  #ask(onAnswer: () => void): boolean {
    try {
      this.client.unforwardIn("127.0.0.1", 1, () => {
        this.#heardAt = Date.now();
        onAnswer();
      });
      return true;
    } catch {
      return false; // the socket is closed, and its "close" is on the way
    }
  }
}

function connectError(host: HostAddress, cause: string): ConnectionError {
  const login = /authentication/i.test(cause);
  return new ConnectionError(host.address, `Unable to log in to ${host.address} as ${host.user}: ${cause}`, {
    beforeSend: true,
    hint: login
      ? `Is the key (seapath:privateKey, seapath:privateKeyFile or the agent) in ~${host.user}/.ssh/authorized_keys there?`
      : `Is the node up? Try \`ssh -p ${host.port} ${host.user}@${host.host} true\`.`,
  });
}
