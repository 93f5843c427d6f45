/** The words of a command line, as a table says them: the same table is parsed by, printed as help, and completed from. */

/** What an option takes. `pairs` are one or more `key=value`, `pair` is one; `file` is completed from this machine. */
export type Takes = "flag" | "text" | "int" | "file" | "vm" | "pairs" | "list";

/** An option of a verb. */
export interface OptionSpec {
  /** Without dashes; values are found under it. */
  name: string;
  short?: string;
  takes: Takes;
  /** What it is called in the help: `FILE`. @default the name in capitals */
  placeholder?: string;
  required?: boolean;
  /** May stand more than once, each time with one value. */
  repeated?: boolean;
  /** Options that must not stand beside it. */
  without?: readonly string[];
  /** Values that it may have. */
  choices?: readonly string[];
  help: string;
  /** vm-mgr does not have it: an abbreviation means one of vm-mgr's options where it can. */
  ours?: boolean;
}

/** A word without dashes. */
export interface PositionalSpec {
  name: string;
  /** One or more of them. */
  many?: boolean;
  takes: "text" | "vm" | "node";
  choices?: readonly string[];
  help: string;
}

/** A verb with what it takes. */
export interface VerbSpec {
  name: string;
  /** One line. */
  help: string;
  /** More lines, for the verb's own help. */
  more?: string;
  options: readonly OptionSpec[];
  positionals?: readonly PositionalSpec[];
  /** vm-mgr does not have it. */
  ours?: boolean;
}

/** What was given, by the names of options and positionals. */
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

  /** The value of what is required. */
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

  /** `key=value` words as a map; of two of one key the later one counts. */
  map(name: string): Record<string, string> {
    return Object.fromEntries(
      this.all(name).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
  }
}

/** A command line that means nothing: exit code 2, with the usage. */
export class UsageError extends Error {
  /** Of which the usage is to be shown; undefined: of the program. */
  readonly verb: VerbSpec | undefined;

  constructor(message: string, verb?: VerbSpec) {
    super(message);
    this.verb = verb;
  }
}

/** As argparse names an option: `-n/--name`. */
export const optionLabel = ({ name, short }: OptionSpec) => (short === undefined ? `--${name}` : `-${short}/--${name}`);
