import { inspect } from "node:util";

/**
 * A text that must not be seen: printing it, or turning it into JSON, gives a placeholder. The value lies in a private
 * field, so neither a stack trace, a log line nor a serialized copy of the settings has it.
 *
 * @example new Secret(pem).reveal()
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself: to be handed on, never kept. */
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
