import { inspect } from "node:util";

/**
 * A text that must stay hidden: printing it or turning it into JSON gives a placeholder. The value is in a private
 * field, so no stack trace, log line or serialized copy of the settings contains it.
 *
 * @example new Secret(pem).reveal()
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself: pass it on, never store it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
