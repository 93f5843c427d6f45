import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SettingsError } from "../errors";
import type { HostAddress } from "./hosts";
import { defaultIdentities, loadIdentity, type Identity } from "./identity";
import { holdsPrivateKey, readKeyText } from "./keytext";
import { Secret } from "./secret";

/** What the user logs in with: a key, an agent, a password, or several of them. */
export interface Credentials {
  /** The key that a setting names, or else the keys in ~/.ssh. */
  identities: readonly Identity[];
  /** A setting names the key: then the session's agent is used for that key only. */
  keyNamed: boolean;
  /** Decrypts a private key. */
  passphrase?: Secret;
  /** The socket of an ssh-agent, null for none. `seapath:agent`, SEAPATH_AGENT */
  agent?: string | null;
  /** SSH_AUTH_SOCK */
  ambientAgent?: string;
  /** For the nodes, never sent to a jump host. `seapath:password`, SEAPATH_PASSWORD */
  password?: Secret;
}

/** The sources for {@link loadCredentials}. */
export interface CredentialSources {
  privateKey: string | undefined;
  privateKeyFile: string | undefined;
  passphrase: string | undefined;
  agent: string | undefined;
  ambientAgent: string | undefined;
  password: string | undefined;
  home: string;
  /** Where relative paths start. */
  folder: string;
}

/** Reads and checks the key now, so that a bad key shows up as a wrong setting and not as a refused login. */
export function loadCredentials(from: CredentialSources): Credentials {
  const named = namedIdentity(from);
  const { passphrase, agent, ambientAgent, password } = from;
  return {
    identities: named === undefined ? defaultIdentities(from.home, passphrase) : [named],
    keyNamed: named !== undefined,
    ...(passphrase !== undefined && { passphrase: new Secret(passphrase) }),
    ...(agent !== undefined && { agent: agent.toLowerCase() === "none" ? null : expandHome(agent, from.home) }),
    ...(ambientAgent !== undefined && { ambientAgent }),
    ...(password !== undefined && { password: new Secret(password) }),
  };
}

function namedIdentity({
  privateKey,
  privateKeyFile,
  passphrase,
  home,
  folder,
}: CredentialSources): Identity | undefined {
  if (privateKey !== undefined) {
    const read = readKeyText(privateKey, passphrase);
    if (read.kind === "private")
      return { name: "seapath:privateKey", publicKey: read.publicKey, privateKey: new Secret(read.text) };
    if (isPath(privateKey.trim()))
      throw new SettingsError(
        "privateKey",
        "is a path, not a key",
        "Set seapath:privateKeyFile (SEAPATH_PRIVATE_KEY_FILE) to it.",
      );
    throw new SettingsError("privateKey", read.problem, read.hint);
  }
  if (privateKeyFile === undefined) return undefined;
  // The system's own message would quote the key.
  if (holdsPrivateKey(privateKeyFile)) {
    throw new SettingsError(
      "privateKeyFile",
      "holds the key itself, not the path of its file",
      "Set seapath:privateKey (--secret) or SEAPATH_PRIVATE_KEY to it.",
    );
  }
  const path = resolve(folder, expandHome(privateKeyFile, home));
  const identity = loadIdentity(path, path, passphrase);
  // Without a public part, an agent cannot be asked for the key either.
  if (identity.publicKey === undefined)
    throw new SettingsError("privateKeyFile", `(${path}) ${identity.problem}`, identity.hint);
  return identity;
}

const isPath = (text: string): boolean => text.length < 1024 && /^(?:~|\.{1,2})?\/[^\n]*$/.test(text);

/** The keys and the agent for logging in to one host. */
export interface WaysIn {
  identities: readonly Identity[];
  agent?: string;
  /** Offer the agent's other keys as well. */
  others: boolean;
}

/** The settings override ~/.ssh/config, which overrides what is found in the environment. */
export function waysIn(host: HostAddress, settings: Credentials): WaysIn {
  const identities = host.identities ?? settings.identities;
  const set = settings.agent !== undefined ? settings.agent : host.agent;
  const agent = set === undefined ? settings.ambientAgent : (set ?? undefined);
  const others =
    agent !== undefined && host.identitiesOnly !== true && (settings.agent !== undefined || !settings.keyNamed);
  const wanted =
    others || identities.some(({ privateKey, publicKey }) => privateKey === undefined && publicKey !== undefined);
  return { identities, others, ...(agent !== undefined && wanted && { agent }) };
}

/** @throws SettingsError if there is no way to log in to a node */
export function checkWaysIn(host: HostAddress, settings: Credentials): void {
  const { identities, agent } = waysIn(host, settings);
  if (
    settings.password !== undefined ||
    agent !== undefined ||
    identities.some(({ privateKey }) => privateKey !== undefined)
  )
    return;
  const setting = host.identities === undefined ? "privateKeyFile" : "sshConfigFile";
  const [first] = identities;
  if (first === undefined) throw noKey(host, setting);
  const lacks = first.publicKey === undefined ? "" : ", and there is no agent that could have it";
  const all = identities.map(({ name, problem }) => `${name} ${problem}`).join("; ");
  if (host.identities === undefined)
    throw new SettingsError(setting, `(${first.name}) ${first.problem}${lacks}`, first.hint);
  throw new SettingsError(setting, `has no key for ${host.address} that can be used: ${all}${lacks}`, first.hint);
}

function noKey(host: HostAddress, setting: string): SettingsError {
  if (host.identitiesOnly === true) {
    return new SettingsError(
      setting,
      `names no key, and IdentitiesOnly of ~/.ssh/config keeps those of the agent from being offered to ${host.address}`,
      "Name it: IdentityFile there, or seapath:privateKeyFile; the .pub will do where the agent has the key.",
    );
  }
  if (setting === "sshConfigFile") {
    return new SettingsError(
      setting,
      `has IdentityFile none for ${host.address}, and there is no agent`,
      "Start an ssh-agent that holds the key, or set seapath:privateKeyFile.",
    );
  }
  return new SettingsError(
    setting,
    "is not set, there is no key in ~/.ssh and no agent",
    "Set seapath:privateKeyFile (or SEAPATH_PRIVATE_KEY_FILE), or start an ssh-agent that holds the key; " +
      "docs/connecting.md has the other ways.",
  );
}

/** Reads a file that a setting names. */
export function readSetting(setting: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new SettingsError(setting, `cannot be read: ${(error as Error).message}`);
  }
}

/** Expands a leading "~/" to the home folder, as a shell would. */
export function expandHome(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}
