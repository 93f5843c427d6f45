/** Runs programs on this machine, waits, and reports how long a step took. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

import { LabError } from "./config.ts";

export { sleep };

export interface Output {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export interface RunOptions {
  stdin?: string | Uint8Array;
  /** An exit code other than 0 is not an error. */
  ok?: boolean;
  env?: Record<string, string>;
  cwd?: string;
}

/** Child processes must not use another language or the caller's Ceph settings. */
function cleanEnv(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    LC_ALL: "C.UTF-8",
    // Use Debian's programs, and Debian's python3 with their bindings.
    PATH: "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...extra,
  };
  delete env["CEPH_CONF"];
  delete env["CEPH_ARGS"];
  return env;
}

/** Runs a program and returns its output. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Output> {
  const [file = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: cleanEnv(options.env), cwd: options.cwd, stdio: "pipe" });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    // A program may end without reading its input.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
    child.on("close", (code, signal) => {
      const stdout = Buffer.concat(out).toString();
      const stderr = Buffer.concat(err).toString();
      const exitCode = code ?? (signal === null ? 1 : 128);
      if (exitCode !== 0 && options.ok !== true) {
        const said = (stderr.trim() || stdout.trim()).split("\n").slice(-5).join("\n");
        reject(new LabError(`${argv.slice(0, 12).join(" ")}: exit ${exitCode}${said === "" ? "" : `: ${said}`}`));
      } else resolve({ stdout, stderr, exitCode });
    });
  });
}

/** Runs a program on the caller's terminal and returns its exit code. */
export function attach(
  argv: readonly string[],
  { env = cleanEnv() }: { env?: NodeJS.ProcessEnv } = {},
): Promise<number> {
  const [file = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: "inherit" });
    child.on("error", reject);
    // The program gets the terminal's signals as well, and decides what they mean.
    const ignore = (): void => undefined;
    process.on("SIGINT", ignore);
    child.on("close", (code, signal) => {
      process.off("SIGINT", ignore);
      resolve(code ?? (signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 137));
    });
  });
}

/** Repeats a query until the answer is not undefined or false. */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined | false>,
  everyMs = 150,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let last: unknown;
  while (true) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      throw new LabError(`${what}: not after ${seconds} s${last instanceof Error ? ` (${last.message})` : ""}`);
    }
    await sleep(everyMs);
  }
}

const begun = Date.now();

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Does something and reports when it was done and how long it took. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const from = Date.now();
  const result = await work();
  const at = ((Date.now() - begun) / 1000).toFixed(1).padStart(5);
  say(`${at} s  ${what} (${((Date.now() - from) / 1000).toFixed(1)} s)`);
  return result;
}
