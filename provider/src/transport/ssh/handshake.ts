import { Client } from "ssh2";
import { ALGORITHMS } from "./algorithms";
import { Authentication } from "./auth";
import { ConnectionError, LoginRefused, type HostKeyError } from "../errors";
import type { Trust } from "../trust/hostkey";
import type { HostAddress } from "../settings/hosts";
import type { ConnectionSettings } from "../settings/settings";
import type { Wire } from "./wire";

/** The server hung up before its banner: with sshd that means MaxStartups. Nothing has been sent yet. */
export class TurnedAway extends Error {}

/** A host that we are logged in to. */
export interface Hop {
  host: HostAddress;
  client: Client;
  wire: Wire;
  /** Calls back once when it ends, or immediately if it already has. */
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
  return new Promise((resolve, reject) => {
    const client = new Client();
    let state: "open" | "ready" | "ended" = "open";
    let ended: string | undefined;
    let onEnd: ((cause: string) => void) | undefined;
    let badKey: HostKeyError | undefined;
    let greeted = false;
    const authentication = new Authentication(host, settings, (cause) => fail(cause, true));

    const fail = (cause: string, refused = false) => {
      const before = state;
      state = "ended";
      if (before === "ended") return;
      if (before === "ready") return onEnd ? onEnd(cause) : void (ended = cause);
      clearTimeout(deadline);
      wire.destroy();
      reject(badKey ?? connectError(host, cause, { authentication, refused }));
      authentication.close();
    };
    // The agent runs on this side, so its silence says nothing about the node.
    const deadline = setTimeout(
      () => fail(`no login within ${settings.connectTimeoutMs / 1000} s`, authentication.waitsForAgent),
      timeoutMs,
    );
    const hungUp = (cause: string) => {
      if (greeted || state !== "open") return fail(cause, authentication.turnedDown > 0);
      state = "ended";
      clearTimeout(deadline);
      reject(new TurnedAway(cause));
    };
    wire.stream.on("error", (error: NodeJS.ErrnoException) =>
      (error.code === "ECONNRESET" ? hungUp : fail)(error.message),
    );
    client.on("error", (error) => {
      // ssh2 tries the next login method after an agent failure, so this error alone ends nothing.
      if (error.level === "agent") authentication.agentFailed(error.message);
      else if (error.message.startsWith("Connection lost before handshake")) hungUp(error.message);
      else fail(error.message, error.level !== "client-socket"); // from the host itself: a refusal, or a protocol error
    });
    client.on("close", () => hungUp("the node closed the connection"));
    client.on("change password", () => fail("the node wants a new password, the old one has expired", true));
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
        algorithms: { ...ALGORITHMS, serverHostKey: trust.algorithms } as never,
        hostVerifier: (key: Buffer) => {
          badKey = trust.check(key);
          return badKey === undefined;
        },
        readyTimeout: 0, // the deadline above also covers the time before the handshake
        keepaliveInterval: 0,
      });
      // ssh2 paused the stream and resumes it once it listens. In a fresh process that is a moment after the connection
      // is up. Resuming here would lose the server's first bytes.
      wire.stream.on("data", (chunk: Buffer) => (greeted ||= /^SSH-/m.test(chunk.toString("latin1"))));
    } catch (error) {
      fail((error as Error).message, true);
    }
  });
}

/**
 * @param authentication the login attempts, if it got that far
 * @param refused the host answers but does not let us in
 */
export function connectError(
  host: HostAddress,
  cause: string,
  { authentication, refused: answered = false }: { authentication?: Authentication; refused?: boolean } = {},
): ConnectionError {
  const refusal = authentication && refusalOf(cause, answered, authentication);
  const why = refusal === undefined ? cause + troublesOf(authentication) : refusal.why;
  const role = host.isJump ? "the jump host " : "";
  return new (refusal || answered ? LoginRefused : ConnectionError)(
    host.address,
    `Unable to log in to ${role}${host.address} as ${host.user}: ${why}`,
    {
      beforeSend: true,
      hint: hintFor(host, refusal?.kind, cause) + unheardBy(host),
    },
  );
}

type Refusal = "methods" | "too many" | "agent";

/** Whether the login failed because the node refused it or because the agent did not answer; otherwise undefined. */
function refusalOf(
  cause: string,
  answered: boolean,
  authentication: Authentication,
): { kind: Refusal; why: string } | undefined {
  if (/authentication methods failed/i.test(cause))
    return { kind: "methods", why: `the login was refused: ${authentication.toString()}` };
  if (answered && authentication.waitsForAgent) return { kind: "agent", why: cause + troublesOf(authentication) };
  // sshd says so; other servers just hang up after too many attempts.
  const said = /too many authentication failures/i.test(cause);
  if (!said && !(authentication.turnedDown > 0 && /closed the connection|ECONNRESET/.test(cause))) return undefined;
  const end = said ? `the node ended it ("Too many authentication failures")` : cause;
  const tried = `${authentication.tried}${troublesOf(authentication)}`;
  if (authentication.offers < 2) return { kind: "methods", why: `the login was refused: ${end}; ${tried}` };
  return { kind: "too many", why: `the login was refused: too many keys were offered, and ${end}; ${tried}` };
}

function troublesOf(authentication: Authentication | undefined): string {
  return (authentication?.troubles ?? []).map((each) => ` (${each})`).join("");
}

const unheardBy = ({ unheard = [] }: HostAddress): string =>
  unheard.length === 0
    ? ""
    : ` ~/.ssh/config has ${unheard.join(", ")} for it, which is not heeded here (docs/connecting.md).`;

function hintFor(host: HostAddress, refusal: Refusal | undefined, cause: string): string {
  if (refusal === "too many") {
    return (
      `Name the key: set seapath:privateKeyFile and not seapath:agent, where the .pub will do if the session's agent has the key; or give ${host.isJump ? "the jump host" : "the node"} an ` +
      "IdentityFile and `IdentitiesOnly yes` in ~/.ssh/config."
    );
  }
  if (refusal === "agent")
    return "Does `ssh-add -l` answer? Start the agent anew, or set seapath:privateKeyFile to a private key.";
  if (refusal === "methods") {
    return (
      `Is the key (seapath:privateKey, seapath:privateKeyFile or the agent) in ~${host.user}/.ssh/authorized_keys there` +
      (host.isJump ? "?" : ", or seapath:password the right one?")
    );
  }
  if (cause.includes("administratively prohibited")) return "Does sshd on the jump host have AllowTcpForwarding?";
  const jumps = (host.jumps ?? []).map(({ user, host: name, port }) => `${user}@${name}:${port}`).join(",");
  return `Is the node up? Try \`ssh ${jumps && `-J ${jumps} `}-p ${host.port} ${host.user}@${host.host} true\`.`;
}
