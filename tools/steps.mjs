// Shows the steps of the bootstrap: what runs, how it ended, and how long it took. Steps may run in parallel, so every
// line has the name of its step.
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { logFolder } from "./env.mjs";

/** Seconds between two signs of life of a long step. */
const HEARTBEAT = 60;

/** Something that is unavailable, with advice. */
export class StepError extends Error {
  /**
   * @param {string} message
   * @param {string} [advice] what the user can do
   */
  constructor(message, advice) {
    super(message);
    this.advice = advice;
    /** Set once it is printed, so that steps that wait for this one do not print it again. */
    this.shown = false;
  }
}

/** @param {number} since a time of performance.now() */
export function took(since) {
  const seconds = (performance.now() - since) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** @param {string} name @param {string} text @param {string} [sign] */
function print(name, text, sign = "·") {
  for (const line of text.split("\n")) console.log(`${sign} ${name.padEnd(10)} ${line}`);
}

/**
 * Runs one step. Returns the result of `work`. `say` reports what it is doing, `done` sets the closing words; `failed`
 * does too, if the work finished with a bad result.
 * @template T
 * @param {string} name
 * @param {(tell: { say: (text: string) => void, done: (text: string) => void, failed: (text: string) => void, log:
 * string }) => Promise<T> | T} work
 * @param {boolean} [quiet] prints nothing unless there was something to do
 * @returns {Promise<T>}
 */
export async function step(name, work, quiet = false) {
  const began = performance.now();
  let doing = "";
  let end = "done";
  let sign = "✓";
  mkdirSync(logFolder, { recursive: true });
  const log = join(logFolder, `${name.toLowerCase().replaceAll(" ", "-")}.log`);
  const heartbeat = setInterval(() => print(name, `… still at it (${took(began)})`), HEARTBEAT * 1000);
  try {
    const result = await work({
      log,
      say: (text) => print(name, (doing = text)),
      done: (text) => void (end = text),
      failed: (text) => void ([end, sign] = [text, "✗"]),
    });
    if (doing || !quiet) print(name, `${end} (${took(began)})`, sign);
    return result;
  } catch (cause) {
    const error =
      cause instanceof StepError ? cause : new StepError(String(/** @type {any} */ (cause)?.stack ?? cause));
    if (!error.shown) {
      print(name, `${error.message} (${took(began)})`, "✗");
      if (error.advice) print(name, `what to do: ${error.advice}`, "✗");
      error.shown = true;
    }
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
}

/**
 * Runs a command; its output goes to a log file and, line by line, to `line`. On failure, shows the end of the log.
 * @param {string[]} argv
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, log: string, line?: (text: string) => void, advice?: string, okay?:
 * number[] }} options
 * @returns {Promise<{ code: number, output: string }>}
 */
export function command(argv, { cwd, env, log, line, advice, okay = [0] }) {
  return new Promise((resolve, reject) => {
    const [program = "", ...args] = argv;
    const child = spawn(program, args, { cwd, env: env ?? process.env, stdio: ["ignore", "pipe", "pipe"] });
    const file = createWriteStream(log, { flags: "a" });
    file.write(`$ ${argv.join(" ")}\n`);
    /** @type {string[]} */
    const lines = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (text) => {
        lines.push(text);
        file.write(`${text}\n`);
        line?.(text);
      });
    }
    child.on("error", (error) => reject(new StepError(`${program}: ${error.message}`, advice)));
    child.on("close", (status, signal) => {
      file.end();
      const code = status ?? 1;
      const output = lines.join("\n");
      if (okay.includes(code)) return resolve({ code, output });
      const how = signal ? `was ended by ${signal}` : `failed (exit ${code})`;
      const shown = line ? "" : `\n${lines.slice(-25).join("\n")}`;
      reject(new StepError(`${argv.slice(0, 4).join(" ")} ${how}; all of its output: ${log}${shown}`, advice));
    });
  });
}

/**
 * Throws the first failure, but only when all have ended: none keeps running behind the prompt.
 * @template {readonly Promise<unknown>[]} T
 * @param {T} steps
 */
export async function allSteps(...steps) {
  const ends = await Promise.allSettled(steps);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
