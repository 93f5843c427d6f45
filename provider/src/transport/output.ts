import { StringDecoder } from "node:string_decoder";

/** Collects a stream as UTF-8; a character may be cut by the end of a chunk. */
export class Output {
  readonly #decoder = new StringDecoder("utf8");
  #text = "";
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a chunk and gives the whole characters that are new. */
  add(chunk: Buffer): string {
    this.#bytes += chunk.length;
    const text = this.#decoder.write(chunk);
    this.#text += text;
    return text;
  }

  /** All of it, once the stream is at its end. */
  end(): string {
    this.#text += this.#decoder.end();
    return this.#text;
  }
}
