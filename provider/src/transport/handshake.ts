import { Client } from "ssh2";
import { Authentication } from "./auth";
import { ConnectionError, type HostKeyError } from "./errors";
import type { Trust } from "./hostkey";
import type { HostAddress } from "./hosts";
import type { ConnectionSettings } from "./settings";
import type { Wire } from "./wire";

/** The server hung up before it said who it is: with sshd that is MaxStartups, and nothing was asked of it yet. */
export class TurnedAway extends Error {}

/** A host that is logged in to. */
export interface Hop {
  host: HostAddress;
  client: Client;
  wire: Wire;
  /** Calls back once when it ends, at once if it has. */
  whenEnded(listener: (cause: string) => void): void;
}

/**
 * Logs in to one host over a wire.
 * @throws HostKeyError, ConnectionError, TurnedAway
 */
export function shakeHands(
  wire: Wire,
  host: HostAddress,
  trust: Trust,
  settings: ConnectionSettings,
  timeoutMs: number,
): Promise<Hop> {
  const authentication = new Authentication(host, settings);
  return new Promise((resolve, reject) => {
    const client = new Client();
    let state: "open" | "ready" | "ended" = "open";
    let ended: string | undefined;
    let onEnd: ((cause: string) => void) | undefined;
    let badKey: HostKeyError | undefined;
    let greeted = false;

    const fail = (cause: string) => {
      const before = state;
      state = "ended";
      if (before === "ended") return;
      if (before === "ready") return onEnd ? onEnd(cause) : void (ended = cause);
      clearTimeout(deadline);
      wire.destroy();
      reject(badKey ?? connectError(host, cause, authentication));
    };
    const deadline = setTimeout(() => fail(`no login within ${settings.connectTimeoutMs / 1000} s`), timeoutMs);
    const hungUp = (cause: string) => {
      if (greeted || state !== "open") return fail(cause);
      state = "ended";
      clearTimeout(deadline);
      reject(new TurnedAway(cause));
    };
    wire.stream.on("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" ? hungUp : fail)(error.message));
    client.on("error", (error) => {
      // ssh2 goes on with the next way to log in after an agent failed, so this alone ends nothing.
      if (error.level === "agent") authentication.troubles.push(`the agent ${settings.agent}: ${error.message}`);
      else if (error.message.startsWith("Connection lost before handshake")) hungUp(error.message);
      else fail(error.message);
    });
    client.on("close", () => hungUp("the node closed the connection"));
    client.on("change password", () => fail("the node wants a new password, the old one has expired"));
    client.on("ready", () => {
      clearTimeout(deadline);
      state = "ready";
      resolve({
        host,
        client,
        wire,
        whenEnded: (listener) => (ended === undefined ? (onEnd = listener) : listener(ended)),
      });
    });
    try {
      client.connect({
        sock: wire.stream,
        username: host.user,
        authHandler: authentication.handler,
        algorithms: { serverHostKey: trust.algorithms as never },
        hostVerifier: (key: Buffer) => {
          badKey = trust.check(key);
          return badKey === undefined;
        },
        readyTimeout: 0, // the deadline above also covers the way to the handshake
        keepaliveInterval: 0,
      });
      wire.stream.on("data", (chunk: Buffer) => (greeted ||= /^SSH-/m.test(chunk.toString("latin1"))));
      wire.stream.resume();
    } catch (error) {
      fail((error as Error).message);
    }
  });
}

/** @param authentication what was tried, when it came so far */
export function connectError(host: HostAddress, cause: string, authentication?: Authentication): ConnectionError {
  const refused = authentication !== undefined && /authentication methods failed/i.test(cause);
  const why = refused ? `the login was refused: ${authentication.toString()}` : cause + troublesOf(authentication);
  const role = host.isJump ? "the jump host " : "";
  return new ConnectionError(host.address, `Unable to log in to ${role}${host.address} as ${host.user}: ${why}`, {
    beforeSend: true,
    hint: hintFor(host, refused, cause),
  });
}

function troublesOf(authentication: Authentication | undefined): string {
  return (authentication?.troubles ?? []).map((each) => ` (${each})`).join("");
}

function hintFor(host: HostAddress, refused: boolean, cause: string): string {
  if (refused) {
    return (
      `Is the key (seapath:privateKey, seapath:privateKeyFile or the agent) in ~${host.user}/.ssh/authorized_keys there` +
      (host.isJump ? "?" : ", or seapath:password the right one?")
    );
  }
  if (cause.includes("administratively prohibited")) return "Does sshd on the jump host have AllowTcpForwarding?";
  const jumps = (host.jumps ?? []).map(({ user, host: name, port }) => `${user}@${name}:${port}`).join(",");
  return `Is the node up? Try \`ssh ${jumps && `-J ${jumps} `}-p ${host.port} ${host.user}@${host.host} true\`.`;
}
