/** What a terminal acts on instead of showing it: control characters but for line break and tab, and what turns the direction of writing. */
const UNPRINTABLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/**
 * A text as it may be printed: what comes from a node, or from whoever stands in for one, must not write to the terminal
 * as its owner does, nor look like another text. Each such sign is shown as `\u001b`, in which form JSON stays the same JSON.
 */
export function printable(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(UNPRINTABLE, (sign) =>
      Array.from({ length: sign.length }, (_, at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, "0")}`).join(
        "",
      ),
    );
}

/** Texts of which whoever keeps them has said that they are secret, the longest first. */
let concealed: string[] = [];
/** Shorter ones would be found in every other word. */
const LEAST = 3;

/** Has texts left out of each error's message and hint from now on. */
export function conceal(texts: Iterable<string>): void {
  concealed = [...new Set([...concealed, ...texts])]
    .filter((text) => text.length >= LEAST)
    .sort((a, b) => b.length - a.length);
}

/** What an error says, as it may be printed: without what is secret. */
export const told = (text: string): string =>
  concealed.reduce((left, secret) => left.replaceAll(secret, "[secret]"), printable(text));

/**
 * The one root of every error of this provider. Each layer defines its own below it, in its own folder, so that a
 * reader can tell from the class alone where a thing went wrong.
 */
export class SeapathError extends Error {
  /** A stable, machine-readable name of the cause, e.g. `"connection"`. */
  readonly code: string;
  /** The next step for the person who reads it, as one sentence. */
  readonly hint?: string;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(told(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    if (options.hint !== undefined) this.hint = told(options.hint);
  }
}

/** A resource names a cluster that the configuration does not have. */
export class UnknownCluster extends SeapathError {
  constructor(name: string, known: readonly string[]) {
    const has = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`;
    super("unknown-cluster", `the configuration has no cluster "${name}" in seapath:clusters; ${has}`, {
      hint: `Run \`pulumi config set --path 'seapath:clusters.${name}.hosts' node1,node2,node3\`.`,
    });
  }
}

/** The message of an error together with its hint: what a person is shown. */
export function describeError(error: unknown): string {
  if (error instanceof SeapathError) return error.hint ? `${error.message}\n  → ${error.hint}` : error.message;
  return told(error instanceof Error ? error.message : String(error));
}
