import type { Duplex } from "node:stream";
import { BaseAgent, createAgent, type ParsedKey, type SignCallback, type SigningRequestOptions } from "ssh2";

/** An ssh-agent, queried key by key, so that only the intended keys are offered and each offer can be counted. */
export class Agent {
  readonly socket: string;
  readonly #agent: BaseAgent;
  #keys: Promise<ParsedKey[]> | undefined;
  #asked = 0;
  readonly #streams = new Set<Duplex>();

  constructor(socket: string) {
    this.socket = socket;
    this.#agent = createAgent(socket);
    const open = this.#agent.getStream?.bind(this.#agent);
    if (open === undefined) return;
    this.#agent.getStream = (done) =>
      open((error, stream) => {
        if (stream) this.#streams.add(stream.once("close", () => this.#streams.delete(stream)));
        done(error, stream);
      });
  }

  /** Drops unanswered requests, which would keep the process from exiting. */
  close(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  /** A request is unanswered; the agent may be waiting for the user to confirm. */
  get pending(): boolean {
    return this.#asked > 0;
  }

  /** Its keys of the types we support. */
  keys(): Promise<ParsedKey[]> {
    this.#keys ??= new Promise<ParsedKey[]>((resolve, reject) => {
      this.#asked++;
      this.#agent.getIdentities((error, keys) => {
        this.#asked--;
        if (error) reject(error);
        else resolve((keys ?? []) as ParsedKey[]);
      });
    });
    return this.#keys;
  }

  /** For ssh2: an agent with only this key. */
  only(key: ParsedKey): BaseAgent {
    return new OneKey(key, (data, options, signed) => {
      this.#asked++;
      this.#agent.sign(key, data, options, (error, signature) => {
        this.#asked--;
        signed(error, signature);
      });
    });
  }
}

type Sign = (data: Buffer, options: SigningRequestOptions, signed: SignCallback) => void;

class OneKey extends BaseAgent<ParsedKey> {
  readonly #key: ParsedKey;
  readonly #sign: Sign;

  constructor(key: ParsedKey, sign: Sign) {
    super();
    this.#key = key;
    this.#sign = sign;
  }

  getIdentities(done: (error: Error | undefined, keys: ParsedKey[]) => void): void {
    done(undefined, [this.#key]);
  }

  sign(_key: ParsedKey, data: Buffer, options: SigningRequestOptions | SignCallback, done?: SignCallback): void {
    if (typeof options === "function") this.#sign(data, {}, options);
    else this.#sign(data, options, done!);
  }
}
