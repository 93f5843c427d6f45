import { createPrivateKey } from "node:crypto";
import { utils } from "ssh2";
import { packed, Reader } from "../trust/certificate";

/** The meaning of a text that should be a private key. Neither `problem` nor `hint` ever quotes it. */
export type KeyText =
  /** `text` is the key in a form that ssh2 reads. */
  | { kind: "private"; text: string; publicKey: Buffer }
  /** Only an agent could sign with it. `locked` is encrypted, and its public part is not always readable. */
  | { kind: "public"; publicKey: Buffer; problem: string; hint: string }
  | { kind: "locked"; publicKey?: Buffer; problem: string; hint: string }
  | { kind: "wrong"; problem: string; hint: string };

const PEM = /^-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]+?)\s*-----END \1-----$/;
const AS_WRITTEN = "It must be a private key as ssh-keygen writes it, from its BEGIN line to its END line.";
const PUBLIC = `Name the private key, the file without .pub, or run an agent that has it (SSH_AUTH_SOCK, seapath:agent). ${AS_WRITTEN}`;
const OPEN_IT = "Set seapath:passphrase (--secret) or SEAPATH_PASSPHRASE, or use an ssh-agent.";

/** Reads a key in whatever form variables, YAML or CI systems left it. */
export function readKeyText(given: string, passphrase: string | undefined): KeyText {
  const plain = unwrapped(given);
  const text = fromPkcs8(plain, passphrase) ?? plain;
  const parsed = utils.parseKey(text, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error)
    return explained(plain, key?.message ?? "there is none in it", passphrase);
  if (key.isPrivateKey()) return { kind: "private", text, publicKey: key.getPublicSSH() };
  if (/^\S+-cert-v0\d@openssh\.com\s/.test(plain))
    return wrong(
      "holds a certificate, not a private key",
      "Certificates of users are not supported. Give the private key.",
    );
  return {
    kind: "public",
    publicKey: key.getPublicSSH(),
    problem: "holds a public key, not a private one",
    hint: PUBLIC,
  };
}

/** Whether it is a private key itself, where a path was expected. */
export const holdsPrivateKey = (text: string): boolean =>
  /BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File/.test(unwrapped(text));

/**
 * Undoes what happens to a key on its way: base64 around it, line breaks lost, written as `\n` or in DOS form, quotes,
 * indentation. A key contains none of these characters.
 */
function unwrapped(given: string): string {
  const bare = given.replaceAll(/\s/g, "");
  const decoded = /^[A-Za-z0-9+/]{64,}={0,2}$/.test(bare) ? Buffer.from(bare, "base64").toString("utf8") : "";
  const whole = decoded.includes("-----BEGIN ") ? decoded : given;
  // The comment of a public key may contain a backslash.
  const broken = whole.includes("-----BEGIN ") ? whole.replaceAll(/\\+r/g, "").replaceAll(/\\+n/g, "\n") : whole;
  const text = broken
    .replace(/^\uFEFF/, "")
    .split(/\r\n?|\n/)
    .map((line) => line.trim())
    .join("\n")
    .trim()
    .replace(/^(["'])([^]*)\1$/, "$2")
    .trim();
  const [, label, body] = PEM.exec(text) ?? [];
  if (label === undefined || body === undefined) return `${text}\n`;
  const lines = body.replaceAll(/\s/g, "").match(/.{1,70}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** OpenSSH reads PKCS#8, which openssl and Terraform write; ssh2 does not. */
function fromPkcs8(text: string, passphrase: string | undefined): string | undefined {
  if (!/^-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/.test(text)) return undefined;
  try {
    const key = createPrivateKey({ key: text, format: "pem", ...(passphrase !== undefined && { passphrase }) });
    if (key.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "pem" }).toString();
    if (key.asymmetricKeyType === "ec") return key.export({ type: "sec1", format: "pem" }).toString();
    if (key.asymmetricKeyType !== "ed25519") return undefined;
    const { x, d } = key.export({ format: "jwk" });
    return openSshEd25519(Buffer.from(x!, "base64url"), Buffer.from(d!, "base64url"));
  } catch {
    return undefined; // encrypted or damaged: the code below explains the problem
  }
}

function openSshEd25519(point: Buffer, seed: Buffer): string {
  const type = Buffer.from("ssh-ed25519");
  const blob = Buffer.concat([packed(type), packed(point)]);
  const inner = Buffer.concat([Buffer.alloc(8), blob, packed(Buffer.concat([seed, point])), packed(Buffer.alloc(0))]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, index) => index + 1));
  const none = packed(Buffer.from("none"));
  const all = Buffer.concat([
    Buffer.from(MAGIC),
    none,
    none,
    packed(Buffer.alloc(0)),
    Buffer.from([0, 0, 0, 1]),
    packed(blob),
    packed(Buffer.concat([inner, padding])),
  ]);
  const lines = all.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n");
}

const MAGIC = "openssh-key-v1\0";

/** The public part, which OpenSSH's own format keeps in clear even if the key is encrypted. */
function clearPart(text: string): Buffer | undefined {
  const [, label, body] = PEM.exec(text.trim()) ?? [];
  if (label !== "OPENSSH PRIVATE KEY" || body === undefined) return undefined;
  const bytes = Buffer.from(body, "base64");
  if (bytes.subarray(0, MAGIC.length).toString("latin1") !== MAGIC) return undefined;
  try {
    const read = new Reader(bytes.subarray(MAGIC.length));
    for (let field = 0; field < 3; field++) read.bytes(); // the cipher, the key derivation and its options
    return read.uint32() === 1 ? read.bytes() : undefined;
  } catch {
    return undefined; // truncated
  }
}

const wrong = (problem: string, hint = AS_WRITTEN): KeyText => ({ kind: "wrong", problem, hint });

/** Explains the problem, where the parser would only say that it does not understand. */
function explained(text: string, parser: string, passphrase: string | undefined): KeyText {
  if (text.trim() === "") return wrong("is empty");
  if (text.startsWith("PuTTY-User-Key-File-")) {
    return wrong(
      "holds a key of PuTTY's",
      "Convert it: `puttygen key.ppk -O private-openssh -o key`, or Conversions, Export OpenSSH key in PuTTYgen.",
    );
  }
  if (/^(?:sk-|-----BEGIN OPENSSH)/.test(text) && /sk-(?:ssh|ecdsa)/.test(`${text} ${parser}`)) {
    return wrong(
      "holds the key of a security key (FIDO), which is not supported",
      "Give a key that needs no touch: `ssh-keygen -t ed25519`.",
    );
  }
  if (/^-----BEGIN [^]*-----/.test(text) && !/-----END [^]*-----/.test(text)) {
    return wrong(
      `ends before the END line of the key (${text.trim().split("\n").length} lines)`,
      `Was only a part of it taken, its first line say? ${AS_WRITTEN}`,
    );
  }
  if (/encrypted|passphrase/i.test(parser) || /^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    const publicKey = clearPart(text);
    const problem =
      passphrase === undefined
        ? "is encrypted, and no passphrase is set"
        : "is encrypted, and the passphrase does not open it";
    return { kind: "locked", ...(publicKey && { publicKey }), problem, hint: OPEN_IT };
  }
  if (/^-----BEGIN (?:RSA )?PUBLIC KEY/.test(text)) return wrong("holds a public key, not a private one", PUBLIC);
  if (text.startsWith("-----BEGIN CERTIFICATE")) return wrong("holds a certificate, not a private key");
  // The parser's messages describe the format problem; none of them quotes the key.
  return wrong(`cannot be used: ${parser}`);
}
