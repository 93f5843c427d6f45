import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readKeyText } from "./keytext";
import { Secret } from "./secret";

/** A key to log in with. */
export interface Identity {
  /** Its name in messages: where it comes from. */
  name: string;
  /** In wire format, to find the key in an agent. */
  publicKey?: Buffer;
  /** Missing if only an agent can sign with it. */
  privateKey?: Secret;
  /** Why there is no private part, and what the user can do. */
  problem?: string;
  hint?: string;
}

const DEFAULT_KEYS = ["id_ed25519", "id_ecdsa", "id_rsa"];

/**
 * Reads a key from a file, as ssh does. A public key refers to the agent's key, and so does a private key that is
 * encrypted, or missing while its `.pub` exists. Problems are kept, not thrown, since another login method may work.
 */
export function loadIdentity(name: string, path: string, passphrase: string | undefined): Identity {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { name, ...publicPart(path), problem: code === "ENOENT" ? "is not there" : `cannot be read: ${message}` };
  }
  const read = readKeyText(text, passphrase);
  if (read.kind === "private") return { name, publicKey: read.publicKey, privateKey: new Secret(read.text) };
  const { problem, hint } = read;
  if (read.kind === "wrong" || read.publicKey === undefined) return { name, ...publicPart(path), problem, hint };
  return { name, publicKey: read.publicKey, problem, hint };
}

function publicPart(path: string): Pick<Identity, "publicKey"> {
  try {
    const read = readKeyText(readFileSync(`${path}.pub`, "utf8"), undefined);
    return read.kind === "public" ? { publicKey: read.publicKey } : {};
  } catch {
    return {}; // no such file; problems with the key itself are reported
  }
}

/**
 * The keys in ~/.ssh, in ssh's order, but only the first one with a private part: each further one would use up one of
 * the node's few attempts. A key with only a `.pub` costs none unless the agent has it.
 */
export function defaultIdentities(home: string, passphrase: string | undefined): Identity[] {
  const found = DEFAULT_KEYS.map((name) => join(home, ".ssh", name)).filter(
    (path) => existsSync(path) || existsSync(`${path}.pub`),
  );
  const first = found.findIndex((path) => existsSync(path));
  return (first < 0 ? found : found.slice(0, first + 1)).map((path) => loadIdentity(path, path, passphrase));
}
