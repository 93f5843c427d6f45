/** The grammar of the command line as a table. Parser, help and completion all use it. */

/** The value of an option. `pairs` is one or more `key=value`, `pair` is one; `file` completes local file names. */
export type Takes = "flag" | "text" | "int" | "file" | "vm" | "pairs" | "list";

/** An option of a verb. */
export interface OptionSpec {
  /** The name without dashes; also the key of the value. */
  name: string;
  short?: string;
  takes: Takes;
  /** The value's name in the help: `FILE`. @default the name in capitals */
  placeholder?: string;
  required?: boolean;
  /** May be given more than once, with one value each. */
  repeated?: boolean;
  /** Options that must not be given together with this one. */
  without?: readonly string[];
  /** The allowed values. */
  choices?: readonly string[];
  help: string;
  /** Whether vm-mgr lacks it. An ambiguous abbreviation means vm-mgr's option. */
  ours?: boolean;
}

/** An argument without dashes. */
export interface PositionalSpec {
  name: string;
  /** Whether there may be several. */
  many?: boolean;
  takes: "text" | "vm" | "node";
  choices?: readonly string[];
  help: string;
}

/** A verb with its options and arguments. */
export interface VerbSpec {
  name: string;
  /** One line of help. */
  help: string;
  /** More lines for the verb's own help. */
  more?: string;
  options: readonly OptionSpec[];
  positionals?: readonly PositionalSpec[];
  /** Whether vm-mgr lacks it. */
  ours?: boolean;
}

/** The given values, by option or argument name. */
export class Given {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  find(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  /** The value of a required option. */
  get(name: string): string {
    const value = this.find(name);
    if (value === undefined) throw new Error(`--${name} was not asked for`);
    return value;
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  number(name: string): number | undefined {
    const value = this.find(name);
    return value === undefined ? undefined : Number(value);
  }

  /** `key=value` words as a map; the last one wins for a repeated key. */
  map(name: string): Record<string, string> {
    return Object.fromEntries(
      this.all(name).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
  }
}

/** An invalid command line: exit code 2, with the usage. */
export class UsageError extends Error {
  /** The verb whose usage to show; undefined for the program's. */
  readonly verb: VerbSpec | undefined;

  constructor(message: string, verb?: VerbSpec) {
    super(message);
    this.verb = verb;
  }
}

/** The option's name as argparse writes it: `-n/--name`. */
export const optionLabel = ({ name, short }: OptionSpec) => (short === undefined ? `--${name}` : `-${short}/--${name}`);
