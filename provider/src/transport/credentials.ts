import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { utils } from "ssh2";
import { SettingsError } from "./errors";
import { Secret } from "./secret";

/** What the user proves to be allowed with: a key, an agent, a password, or several of them. */
export interface Credentials {
  /** A private key in PEM or OpenSSH's format. */
  privateKey?: Secret;
  /** What decrypts the private key. */
  passphrase?: Secret;
  /** The socket of an ssh-agent. */
  agent?: string;
  /** For the nodes, and never told to a jump host. `seapath:password`, SEAPATH_PASSWORD */
  password?: Secret;
}

/** Where {@link loadCredentials} may look. */
export interface CredentialSources {
  privateKey?: string;
  privateKeyFile?: string;
  passphrase?: string;
  agent?: string;
  /** SSH_AUTH_SOCK: used when nobody named a key. */
  ambientAgent?: string;
  /** There is another way to log in, so a key or an agent may be missing. */
  optional?: boolean;
  home: string;
}

const DEFAULT_KEYS = ["id_ed25519", "id_ecdsa", "id_rsa"];

/** Reads and checks the key now, so that a wrong one is told as a wrong setting and not as a refused login. */
export function loadCredentials(from: CredentialSources): Credentials {
  const passphrase = from.passphrase === undefined ? undefined : new Secret(from.passphrase);
  const key = explicitKey(from) ?? (from.agent === undefined ? defaultKey(from) : undefined);
  const agent = from.agent ?? (key === undefined || key.ambient ? from.ambientAgent : undefined);
  if (key === undefined && agent === undefined && !from.optional) {
    throw new SettingsError(
      "privateKeyFile",
      "is not set, there is no key in ~/.ssh and no agent",
      "Set seapath:privateKeyFile (or SEAPATH_PRIVATE_KEY_FILE), or start an ssh-agent that holds the key; " +
        "docs/connecting.md has the other ways.",
    );
  }
  return {
    ...(key && { privateKey: new Secret(key.text) }),
    ...(key && passphrase && { passphrase }),
    ...(agent !== undefined && { agent }),
  };
}

interface FoundKey {
  text: string;
  /** Nobody asked for it; it was merely there. */
  ambient: boolean;
}

function explicitKey(from: CredentialSources): FoundKey | undefined {
  if (from.privateKey !== undefined) {
    // A secret put into a shell variable or a YAML line often loses its last line break, which PEM needs.
    const text = `${from.privateKey.trim()}\n`;
    checkKey("privateKey", text, from.passphrase);
    return { text, ambient: false };
  }
  if (from.privateKeyFile === undefined) return undefined;
  const path = expandHome(from.privateKeyFile, from.home);
  const text = readSetting("privateKeyFile", path);
  checkKey("privateKeyFile", text, from.passphrase, ` (${path})`);
  return { text, ambient: false };
}

/** As ssh does, but only the first: the others would each cost one of the node's few tries. */
function defaultKey(from: CredentialSources): FoundKey | undefined {
  const path = DEFAULT_KEYS.map((name) => join(from.home, ".ssh", name)).find((candidate) => existsSync(candidate));
  if (path === undefined) return undefined;
  try {
    const text = readSetting("privateKeyFile", path);
    checkKey("privateKeyFile", text, from.passphrase, ` (${path})`);
    return { text, ambient: true };
  } catch (error) {
    // With an agent at hand the encrypted key on disk is most likely the one that the agent holds.
    if (from.ambientAgent !== undefined || from.optional) return undefined;
    throw error;
  }
}

function checkKey(setting: string, text: string, passphrase: string | undefined, where = ""): void {
  const parsed = utils.parseKey(text, passphrase);
  if (parsed instanceof Error) {
    // The parser's messages say what is wrong with the format; none of them quotes the key.
    const hint = /passphrase|encrypted/i.test(parsed.message)
      ? "Set seapath:passphrase (--secret) or SEAPATH_PASSPHRASE, or use an ssh-agent."
      : "It must be a private key as ssh-keygen writes it, not the .pub file.";
    throw new SettingsError(setting, `${where ? `${where.trim()} ` : ""}cannot be used: ${parsed.message}`, hint);
  }
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!key?.isPrivateKey()) throw new SettingsError(setting, "holds a public key, not a private one");
}

/**
 * The keys of the files that ~/.ssh/config names. As with ssh, one that is not there is passed over, and so is one that
 * only the agent can open.
 */
export function loadIdentities(paths: readonly string[], passphrase: string | undefined, hasAgent: boolean): Secret[] {
  return paths
    .filter((path) => existsSync(path))
    .flatMap((path) => {
      const text = readSetting("sshConfigFile", path);
      try {
        checkKey("sshConfigFile", text, passphrase, ` (IdentityFile ${path})`);
      } catch (error) {
        if (hasAgent) return [];
        throw error;
      }
      return [new Secret(text)];
    });
}

/** Reads a file that a setting names. */
export function readSetting(setting: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new SettingsError(setting, `cannot be read: ${(error as Error).message}`);
  }
}

/** Turns a leading "~/" into the home folder, as a shell would have. */
export function expandHome(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}
