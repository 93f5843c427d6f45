import { isIPv6 } from "node:net";
import { SettingsError } from "../errors";
import type { Identity } from "./identity";

/** A host as written. */
export interface HostSpec {
  /** As written; errors and results call the node by this. @example "node1", "admin@10.0.0.1:2222" */
  address: string;
  host: string;
  port?: number;
  user?: string;
}

/** A host with everything needed to log in to it. */
export interface HostAddress extends HostSpec {
  port: number;
  user: string;
  /** The hosts it is reached through, in order. */
  jumps?: readonly HostAddress[];
  /** Only a hop on the way to a node. */
  isJump?: true;
  /** The keys that ~/.ssh/config names for it, if the settings name none. Empty: it rules out all keys. */
  identities?: readonly Identity[];
  /** Offer only those of the agent's keys that a setting or file names. */
  identitiesOnly?: true;
  /** The agent that ~/.ssh/config names for it, null for none. */
  agent?: string | null;
  /** The known_hosts files that ~/.ssh/config names for it, if the settings name none. */
  knownHostsFiles?: readonly { path: string; optional: boolean }[];
  /** Its name in known_hosts. */
  hostKeyAlias?: string;
  /** Options for it in ~/.ssh/config that we ignore, for messages. */
  unheard?: readonly string[];
}

// These names end up in ssh commands that hints tell users to paste. So they contain nothing with a special meaning to
// a shell or ssh: no leading "-", no white space, no metacharacters.
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?$/;
const USER_NAME = /^[A-Za-z_][A-Za-z0-9._-]*\$?$/;

/**
 * Reads a list of hosts: a JSON array, or addresses separated by commas or white space.
 *
 * @param key the setting it comes from
 * @example parseHosts("hosts", "node1, admin@node2:2222 [fd00::3]:22")
 */
export function parseHosts(key: string, text: string): HostSpec[] {
  return splitList(key, text).map((address) => parseHost(key, address));
}

/** Reads a list: a JSON array, or words separated by commas or white space. */
export function splitList(key: string, text: string): string[] {
  // "[::1]:22" starts with a bracket too; in a JSON array, a quote or the closing bracket follows.
  if (!/^\s*\[\s*["\]]/.test(text)) return text.split(/[\s,]+/).filter((part) => part !== "");
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new SettingsError(key, `is not a JSON array: ${(error as Error).message}`);
  }
  if (!Array.isArray(list) || !list.every((item): item is string => typeof item === "string")) {
    throw new SettingsError(key, "must be an array of strings");
  }
  return list.map((item) => item.trim());
}

function parseHost(key: string, address: string): HostSpec {
  const at = address.lastIndexOf("@");
  const user = at < 0 ? undefined : checkUser(key, address.slice(0, at));
  const rest = address.slice(at + 1);
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(rest);
  const plain = bracketed ?? (isIPv6(rest) ? [rest, rest, undefined] : /^([^:]*)(?::(.*))?$/.exec(rest));
  const host = plain?.[1] ?? "";
  if (!plain || !(bracketed ? isIPv6(host) : isHostName(host))) {
    throw new SettingsError(key, `has ${JSON.stringify(address)}, which is not host, host:port or user@host:port`);
  }
  const port = plain[2] === undefined ? undefined : parsePort(key, plain[2]);
  return { address, host, ...(port !== undefined && { port }), ...(user !== undefined && { user }) };
}

/** Whether it is a plain name or address. */
export function isHostName(host: string): boolean {
  return isIPv6(host) || HOST_NAME.test(host);
}

/** Reads a TCP port. The error names the wrong setting. */
export function parsePort(key: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535)
    throw new SettingsError(key, `has the port ${JSON.stringify(text)}, not one of 1 to 65535`);
  return port;
}

/** Rejects an invalid user name. The error names the wrong setting. */
export function checkUser(key: string, user: string): string {
  if (!USER_NAME.test(user)) throw new SettingsError(key, `has ${JSON.stringify(user)}, which is not a user's name`);
  return user;
}
