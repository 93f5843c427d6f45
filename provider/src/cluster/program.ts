/**
 * Node programs: what a step does on a node is one Python program that comes on standard input and answers with one
 * JSON object. One round trip and one remote process, however many images or VMs it is about.
 */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { runOnEach, type Command, type CommandResult, type Runner } from "../transport/types";
import { ParseError, ProgramError } from "./errors";

const FOLDER = join(__dirname, "..", "..", "python");
const sources = new Map<string, string>();

const read = (name: string) => readFileSync(join(FOLDER, `${name}.py`), "utf8");

/** The files that a program is made of, each once and behind those that it names in its line `# Needs: pool, storage`. */
function files(name: string): string[] {
  const needed = /^# Needs: (.+)$/m.exec(read(name))?.[1]?.split(", ") ?? [];
  return [...new Set([...needed.flatMap(files), name])];
}

/** The text of node programs, whole but for the last line: what all share, the files that they need, and themselves. */
export function programSource(...names: readonly string[]): string {
  const key = names.join();
  const known = sources.get(key);
  if (known !== undefined) return known;
  const text = [...new Set(["common", "link", ...names.flatMap(files)])].map(read).join("\n\n");
  sources.set(key, text);
  return text;
}

/** How a node program is run. */
export interface ProgramOptions {
  /** Changes nothing, so it may be asked again on another node. @default false */
  readOnly?: boolean;
  /** @default 60000 */
  timeoutMs?: number;
  /** @default 64 MiB */
  maxOutputBytes?: number;
}

/**
 * Runs a node program.
 * @throws ProgramError when the program says that it failed; CommandError or ConnectionError when it could not say
 */
export function runProgram(
  runner: Runner,
  name: string,
  request: unknown,
  options: ProgramOptions = {},
): Promise<unknown> {
  return run(runner, [name], `main("${encode(request)}")`, `the ${name} program`, options);
}

/**
 * What a program on one of several nodes answered, or why it did not.
 * `between`: the moments between which it ran, in milliseconds since 1970 by the clock of this machine
 */
export type ProgramAnswer =
  { address: string; answer: unknown; between?: readonly [number, number] } | { address: string; error: unknown };

/** Runs a node program that changes nothing, or nothing more when it is run again, on every node of the settings, all at once. */
export async function askOnEach(
  runner: Runner,
  name: string,
  request: unknown,
  options: Omit<ProgramOptions, "readOnly"> = {},
): Promise<ProgramAnswer[]> {
  const label = `the ${name} program`;
  const answers = await runOnEach(runner, {
    ...commandOf([name], `main("${encode(request)}")`, options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    ...options,
    label,
    traceAs: label,
    readOnly: true,
  });
  return answers.map((each) => {
    if (!("result" in each)) return each;
    const { address, result, between } = each;
    try {
      return { address, answer: answerOf(result, [name], label), ...(between === undefined ? {} : { between }) };
    } catch (error) {
      if (error instanceof ProgramError || error instanceof ParseError) return { address, error };
      throw error;
    }
  });
}

/**
 * The same for what is said of one node as of another.
 * @returns what those answered that could be asked and could tell; of the others nothing is known
 */
export async function runProgramOnEach(
  runner: Runner,
  name: string,
  request: unknown,
  options: Omit<ProgramOptions, "readOnly"> = {},
): Promise<unknown[]> {
  return (await askOnEach(runner, name, request, options)).flatMap((each) => ("answer" in each ? [each.answer] : []));
}

/**
 * Runs several node programs in one process, one after the other. When one fails those behind it are not begun.
 * @returns what each answered
 * @throws ProgramError, which names the one that failed
 */
export async function runPrograms(
  runner: Runner,
  parts: readonly (readonly [name: string, request: unknown])[],
  options: ProgramOptions = {},
): Promise<unknown[]> {
  const names = parts.map(([name]) => name);
  return (await run(
    runner,
    names,
    `run_parts("${encode(parts)}")`,
    `the ${names.join(" and ")} programs`,
    options,
  )) as unknown[];
}

// Base64 is neither shell nor Python syntax: whatever a name holds, it cannot end the literal.
const encode = (request: unknown) => Buffer.from(JSON.stringify(request), "utf8").toString("base64");

const DEFAULT_TIMEOUT_MS = 60_000;
/** How much later than here a program's deadline is on the node, where nobody may be left to end it. */
const LATER_MS = 10_000;

/**
 * Isolated: the folder in which it happens to be started, the user's packages and PYTHONPATH are not where it looks for
 * modules, so that nobody's `socket.py` runs in the place of Python's own.
 */
const PYTHON = ["/usr/bin/python3", "-I", "-"] as const;

/** The command that runs programs, which end themselves when nobody waits for them any more. */
function commandOf(
  names: readonly string[],
  call: string,
  timeoutMs: number,
): Pick<Command, "argv" | "stdin" | "timeoutMs"> {
  const watch = `begin_watch(${Math.ceil((timeoutMs + LATER_MS) / 1000)})`;
  return { argv: [...PYTHON], stdin: `${programSource(...names)}\n\n${watch}\n${call}\n`, timeoutMs };
}

async function run(
  runner: Runner,
  names: readonly string[],
  call: string,
  label: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS, ...options }: ProgramOptions,
): Promise<unknown> {
  return answerOf(
    await runner.run({ ...commandOf(names, call, timeoutMs), label, traceAs: label, ...options }),
    names,
    label,
  );
}

/** @throws ProgramError when the program says that it failed; ParseError when it says nothing of that kind */
function answerOf(result: CommandResult, names: readonly string[], label: string): unknown {
  let answer: { ok?: unknown; error?: { kind: string; message: string; part?: string | null } };
  try {
    answer = JSON.parse(result.stdout) as typeof answer;
  } catch {
    throw new ParseError(`${label} on ${result.node}`, "it is no JSON", result.stdout || result.stderr);
  }
  const { error } = answer;
  if (error !== undefined) throw new ProgramError(result.node, error.part ?? names[0] ?? "", error.kind, error.message);
  return answer.ok;
}

/** The command of a program that speaks for itself: by its output and its exit code, like a tool. */
export const programCommand = (name: string, request: unknown, timeoutMs: number) =>
  commandOf([name], `main("${encode(request)}")`, timeoutMs);

/**
 * Runs a command that may take long, such that it ends soon after its connection did: on its own it would run on.
 * @throws as `Runner.run`
 */
export function runLong(
  runner: Runner,
  { argv, timeoutMs, ...options }: Omit<Command, "stdin"> & { timeoutMs: number },
): Promise<CommandResult> {
  return runner.run({
    ...programCommand("tool", argv, timeoutMs),
    label: argv.join(" "),
    traceAs: basename(argv[0] ?? ""),
    ...options,
  });
}
