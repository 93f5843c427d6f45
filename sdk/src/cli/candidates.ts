/** Shell completion: the words that may come next on a command line. */
import type { OptionSpec, PositionalSpec, VerbSpec } from "./grammar";

/** A word that may come next, with its meaning; or a file name. */
export type Candidate = { word: string; help: string } | "files";

/**
 * The candidates for the last word.
 * @param words everything after the program's name; the last one is being typed, and often empty
 * @param vms reads the names of the cluster's VMs
 */
export async function candidates(
  verbs: readonly VerbSpec[],
  shared: readonly OptionSpec[],
  words: readonly string[],
  vms: () => Promise<string[]>,
): Promise<Candidate[]> {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const { verb, open, positional } = read(verbs, shared, before);
  if (open !== undefined && !(open.many && typed.startsWith("-"))) return values(open, typed, vms);
  if (verb === undefined)
    return typed.startsWith("-")
      ? optionWords(shared, typed)
      : matching(
          verbs.map(({ name, help }) => ({ word: name, help })),
          typed,
        );
  if (positional !== undefined && !typed.startsWith("-")) return values(positional, typed, vms);
  return optionWords([...verb.options, ...shared], typed, before);
}

interface Open {
  takes: OptionSpec["takes"] | PositionalSpec["takes"];
  choices?: readonly string[];
  help: string;
  /** Whether more words, or an option, may follow. */
  many: boolean;
}

function read(verbs: readonly VerbSpec[], shared: readonly OptionSpec[], words: readonly string[]) {
  let verb: VerbSpec | undefined;
  let open: Open | undefined;
  let loose = 0;
  for (const word of words) {
    const options: readonly OptionSpec[] = [...(verb?.options ?? []), ...shared];
    if (word.startsWith("-")) {
      const option = options.find(({ name, short }) => word === `--${name}` || word === `-${short}`);
      open = option === undefined || option.takes === "flag" ? undefined : { ...option, many: false };
    } else if (open !== undefined) {
      open = open.takes === "pairs" || open.takes === "list" ? { ...open, many: true } : undefined;
    } else if (verb === undefined) verb = verbs.find(({ name }) => name === word);
    else loose++;
  }
  const positionals = verb?.positionals ?? [];
  const last = positionals.at(-1);
  const positional = positionals[loose] ?? (last?.many ? last : undefined);
  return { verb, open, positional: positional && { ...positional, many: true } };
}

const matching = (all: readonly { word: string; help: string }[], typed: string) =>
  all.filter(({ word }) => word.startsWith(typed));

function optionWords(options: readonly OptionSpec[], typed: string, given: readonly string[] = []): Candidate[] {
  const free = options.filter(
    ({ name, short, repeated, takes }) =>
      repeated || takes === "pairs" || !(given.includes(`--${name}`) || given.includes(`-${short}`)),
  );
  return matching(
    free.map(({ name, help }) => ({ word: `--${name}`, help })),
    typed,
  );
}

async function values(
  { takes, choices, help }: Omit<Open, "many">,
  typed: string,
  vms: () => Promise<string[]>,
): Promise<Candidate[]> {
  if (choices !== undefined)
    return matching(
      choices.map((word) => ({ word, help })),
      typed,
    );
  if (takes === "vm")
    return matching(
      (await vms()).map((word) => ({ word, help: "VM" })),
      typed,
    );
  return takes === "file" ? ["files"] : [];
}
