/**
 * Parses a command line like Python's argparse, so that vm-mgr command lines mean the same here: long options may be
 * abbreviated, `--opt=value` and `-oVALUE` work, an option with several values takes all words up to the next option, a
 * negative number is a value, and `--` ends the options.
 */
import { Given, optionLabel, UsageError, type OptionSpec, type VerbSpec } from "./grammar";
import { didYouMean } from "./nearest";

/** A parsed command line. */
export interface Parsed {
  given: Given;
  /** Help was requested; nothing else was parsed. */
  help: boolean;
}

const HELP: OptionSpec = { name: "help", short: "h", takes: "flag", help: "show this help and exit" };

const isNumber = (word: string) => /^-\d+$|^-\d*\.\d+$/.test(word);
/** Whether a word is an option; argparse takes a word with a space as a value. */
const looksLikeOption = (word: string) =>
  word.startsWith("-") && word !== "-" && !isNumber(word) && !/ /.test(word.split("=")[0] ?? "");

/** Parses the words of one verb, without the verb itself. @param shared options of every verb */
export function parseWords(verb: VerbSpec, shared: readonly OptionSpec[], words: readonly string[]): Parsed {
  const parser = new Parser(verb, [HELP, ...verb.options, ...shared]);
  return parser.parse(words);
}

class Parser {
  readonly #verb: VerbSpec;
  readonly #options: readonly OptionSpec[];
  readonly #values = new Map<string, string[]>();
  readonly #loose: string[] = [];
  readonly #unknown: string[] = [];

  constructor(verb: VerbSpec, options: readonly OptionSpec[]) {
    this.#verb = verb;
    this.#options = options;
  }

  parse(words: readonly string[]): Parsed {
    const rest = [...words];
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
      if (word === "--") this.#loose.push(...rest.splice(0));
      else if (!looksLikeOption(word)) this.#loose.push(word);
      else if (this.#takeOption(word, rest) === HELP) return { given: new Given(this.#values), help: true };
    }
    this.#takePositionals();
    if (this.#unknown.length > 0) this.#fail(`unrecognized arguments: ${this.#unknown.join(" ")}${this.#meant()}`);
    return { given: new Given(this.#values), help: false };
  }

  /** A suggestion for the first unknown option. */
  #meant(): string {
    const [wrong] = this.#unknown.filter((word) => word.startsWith("--"));
    return wrong === undefined
      ? ""
      : didYouMean(
          wrong.replace(/=.*$/s, ""),
          this.#options.map(({ name }) => `--${name}`),
        );
  }

  #takeOption(word: string, rest: string[]): OptionSpec | undefined {
    const found = word.startsWith("--") ? this.#long(word) : this.#short(word, rest);
    if (found === undefined) {
      this.#unknown.push(word);
      return undefined;
    }
    const { option, value } = found;
    for (const other of option.without ?? []) {
      const spec = this.#options.find((each) => each.name === other);
      if (spec !== undefined && this.#values.has(other))
        this.#fail(`argument ${optionLabel(option)}: not allowed with argument ${optionLabel(spec)}`);
    }
    if (option.takes === "flag") {
      if (value !== undefined) this.#fail(`argument ${optionLabel(option)}: ignored explicit argument '${value}'`);
      this.#values.set(option.name, [""]);
      return option;
    }
    const taken = value === undefined ? this.#valuesOf(option, rest) : [value];
    for (const each of taken) this.#judge(option, each);
    const before = option.repeated || option.takes === "pairs" ? (this.#values.get(option.name) ?? []) : [];
    this.#values.set(option.name, [...before, ...taken]);
    return option;
  }

  #valuesOf(option: OptionSpec, rest: string[]): string[] {
    const several = option.takes === "pairs" || option.takes === "list";
    const end = rest.findIndex((word) => looksLikeOption(word) || word === "--");
    const within = end < 0 ? rest.length : end;
    if (within === 0)
      this.#fail(`argument ${optionLabel(option)}: expected ${several ? "at least one argument" : "one argument"}`);
    return rest.splice(0, several ? within : 1);
  }

  #judge(option: OptionSpec, value: string): void {
    if (option.takes === "int" && !/^[+-]?\d+$/.test(value.trim()))
      this.#fail(`argument ${optionLabel(option)}: invalid int value: '${value}'`);
    if (option.takes === "pairs" && !/^[^=]+=/.test(value))
      this.#fail(`argument ${optionLabel(option)}: '${value}' is not key=value`);
    if (option.choices !== undefined && !option.choices.includes(value)) {
      this.#fail(
        `argument ${optionLabel(option)}: invalid choice: '${value}' (choose from ${option.choices.map((each) => `'${each}'`).join(", ")})`,
      );
    }
  }

  #long(word: string): { option: OptionSpec; value?: string } | undefined {
    const cut = word.indexOf("=");
    const name = word.slice(2, cut < 0 ? undefined : cut);
    const value = cut < 0 ? {} : { value: word.slice(cut + 1) };
    const exact = this.#options.find((option) => option.name === name);
    if (exact !== undefined) return { option: exact, ...value };
    const all = this.#options.filter((option) => option.name.startsWith(name));
    const theirs = all.filter((option) => !option.ours);
    const matches = theirs.length > 0 ? theirs : all;
    if (matches.length > 1) {
      this.#fail(`ambiguous option: --${name} could match ${matches.map((option) => `--${option.name}`).join(", ")}`);
    }
    return matches[0] === undefined ? undefined : { option: matches[0], ...value };
  }

  #short(word: string, rest: string[]): { option: OptionSpec; value?: string } | undefined {
    const option = this.#options.find((each) => each.short === word[1]);
    if (option === undefined) return undefined;
    const glued = word.slice(2);
    if (glued === "") return { option };
    if (option.takes !== "flag") return { option, value: glued.replace(/^=/, "") };
    rest.unshift(`-${glued}`); // combined flags: -pv
    return { option };
  }

  #takePositionals(): void {
    const wanted = this.#verb.positionals ?? [];
    const missing: string[] = [];
    for (const [index, spec] of wanted.entries()) {
      const count = spec.many ? Math.max(this.#loose.length - (wanted.length - index - 1), 0) : 1;
      const taken = this.#loose.splice(0, count);
      if (taken.length === 0) missing.push(spec.name);
      else this.#values.set(spec.name, taken);
      const wrong = spec.choices === undefined ? undefined : taken.find((each) => !spec.choices?.includes(each));
      if (wrong !== undefined)
        this.#fail(
          `argument ${spec.name}: invalid choice: '${wrong}' (choose from ${spec.choices?.map((each) => `'${each}'`).join(", ")})`,
        );
    }
    const options = this.#options
      .filter((option) => option.required && !this.#values.has(option.name))
      .map(optionLabel);
    if (options.length + missing.length > 0)
      this.#fail(`the following arguments are required: ${[...options, ...missing].join(", ")}`);
    this.#unknown.push(...this.#loose);
  }

  #fail(message: string): never {
    throw new UsageError(message, this.#verb);
  }
}
