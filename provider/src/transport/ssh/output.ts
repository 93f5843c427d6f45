import { StringDecoder } from "node:string_decoder";

/** Collects a stream as UTF-8; a character may be cut by the end of a chunk. */
export class Output {
  readonly #decoder = new StringDecoder("utf8");
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a chunk and gives the whole characters that are new. */
  add(chunk: Buffer): string {
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
    return this.#decoder.write(chunk);
  }

  /** All of it, once the stream is at its end. As bytes it takes half the room until then, and large answers come in small pieces. */
  end(): string {
    return Buffer.concat(this.#chunks.splice(0), this.#bytes).toString("utf8");
  }
}
