// Output of the demo: headings, commands with their output, and claims that were checked.
import { spawn } from "node:child_process";
import { styleText } from "node:util";

const colour = (style: "bold" | "green" | "red" | "cyan", text: string) =>
  process.stdout.isTTY ? styleText(style, text) : text;

export class Refuted extends Error {}

export function heading(text: string): void {
  console.log(`\n${colour("bold", `── ${text}`)}`);
}

export function note(text: string): void {
  console.log(text.replaceAll(/^/gm, "   "));
}

/** Prints a checked claim; ends the demo if it does not hold. */
export function claim(text: string, holds: boolean): void {
  if (!holds) throw new Refuted(text);
  console.log(`${colour("green", "✓")} ${text}`);
}

const quote = (argument: string) =>
  /^[\w@%+=:,./~-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;

interface RunOptions {
  /** Hides the command and its output. */
  silent?: boolean;
  /** Gives the command the terminal, so that it can draw its progress; its output is then not returned. */
  live?: boolean;
}

/** Runs a command and returns its output. Unless `silent`, shows both live. */
export function run(argv: string[], { silent = false, live = false }: RunOptions = {}): Promise<string> {
  const [program = "", ...args] = argv;
  const line = argv.map(quote).join(" ");
  if (!silent) console.log(`\n${colour("cyan", `$ ${line}`)}`);
  return new Promise((resolve, reject) => {
    const output = live && process.stdout.isTTY ? "inherit" : "pipe";
    const child = spawn(program, args, { stdio: ["ignore", output, output] });
    const printed = { out: "", all: "" };
    child.stdout?.on("data", (bytes: Buffer) => {
      printed.out += bytes.toString();
      printed.all += bytes.toString();
      if (!silent) process.stdout.write(bytes);
    });
    child.stderr?.on("data", (bytes: Buffer) => {
      printed.all += bytes.toString();
      if (!silent) process.stderr.write(bytes);
    });
    child.on("error", (error) => reject(new Refuted(`${program}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(printed.out);
      reject(new Refuted(`${line} ended with ${signal ?? `exit code ${code}`}${silent ? `: ${printed.all}` : ""}`));
    });
  });
}

/** Repeats a query until the answer is good; returns the last one either way. */
export async function eventually<T>(seconds: number, ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (good(answer) || Date.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
