/** Builds usage and help texts from the verb tables. */
import type { OptionSpec, PositionalSpec, VerbSpec } from "./grammar";

const WIDTH = 110;
const INDENT = 26;

const placeholder = (option: OptionSpec) =>
  option.placeholder ?? (option.takes === "vm" ? "NAME" : option.name.toUpperCase().replaceAll("-", "_"));

function valueText(option: OptionSpec): string {
  if (option.takes === "flag") return "";
  if (option.takes === "pairs") return " KEY=VALUE …";
  return ` ${option.choices === undefined ? placeholder(option) : `{${option.choices.join(",")}}`}${option.takes === "list" ? " …" : ""}`;
}

function brief(option: OptionSpec): string {
  const text = `${option.short === undefined ? `--${option.name}` : `-${option.short}`}${valueText(option)}`;
  return option.required ? text : `[${text}]${option.repeated ? "…" : ""}`;
}

const positionalText = ({ name, many }: PositionalSpec) => (many ? `${name} [${name} …]` : name);

function wrapped(words: readonly string[], first: string, indent: number): string {
  const lines: string[] = [];
  let line = first;
  for (const word of words) {
    if (line.length + word.length + 1 > WIDTH && line.trim() !== "") {
      lines.push(line);
      line = " ".repeat(indent);
    }
    line += line.endsWith(" ") ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}

/** `usage: seapath stop -n NAME [-f]`: the verb's options, without the shared ones. */
export function usageOf(verb: VerbSpec): string {
  const words = [...verb.options.map(brief), ...(verb.positionals ?? []).map(positionalText)];
  return wrapped(words, `usage: seapath ${verb.name}`, 15);
}

function row(left: string, right: string): string {
  const head = `  ${left}`;
  const text = wrapped(right.split(" "), " ".repeat(INDENT), INDENT);
  return head.length < INDENT - 1 ? head + text.slice(head.length) : `${head}\n${text}`;
}

const optionRow = (option: OptionSpec) =>
  row(`${option.short === undefined ? "" : `-${option.short}, `}--${option.name}${valueText(option)}`, option.help);

/** The full help of a verb. */
export function helpOf(verb: VerbSpec, shared: readonly OptionSpec[]): string {
  const positionals = verb.positionals ?? [];
  return [
    usageOf(verb),
    "",
    `${verb.help}.`,
    ...(verb.more === undefined ? [] : ["", verb.more]),
    ...(positionals.length > 0 ? ["", "arguments:", ...positionals.map((each) => row(each.name, each.help))] : []),
    ...(verb.options.length > 0 ? ["", "options:", ...verb.options.map(optionRow)] : []),
    "",
    "the cluster (also before the verb):",
    ...shared.map(optionRow),
  ].join("\n");
}

/** The overview of the program. */
export function overview(verbs: readonly VerbSpec[], shared: readonly OptionSpec[]): string {
  return [
    "usage: seapath [-v] [--cluster NAME] [--hosts HOST,…] VERB …",
    "",
    "What is done with VMs on a SEAPATH cluster outside of a Pulumi program: vm-mgr's verbs, with vm-mgr's options and",
    "words, from any machine with SSH to a node of it. `seapath VERB --help` says all of a verb.",
    "",
    "verbs:",
    ...verbs.map((verb) => row(verb.name, verb.help)),
    "",
    "the cluster:",
    ...shared.map(optionRow),
    "",
    "Exit codes: 0 done; 1 it failed, and standard error says why; 2 the command line means nothing; 3, of `doctor`: something has to be mended; 4, of `plan`: no node was reached.",
  ].join("\n");
}
