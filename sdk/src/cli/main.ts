/** `npx seapath VERB …`: from the command line to the exit code. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { api, close, describeError, printable, speak, told } from "pulumi-seapath-provider";
import { candidates } from "./candidates";
import { settleCluster, SHARED, stackOf } from "./connection";
import { Given, UsageError, type OptionSpec } from "./grammar";
import { helpOf, overview, usageOf } from "./help";
import { didYouMean } from "./nearest";
import { parseWords } from "./parse";
import { Progress } from "./print";
import type { Verb } from "./verb";
import { VERBS } from "./verbs";
import { wordsOf } from "./words";

const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as { version: string };

/** Splits off the options before the verb, the verb, and the rest. */
function split(words: readonly string[]): { verb: Verb | undefined; words: string[] } {
  const before: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith("-")) {
      const verb = VERBS.find(({ name }) => name === word);
      if (verb === undefined)
        throw new UsageError(
          `argument command: invalid choice: '${word}'${didYouMean(
            word,
            VERBS.map(({ name }) => name),
          )} (choose from ${VERBS.map(({ name }) => `'${name}'`).join(", ")})`,
        );
      return { verb, words: [...before, ...rest] };
    }
    before.push(word);
    if (takesNext(word) && rest.length > 0) before.push(rest.shift() ?? "");
  }
  return { verb: undefined, words: before };
}

function takesNext(word: string): boolean {
  const fits = (option: OptionSpec) => `--${option.name}` === word || `-${option.short}` === word;
  const option = SHARED.find(fits) ?? SHARED.find(({ name }) => `--${name}`.startsWith(word));
  return option !== undefined && option.takes !== "flag";
}

/** Runs a verb. @returns the exit code */
async function run(words: readonly string[]): Promise<number> {
  const { verb, words: rest } = split(words);
  if (verb === undefined) {
    if (rest.some((word) => word === "-h" || word === "--help")) {
      process.stdout.write(`${overview(VERBS, SHARED)}\n`);
      return 0;
    }
    if (rest.includes("--version")) {
      process.stdout.write(`seapath ${version}\n`);
      return 0;
    }
    throw new UsageError("the following arguments are required: command");
  }
  const { given, help } = parseWords(verb, SHARED, rest);
  if (help) {
    process.stdout.write(`${helpOf(verb, SHARED)}\n`);
    return 0;
  }
  speak(wordsOf(verb, given));
  const progress = new Progress({ often: given.has("progress") });
  try {
    const stack = verb.local === true ? undefined : await stackOf(given, (text) => progress.report(text));
    const cluster = settleCluster(given, stack);
    const code = await verb.run({
      given,
      at: { ...(cluster === undefined ? {} : { cluster }), report: (text) => progress.report(text) },
      json: given.has("json"),
      say: (text) => progress.report(text),
      out: (text) => void process.stdout.write(printable(text)),
      settleNode: (node) => void settleCluster(given, stack, process.env, node),
    });
    return code ?? 0;
  } catch (error) {
    progress.end();
    if (error instanceof UsageError) throw new UsageError(error.message, error.verb ?? verb);
    process.stderr.write(`${told(described(error, given))}\n`);
    return 1;
  } finally {
    progress.end();
  }
}

/** Whether the error means that no setting locates the cluster. */
const isNoHosts = (error: unknown) => (error as { code?: unknown }).code === "no-hosts";

const HOW_TO_NAME_HOSTS =
  "Say --hosts node1,node2,node3 or --cluster NAME, set SEAPATH_HOSTS, or run this in a Pulumi project whose stack (--stack) has it: " +
  "`pulumi config set seapath:hosts node1,node2,node3`.";

/** An error as printed; with `-v`, with all its causes. */
function described(error: unknown, given: Given): string {
  const text = describeError(
    isNoHosts(error) ? new Error(`No host of the cluster is named\n  → ${HOW_TO_NAME_HOSTS}`) : error,
  );
  if (!given.has("verbose")) return text;
  const chain: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) chain.push(cause.stack ?? cause.message);
  return `${text}\n${chain.join("\ncaused by: ")}`;
}

/** The shared options among the words, with their values. */
function sharedWords(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    const option = SHARED.find(({ name }) => word === `--${name}`);
    if (option === undefined) return [];
    return option.takes === "flag" ? [word] : [word, words[index + 1] ?? ""];
  });
}

async function complete(words: readonly string[]): Promise<void> {
  const vms = async () => {
    const look = { name: "list", help: "", options: [] };
    const { given } = parseWords(look, SHARED, sharedWords(words.slice(0, -1)));
    const stack = await stackOf(given, () => undefined);
    const cluster = settleCluster(given, stack, { SEAPATH_CONNECT_TIMEOUT: "3", ...process.env });
    return (await api.listVms(cluster === undefined ? {} : { cluster })).map(({ name }) => name);
  };
  // Completion cannot show errors.
  const found = await candidates(VERBS, SHARED, words, () => vms().catch(() => []));
  process.stdout.write(
    found
      .map((each) => (each === "files" ? ":files\n" : `${printable(each.word)}\t${printable(each.help)}\n`))
      .join(""),
  );
}

/** Runs the program. The exit code is 0 on success, 1 on failure, 2 on wrong usage. */
export async function main(words: readonly string[]): Promise<void> {
  // A reader that stops early (`head`) is not a failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  process.once("SIGINT", () => {
    close();
    process.exit(130);
  });
  try {
    if (words[0] === "__complete") await complete(words.slice(1));
    else process.exitCode = await run(words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { verb, message } = error;
    const usage = verb === undefined ? "usage: seapath [-v] [--cluster NAME] [--hosts HOST,…] VERB …" : usageOf(verb);
    process.stderr.write(
      `${usage}\nseapath${verb === undefined ? "" : ` ${verb.name}`}: error: ${printable(message)}\n`,
    );
    process.exitCode = 2;
  } finally {
    close();
  }
}
