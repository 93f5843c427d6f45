import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readKeyText } from "./keytext";
import { Secret } from "./secret";

/** One key to log in with. */
export interface Identity {
  /** What messages call it: where it comes from. */
  name: string;
  /** As the protocol has it: what an agent's key is told by. */
  publicKey?: Buffer;
  /** Missing where only an agent can sign with it. */
  privateKey?: Secret;
  /** Why there is no private part, and what to do about it. */
  problem?: string;
  hint?: string;
}

const DEFAULT_KEYS = ["id_ed25519", "id_ecdsa", "id_rsa"];

/**
 * Reads the key of a file, as ssh does: a public key, or a private one that is encrypted or not there while its `.pub` is,
 * stands for the agent's key. What is wrong with it is kept and not thrown, since another way may do.
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
    return {}; // then there is none; what is wrong with the key itself is told
  }
}

/**
 * The keys in ~/.ssh, as ssh looks for them, but only the first of which there is a private part: each other one would cost
 * one of the node's few tries. One of which there is only the `.pub` costs none unless the agent has it.
 */
export function defaultIdentities(home: string, passphrase: string | undefined): Identity[] {
  const found = DEFAULT_KEYS.map((name) => join(home, ".ssh", name)).filter(
    (path) => existsSync(path) || existsSync(`${path}.pub`),
  );
  const first = found.findIndex((path) => existsSync(path));
  return (first < 0 ? found : found.slice(0, first + 1)).map((path) => loadIdentity(path, path, passphrase));
}
