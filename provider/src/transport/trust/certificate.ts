/** OpenSSH host certificates, as its PROTOCOL.certkeys describes them. */
import { createPublicKey, verify, type JsonWebKey, type KeyObject } from "node:crypto";

/** For each certificate type: its plain key type, and the number of fields in such a key. */
const TYPES = new Map<string, { plain: string; fields: number }>(
  ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"].map((plain) => [
    `${plain}-cert-v01@openssh.com`,
    { plain, fields: plain === "ssh-ed25519" ? 1 : 2 },
  ]),
);
const HOST = 2;
const CURVES: Record<string, { crv: string; bytes: number; hash: string }> = {
  "ecdsa-sha2-nistp256": { crv: "P-256", bytes: 32, hash: "sha256" },
  "ecdsa-sha2-nistp384": { crv: "P-384", bytes: 48, hash: "sha384" },
  "ecdsa-sha2-nistp521": { crv: "P-521", bytes: 66, hash: "sha512" },
};
/** As with ssh, SHA-1 is not accepted. */
const RSA_HASHES: Record<string, string> = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" };

/** The contents of a certificate. */
export interface Certificate {
  /** The certified plain key, as in known_hosts. */
  key: Buffer;
  /** Its type, e.g. "ssh-ed25519". */
  type: string;
  /** The name that the authority gave it. */
  id: string;
  isForHosts: boolean;
  principals: string[];
  /** Seconds since 1970, the second one exclusive. */
  validAfter: bigint;
  validBefore: bigint;
  /** Options that must not be ignored. */
  criticalOptions: string[];
  /** The authority's plain key. */
  authority: Buffer;
  signed: Buffer;
  signature: Buffer;
}

/** Reads SSH strings and numbers in sequence. @throws RangeError at the end */
export class Reader {
  readonly #data: Buffer;
  at = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  get done(): boolean {
    return this.at >= this.#data.length;
  }

  uint32(): number {
    this.at += 4;
    return this.#data.readUInt32BE(this.at - 4);
  }

  uint64(): bigint {
    this.at += 8;
    return this.#data.readBigUInt64BE(this.at - 8);
  }

  bytes(length = this.uint32()): Buffer {
    if (this.at + length > this.#data.length) throw new RangeError("it ends too soon");
    this.at += length;
    return this.#data.subarray(this.at - length, this.at);
  }

  text(): string {
    return this.bytes().toString("utf8");
  }

  texts(): string[] {
    const [list, found] = [new Reader(this.bytes()), [] as string[]];
    while (!list.done) found.push(list.text());
    return found;
  }
}

/** A string in SSH wire format. */
export function packed(data: Buffer | string): Buffer {
  const bytes = Buffer.from(data);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** @throws RangeError if it is truncated, TypeError if its type is unknown */
export function parseCertificate(blob: Buffer): Certificate {
  const read = new Reader(blob);
  const type = TYPES.get(read.text());
  if (type === undefined) throw new TypeError("it is of a type that is not known");
  read.bytes(); // the nonce
  const begin = read.at;
  for (let field = 0; field < type.fields; field++) read.bytes();
  const key = Buffer.concat([packed(type.plain), blob.subarray(begin, read.at)]);
  read.uint64(); // the serial number
  const isForHosts = read.uint32() === HOST;
  const [id, principals, validAfter, validBefore] = [read.text(), read.texts(), read.uint64(), read.uint64()];
  const options = read.texts().filter((_, index) => index % 2 === 0);
  read.bytes(); // extensions: hosts have none with a meaning
  read.bytes(); // reserved
  const authority = read.bytes();
  const signed = blob.subarray(0, read.at);
  const signature = read.bytes();
  if (!read.done) throw new RangeError("something follows its signature");
  return {
    key,
    type: type.plain,
    id,
    isForHosts,
    principals,
    validAfter,
    validBefore,
    criticalOptions: options,
    authority,
    signed,
    signature,
  };
}

/** Whether the authority named in the certificate signed it. */
export function isSigned({ authority, signed, signature }: Certificate): boolean {
  try {
    const [type, value] = ((read) => [read.text(), read.bytes()] as const)(new Reader(signature));
    const read = new Reader(authority);
    const keyType = read.text();
    const curve = CURVES[keyType];
    if (keyType === "ssh-ed25519" && type === keyType) {
      return verify(null, signed, publicKey({ kty: "OKP", crv: "Ed25519", x: encode(read.bytes()) }), value);
    }
    if (keyType === "ssh-rsa" && RSA_HASHES[type] !== undefined) {
      const [e, n] = [read.bytes(), read.bytes()];
      return verify(RSA_HASHES[type], signed, publicKey({ kty: "RSA", e: encode(e), n: encode(unsigned(n)) }), value);
    }
    if (curve === undefined || type !== keyType) return false;
    read.bytes(); // the curve's name again
    const point = read.bytes();
    if (point[0] !== 4 || point.length !== 1 + 2 * curve.bytes) return false;
    const [x, y] = [point.subarray(1, 1 + curve.bytes), point.subarray(1 + curve.bytes)];
    const key = publicKey({ kty: "EC", crv: curve.crv, x: encode(x), y: encode(y) });
    const numbers = new Reader(value);
    const both = [numbers.bytes(), numbers.bytes()].map((number) => padded(unsigned(number), curve.bytes));
    return verify(curve.hash, signed, { key, dsaEncoding: "ieee-p1363" }, Buffer.concat(both));
  } catch {
    return false; // not a key or signature of the stated type
  }
}

const publicKey = (key: JsonWebKey): KeyObject => createPublicKey({ key, format: "jwk" });
const encode = (bytes: Buffer) => bytes.toString("base64url");
/** A positive number has a leading zero byte if its first bit is set. */
const unsigned = (number: Buffer) => number.subarray(number.findIndex((byte) => byte !== 0));
const padded = (number: Buffer, length: number) => Buffer.concat([Buffer.alloc(length - number.length), number]);
