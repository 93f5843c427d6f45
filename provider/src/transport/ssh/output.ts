import { StringDecoder } from "node:string_decoder";

/** Collects a stream as UTF-8; a chunk may end in the middle of a character. */
export class Output {
  readonly #decoder = new StringDecoder("utf8");
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a chunk and returns the newly completed characters. */
  add(chunk: Buffer): string {
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
    return this.#decoder.write(chunk);
  }

  /**
   * The whole text, once the stream has ended. Until then it is kept as bytes: they take half the memory, and large
   * answers arrive in small pieces.
   */
  end(): string {
    return Buffer.concat(this.#chunks.splice(0), this.#bytes).toString("utf8");
  }
}
