/**
 * Characters that a terminal acts on instead of showing: control characters except line break and tab, and those that
 * change the writing direction.
 */
const UNPRINTABLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/**
 * Makes a text safe to print. Text from a node, or from an impostor, must not drive the user's terminal or pass for
 * another text. Each such character becomes `\u001b`-style text, which leaves JSON the same JSON.
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

/** Texts declared secret, longest first. */
let concealed: string[] = [];
/** Shorter texts would match inside ordinary words. */
const LEAST = 3;

/** Redacts these texts from the message and hint of every later error. */
export function conceal(texts: Iterable<string>): void {
  concealed = [...new Set([...concealed, ...texts])]
    .filter((text) => text.length >= LEAST)
    .sort((a, b) => b.length - a.length);
}

/** The printable text of an error, with secrets redacted. */
export const told = (text: string): string =>
  concealed.reduce((left, secret) => left.replaceAll(secret, "[secret]"), printable(text));

/**
 * The root of all errors of this provider. Each layer defines its own subclasses in its own folder, so the class alone
 * shows where something went wrong.
 */
export class SeapathError extends Error {
  /** A stable, machine-readable name of the cause, e.g. `"connection"`. */
  readonly code: string;
  /** What the user should do next, as one sentence. */
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

/** The message of an error and its hint, as the user sees them. */
export function describeError(error: unknown): string {
  if (error instanceof SeapathError) return error.hint ? `${error.message}\n  → ${error.hint}` : error.message;
  return told(error instanceof Error ? error.message : String(error));
}
