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
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    if (options.hint !== undefined) this.hint = options.hint;
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
  return error instanceof Error ? error.message : String(error);
}
