import { createHash, createHmac } from "node:crypto";

/** One line of a known_hosts file that could be read. */
export interface KnownHostLine {
  /** The file, or what stands for it. */
  source: string;
  /** Counted from 1. */
  line: number;
  marker?: "revoked" | "cert-authority";
  /** The names, still as patterns or hashed. */
  names: string;
  /** E.g. "ssh-ed25519". */
  type: string;
  key: Buffer;
}

/** What known_hosts says of a host's key. */
export type Verdict =
  | { status: "ok" }
  /** No line has this host. */
  | { status: "unknown" }
  /** Lines have this host with another key. */
  | { status: "changed"; conflicts: readonly KnownHostLine[] }
  | { status: "revoked"; line: KnownHostLine };

/** Every type of host key that is accepted, with what to negotiate for it. DSA is left out: OpenSSH dropped it. */
const ALGORITHMS = new Map<string, readonly string[]>([
  ["ssh-ed25519", ["ssh-ed25519"]],
  ["ecdsa-sha2-nistp256", ["ecdsa-sha2-nistp256"]],
  ["ecdsa-sha2-nistp384", ["ecdsa-sha2-nistp384"]],
  ["ecdsa-sha2-nistp521", ["ecdsa-sha2-nistp521"]],
  // The key's type is called like its signature with SHA-1, which is not accepted.
  ["ssh-rsa", ["rsa-sha2-512", "rsa-sha2-256"]],
]);

/**
 * The keys of hosts that are trusted, with the meaning that sshd(8) gives to the format.
 *
 * @example KnownHosts.parse([{ name: "known_hosts", text }]).verify("node1", 22, key)
 */
export class KnownHosts {
  readonly lines: readonly KnownHostLine[];

  private constructor(lines: readonly KnownHostLine[]) {
    this.lines = lines;
  }

  /** Lines that cannot be read are passed over, as ssh does: they trust nobody. */
  static parse(sources: readonly { name: string; text: string }[]): KnownHosts {
    return new KnownHosts(
      sources.flatMap(({ name, text }) =>
        text.split(/\r?\n/).flatMap((line, index) => parseLine(line, name, index + 1)),
      ),
    );
  }

  /** Whether this key may stand for this host. */
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
   * What to negotiate: the types of the known keys first, so that a node with several keys shows the one that is known.
   * The others follow, so that a node that has only other keys now is reported as changed, not as incompatible.
   *
   * @param certified the type of the key that a certificate vouches for; it comes before all
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

/** The name under which known_hosts has a host: with brackets when the port is not 22. */
export function knownName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** The type that stands at the beginning of a key's blob. */
export function keyType(key: Buffer): string {
  const length = key.length < 4 ? 0 : key.readUInt32BE(0);
  return key.subarray(4, 4 + length).toString("latin1");
}

/** The type of a key for a person; what stands there is nobody's word as long as the key is not proven. */
export function nameOfType(key: Buffer): string {
  const type = keyType(key);
  return ALGORITHMS.has(type) ? type : "unknown";
}

/** As ssh-keygen -l prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** Where a line is. */
export function place(line: KnownHostLine): string {
  return `${line.source}:${line.line}`;
}

function parseLine(text: string, source: string, line: number): KnownHostLine[] {
  const fields = text.trim().split(/\s+/);
  if (text.trim() === "" || fields[0]?.startsWith("#")) return [];
  const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
  // An unknown marker may restrict what the line allows: it must not be read as a plain one.
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

/** `|1|salt|hash`: HMAC-SHA1 of the name, so that a stolen file does not tell which hosts there are. */
function matchesHash(names: string, name: string): boolean {
  const [, version, salt, hash] = names.split("|");
  if (version !== "1" || !salt || !hash) return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest().equals(Buffer.from(hash, "base64"));
}

/** Whether a name is one of a pattern with `*` and `?`. */
export function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(name);
}
