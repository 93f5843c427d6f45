/**
 * Asks an SSH server for the certificate of its host key. ssh2 negotiates plain keys only, so a server never shows it a
 * certificate. The first three messages of the protocol suffice to get it. They are neither encrypted nor
 * authenticated, and need not be: the certificate's signature proves the certificate, and the login afterwards proves
 * that the server has the key.
 */
import { createECDH, generateKeyPairSync, randomBytes } from "node:crypto";
import { packed, Reader } from "./certificate";
import type { Wire } from "../ssh/wire";

const CERTIFICATES = [
  "ssh-ed25519-cert-v01@openssh.com",
  "ecdsa-sha2-nistp256-cert-v01@openssh.com",
  "ecdsa-sha2-nistp384-cert-v01@openssh.com",
  "ecdsa-sha2-nistp521-cert-v01@openssh.com",
  "rsa-sha2-512-cert-v01@openssh.com",
  "rsa-sha2-256-cert-v01@openssh.com",
];
const EXCHANGES = ["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256"];
const CIPHERS = [
  "aes128-ctr",
  "aes256-ctr",
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "chacha20-poly1305@openssh.com",
];
const MACS = ["hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"];
const [KEXINIT, ECDH_INIT, ECDH_REPLY, DISCONNECT] = [20, 30, 31, 1];
const MAX_PACKET = 256 * 1024;

/** The other side speaks no SSH, or no variant that we support. */
export class NotUnderstood extends Error {}

/** The server hung up before its banner. */
export class HungUp extends Error {}

/**
 * The server's certificate, unverified, or undefined if it has none. This uses up the wire.
 * @throws HungUp, NotUnderstood, or Error if the server does not answer as an SSH server does
 */
export function fetchCertificate(wire: Wire, timeoutMs: number): Promise<Buffer | undefined> {
  return new Promise<Buffer | undefined>((resolve, reject) => {
    const talk = new Talk((data) => wire.stream.write(data));
    const timer = setTimeout(() => reject(new Error("the node did not show its certificate in time")), timeoutMs);
    const ended = (cause: string) => () => {
      clearTimeout(timer);
      reject(talk.greeted ? new Error(cause) : new HungUp(cause));
    };
    wire.stream.on("error", (error: Error) => ended(error.message)());
    wire.stream.on("close", ended("the node closed the connection"));
    wire.stream.on("end", ended("the node closed the connection"));
    wire.stream.on("data", (chunk: Buffer) => {
      try {
        const answer = talk.take(chunk);
        if (answer === undefined) return;
        clearTimeout(timer);
        resolve(answer.certificate);
      } catch (error) {
        clearTimeout(timer);
        reject(new NotUnderstood((error as Error).message));
      }
    });
    wire.stream.resume();
  }).finally(() => wire.stream.destroy()); // not the wire: that would end the jump host's as well
}

class Talk {
  readonly #send: (data: Buffer | string) => void;
  #buffer = Buffer.alloc(0);
  greeted = false;

  constructor(send: (data: Buffer | string) => void) {
    this.#send = send;
  }

  /** Takes the received bytes and returns the answer once it is complete. */
  take(chunk: Buffer): { certificate: Buffer | undefined } | undefined {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (!this.greeted && !this.#greet()) return undefined;
    for (let payload = this.#packet(); payload !== undefined; payload = this.#packet()) {
      if (payload[0] === DISCONNECT) throw new Error("the node ended the exchange");
      if (payload[0] === ECDH_REPLY) return { certificate: new Reader(payload.subarray(1)).bytes() };
      if (payload[0] === KEXINIT && !this.#answer(payload)) return { certificate: undefined };
    }
    return undefined;
  }

  /** The line "SSH-2.0-…"; other lines may precede it. */
  #greet(): boolean {
    const end = /^SSH-[^\n]*\n/m.exec(this.#buffer.toString("latin1"));
    if (end === null) {
      if (this.#buffer.length > MAX_PACKET) throw new Error("it is no SSH server");
      return false;
    }
    this.#buffer = this.#buffer.subarray(end.index + end[0].length);
    this.greeted = true;
    const lists = [EXCHANGES, CERTIFICATES, CIPHERS, CIPHERS, MACS, MACS, ["none"], ["none"], [], []];
    const init = Buffer.concat([
      Buffer.from([KEXINIT]),
      randomBytes(16),
      ...lists.map((list) => packed(list.join())),
      Buffer.alloc(5),
    ]);
    this.#send("SSH-2.0-seapath\r\n");
    this.#send(framed(init));
    return true;
  }

  #packet(): Buffer | undefined {
    if (this.#buffer.length < 5) return undefined;
    const length = this.#buffer.readUInt32BE(0);
    if (length < 2 || length > MAX_PACKET) throw new Error("it is no SSH server");
    if (this.#buffer.length < 4 + length) return undefined;
    const payload = this.#buffer.subarray(5, 4 + length - this.#buffer.readUInt8(4));
    this.#buffer = this.#buffer.subarray(4 + length);
    return payload;
  }

  /** Starts the key exchange with a throwaway key. False if the server has no certificate. */
  #answer(init: Buffer): boolean {
    const read = new Reader(init.subarray(17));
    const [exchanges, keys] = [read.text().split(","), read.text().split(",")];
    if (!CERTIFICATES.some((each) => keys.includes(each))) return false;
    const exchange = EXCHANGES.find((each) => exchanges.includes(each));
    if (exchange === undefined) throw new Error("there is no common way to exchange keys");
    this.#send(framed(Buffer.concat([Buffer.from([ECDH_INIT]), packed(ephemeral(exchange))])));
    return true;
  }
}

function ephemeral(exchange: string): Buffer {
  if (exchange === "ecdh-sha2-nistp256") return createECDH("prime256v1").generateKeys();
  return generateKeyPairSync("x25519").publicKey.export({ format: "der", type: "spki" }).subarray(-32);
}

/** An unencrypted packet: a length, padding to eight bytes, no MAC. */
function framed(payload: Buffer): Buffer {
  const padding = 4 + ((8 - ((5 + payload.length + 4) % 8)) % 8);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + payload.length + padding);
  head.writeUInt8(padding, 4);
  return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}
