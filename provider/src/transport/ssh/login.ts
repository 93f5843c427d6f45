import { setTimeout as sleep } from "node:timers/promises";
import { fetchCertificate, HungUp, NotUnderstood } from "../trust/certfetch";
import { ConnectionError, LoginRefused } from "../errors";
import { connectError, shakeHands, TurnedAway, type Hop } from "./handshake";
import { trustIn } from "../trust/hostkey";
import type { HostAddress } from "../settings/hosts";
import { Link } from "./link";
import type { ConnectionSettings } from "../settings/settings";
import { needsSudo } from "./sudo";
import { dial, through, type Wire } from "./wire";

/** How often sshd may hang up before its banner. With MaxStartups in effect, this happens now and then. */
const TURNS = 8;
/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED */
const FORBIDDEN = 1;

/**
 * Logs in to one host, through its jump hosts if it has any.
 * @throws HostKeyError if the key of any of them is not the known one
 * @throws ConnectionError if one refuses, or takes longer than the settings allow
 */
export async function logIn(host: HostAddress, settings: ConnectionSettings): Promise<Link> {
  const hops: Hop[] = [];
  for (const to of [...(host.jumps ?? []), host]) {
    try {
      hops.push(await hop(to, hops.at(-1), settings));
    } catch (error) {
      hops.at(-1)?.wire.destroy();
      if (to === host || !(error instanceof ConnectionError)) throw error;
      const { message, hint, beforeSend } = error;
      throw new (error instanceof LoginRefused ? LoginRefused : ConnectionError)(
        host.address,
        `${message}, on the way to ${host.address}`,
        {
          beforeSend,
          ...(hint !== undefined && { hint }),
        },
      );
    }
  }
  const last = hops.at(-1)!;
  const link = new Link(host.address, last.client, last.wire, needsSudo(host, settings));
  for (const each of hops) {
    each.whenEnded((cause) => link.die(each === last ? cause : `the jump host ${each.host.address}: ${cause}`));
  }
  return link;
}

/** Each host gets the full timeout. */
async function hop(to: HostAddress, via: Hop | undefined, settings: ConnectionSettings): Promise<Hop> {
  const deadline = Date.now() + settings.connectTimeoutMs;
  for (let turn = 1; ; turn++) {
    try {
      const reach = () => (via === undefined ? Promise.resolve(dial(to)) : throughInTime(via, to, settings));
      const trust = await trustIn(to, settings, async () => certificateOver(await reach(), to, deadline));
      return await shakeHands(await reach(), to, trust, settings, deadline - Date.now());
    } catch (error) {
      if (!(error instanceof TurnedAway)) throw error;
      // Others were turned away at the same moment. A random pause keeps them from all coming back at once.
      const pause = Math.min(100 * 2 ** turn, 2_000) * (0.5 + Math.random());
      if (turn >= TURNS || Date.now() + pause > deadline) {
        throw connectError(to, `${error.message}, ${turn} times, before it said who it is (MaxStartups of its sshd?)`);
      }
      await sleep(pause);
    }
  }
}

async function certificateOver(wire: Wire, to: HostAddress, deadline: number): Promise<Buffer | undefined> {
  try {
    return await fetchCertificate(wire, deadline - Date.now());
  } catch (error) {
    const { message } = error as Error;
    throw error instanceof HungUp
      ? new TurnedAway(message)
      : connectError(to, message, { refused: error instanceof NotUnderstood });
  }
}

/** The jump host waits for the next host as long as its kernel does, which is minutes. */
async function throughInTime(via: Hop, to: HostAddress, settings: ConnectionSettings): Promise<Wire> {
  const late = new AbortController();
  const tooLate = sleep(settings.connectTimeoutMs, undefined, { signal: late.signal }).then(() => {
    throw new Error(`no answer within ${settings.connectTimeoutMs / 1000} s`);
  });
  tooLate.catch(() => {});
  const ended = new Promise<never>((_resolve, reject) => via.whenEnded((cause) => reject(new Error(cause))));
  ended.catch(() => {});
  try {
    return await Promise.race([through(via, to), tooLate, ended]);
  } catch (error) {
    // For a forbidden connection sshd only says "open failed", but gives the reason as a number.
    const refused = (error as { reason?: number }).reason === FORBIDDEN;
    const why = refused ? "administratively prohibited" : (error as Error).message;
    throw connectError(to, `the jump host ${via.host.address} cannot reach it: ${why}`, { refused });
  } finally {
    late.abort();
  }
}
