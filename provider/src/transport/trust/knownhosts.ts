import { createHash, createHmac } from "node:crypto";

/** A readable line of a known_hosts file. */
export interface KnownHostLine {
  /** The file, or the setting in its place. */
  source: string;
  /** Counted from 1. */
  line: number;
  marker?: "revoked" | "cert-authority";
  /** The names, as patterns or hashes. */
  names: string;
  /** E.g. "ssh-ed25519". */
  type: string;
  key: Buffer;
}

/** The verdict of known_hosts on a host's key. */
export type Verdict =
  | { status: "ok" }
  /** No line matches this host. */
  | { status: "unknown" }
  /** Lines match this host with another key. */
  | { status: "changed"; conflicts: readonly KnownHostLine[] }
  | { status: "revoked"; line: KnownHostLine };

/** The accepted host key types, with the algorithms to negotiate for each. DSA is missing: OpenSSH dropped it. */
const ALGORITHMS = new Map<string, readonly string[]>([
  ["ssh-ed25519", ["ssh-ed25519"]],
  ["ecdsa-sha2-nistp256", ["ecdsa-sha2-nistp256"]],
  ["ecdsa-sha2-nistp384", ["ecdsa-sha2-nistp384"]],
  ["ecdsa-sha2-nistp521", ["ecdsa-sha2-nistp521"]],
  // The key type has the same name as its SHA-1 signature, which is not accepted.
  ["ssh-rsa", ["rsa-sha2-512", "rsa-sha2-256"]],
]);

/**
 * The trusted host keys, in the format of sshd(8).
 *
 * @example KnownHosts.parse([{ name: "known_hosts", text }]).verify("node1", 22, key)
 */
export class KnownHosts {
  readonly lines: readonly KnownHostLine[];

  private constructor(lines: readonly KnownHostLine[]) {
    this.lines = lines;
  }

  /** As with ssh, unreadable lines are skipped: they make no key trusted. */
  static parse(sources: readonly { name: string; text: string }[]): KnownHosts {
    return new KnownHosts(
      sources.flatMap(({ name, text }) =>
        text.split(/\r?\n/).flatMap((line, index) => parseLine(line, name, index + 1)),
      ),
    );
  }

  /** Whether this key is valid for this host. */
  verify(host: string, port: number, key: Buffer): Verdict {
    const matching = this.#matching(host, port);
    const same = matching.filter((line) => line.key.equals(key));
    const revoked = same.find((line) => line.marker === "revoked");
    if (revoked) return { status: "revoked", line: revoked };
    if (same.some((line) => line.marker === undefined)) return { status: "ok" };
    const conflicts = matching.filter((line) => line.marker === undefined);
    if (conflicts.length > 0) return { status: "changed", conflicts };
    return { status: "unknown" };
  }

  /** The lines whose keys may sign certificates of this host. */
  authorities(host: string, port: number): KnownHostLine[] {
    return this.#matching(host, port).filter((line) => line.marker === "cert-authority");
  }

  /** The line that revokes this key for this host. */
  revocation(host: string, port: number, key: Buffer): KnownHostLine | undefined {
    return this.#matching(host, port).find((line) => line.marker === "revoked" && line.key.equals(key));
  }

  /**
   * The algorithms to negotiate: the types of the known keys first, so that a node with several keys shows the known
   * one. The others follow, so that a node with only other keys is reported as changed, not as incompatible.
   *
   * @param certified the key type that a certificate vouches for; it comes first
   */
  algorithmsFor(host: string, port: number, certified?: string): string[] {
    const known = new Set(
      this.#matching(host, port)
        .filter((line) => line.marker === undefined)
        .map((line) => line.type),
    );
    const rank = (type: string) => (type === certified ? 0 : known.has(type) ? 1 : 2);
    const ordered = [...ALGORITHMS.keys()].sort((a, b) => rank(a) - rank(b));
    return ordered.flatMap((type) => ALGORITHMS.get(type) ?? []);
  }

  #matching(host: string, port: number): KnownHostLine[] {
    const name = knownName(host, port);
    return this.lines.filter((line) => matches(line.names, name));
  }
}

/** The name of a host in known_hosts: in brackets if the port is not 22. */
export function knownName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** The type at the start of a key's blob. */
export function keyType(key: Buffer): string {
  const length = key.length < 4 ? 0 : key.readUInt32BE(0);
  return key.subarray(4, 4 + length).toString("latin1");
}

/** The type of a key for messages; as long as the key is unproven, its text is untrusted. */
export function nameOfType(key: Buffer): string {
  const type = keyType(key);
  return ALGORITHMS.has(type) ? type : "unknown";
}

/** In the format of ssh-keygen -l. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The location of a line. */
export function place(line: KnownHostLine): string {
  return `${line.source}:${line.line}`;
}

function parseLine(text: string, source: string, line: number): KnownHostLine[] {
  const fields = text.trim().split(/\s+/);
  if (text.trim() === "" || fields[0]?.startsWith("#")) return [];
  const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
  // An unknown marker may restrict the line: it must not be read as a plain line.
  if (marker !== undefined && marker !== "@revoked" && marker !== "@cert-authority") return [];
  const [names, type, encoded] = fields;
  if (!names || !type || !encoded) return [];
  const key = Buffer.from(encoded, "base64");
  if (keyType(key) !== type) return [];
  const base = { source, line, names, type, key };
  return [marker === undefined ? base : { ...base, marker: marker === "@revoked" ? "revoked" : "cert-authority" }];
}

function matches(names: string, name: string): boolean {
  if (names.startsWith("|")) return matchesHash(names, name);
  let found = false;
  for (const pattern of names.toLowerCase().split(",")) {
    const negated = pattern.startsWith("!");
    if (!matchesPattern(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

/** `|1|salt|hash`: HMAC-SHA1 of the name, so that a stolen file does not reveal the hosts. */
function matchesHash(names: string, name: string): boolean {
  const [, version, salt, hash] = names.split("|");
  if (version !== "1" || !salt || !hash) return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest().equals(Buffer.from(hash, "base64"));
}

/** Whether a name matches a pattern with `*` and `?`. */
export function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(name);
}
