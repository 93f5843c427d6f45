/**
 * Node programs: each step on a node is one Python program that arrives on standard input and answers with one JSON
 * object. That is one round trip and one remote process, however many images or VMs it handles.
 */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { runOnEach, type Command, type CommandResult, type Runner } from "../transport/types";
import { ParseError, ProgramError } from "./errors";

const FOLDER = join(__dirname, "..", "..", "python");
const sources = new Map<string, string>();

const read = (name: string) => readFileSync(join(FOLDER, `${name}.py`), "utf8");

/** The files of a program, each once and after those in its line `# Needs: pool, storage`. */
function files(name: string): string[] {
  const needed = /^# Needs: (.+)$/m.exec(read(name))?.[1]?.split(", ") ?? [];
  return [...new Set([...needed.flatMap(files), name])];
}

/** The text of node programs except for the last line: the shared code, the files they need, and the programs. */
export function programSource(...names: readonly string[]): string {
  const key = names.join();
  const known = sources.get(key);
  if (known !== undefined) return known;
  const text = [...new Set(["common", "link", ...names.flatMap(files)])].map(read).join("\n\n");
  sources.set(key, text);
  return text;
}

/** The options for running a node program. */
export interface ProgramOptions {
  /** Changes nothing, so it may run again on another node. @default false */
  readOnly?: boolean;
  /** @default 60000 */
  timeoutMs?: number;
  /** @default 64 MiB */
  maxOutputBytes?: number;
}

/**
 * Runs a node program.
 * @throws ProgramError if the program reports a failure; CommandError or ConnectionError if it could not report
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
 * The answer of a program on one of several nodes, or the error. `between`: it ran between these two times, in
 * milliseconds since 1970 by the clock of this machine
 */
export type ProgramAnswer =
  { address: string; answer: unknown; between?: readonly [number, number] } | { address: string; error: unknown };

/** Runs a read-only or idempotent node program on every node of the settings, all at once. */
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
 * The same, where it does not matter which node gave which answer.
 * @returns the answers of the nodes that could be reached and had one; nothing about the others
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
 * Runs several node programs in one process, in sequence. If one fails, the later ones do not start.
 * @returns the answer of each
 * @throws ProgramError that names the failed program
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

// Base64 is neither shell nor Python syntax: no name, whatever it contains, can end the literal.
const encode = (request: unknown) => Buffer.from(JSON.stringify(request), "utf8").toString("base64");

const DEFAULT_TIMEOUT_MS = 60_000;
/** How much later than here the deadline is on the node, where the process may have to end itself. */
const LATER_MS = 10_000;

/**
 * Isolated mode: Python does not search the current folder, the user's packages or PYTHONPATH for modules, so no stray
 * `socket.py` replaces Python's own.
 */
const PYTHON = ["/usr/bin/python3", "-I", "-"] as const;

/** The command that runs programs. They end themselves if the caller is gone. */
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

/** @throws ProgramError if the program reports a failure; ParseError if its output is no answer */
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

/** The command of a program that reports like a tool: by its output and its exit code. */
export const programCommand = (name: string, request: unknown, timeoutMs: number) =>
  commandOf([name], `main("${encode(request)}")`, timeoutMs);

/**
 * Runs a command that may take long, and ends it soon after its connection is lost; otherwise it would run on.
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
