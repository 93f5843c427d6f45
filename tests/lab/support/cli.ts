/** The command line as a user runs it: as a process, also on a terminal. */
import { execFile, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pulumiEnvironment } from "../../../tools/env.mjs";

export const CLI = join(import.meta.dirname, "..", "..", "..", "sdk", "bin", "seapath.js");

/** A process's output and how it ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program with the cluster in its environment. */
export function ran(
  program: string,
  words: readonly string[],
  more: Record<string, string> = {},
  cwd = process.cwd(),
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      program,
      words,
      { cwd, env: { ...pulumiEnvironment(), ...more }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
      },
    );
  });
}

/**
 * `seapath …`, in a folder outside any Pulumi project: in this checkout it would ask Pulumi for the stack's settings
 * each time.
 */
export const seapath = (...words: string[]): Promise<Ended> => ran(process.execPath, [CLI, ...words], {}, tmpdir());

/** `seapath …` that keeps running: its output so far, and a way to end it. */
export function going(...words: string[]): { text: () => string; stop: () => Promise<void> } {
  const child = spawn(process.execPath, [CLI, ...words], {
    cwd: tmpdir(),
    env: pulumiEnvironment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    text: () => text,
    stop: () => {
      child.kill("SIGINT");
      return ended;
    },
  };
}

/**
 * Runs a program on a terminal: types each text when the one before it is on the screen, and returns everything shown.
 */
const ON_TERMINAL = `
import json, os, pty, select, sys, time
keys = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen, until = "", time.monotonic() + 60
while time.monotonic() < until:
    if select.select([fd], [], [], 0.2)[0]:
        try:
            chunk = os.read(fd, 4096)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk.decode(errors="replace")
    if keys and keys[0][0] in seen:
        os.write(fd, keys.pop(0)[1].encode())
_, status = os.waitpid(pid, 0)
print(seen)
sys.exit(os.waitstatus_to_exitcode(status))
`;

/** `seapath …` on a terminal. @param keys pairs of a text to wait for on the screen, and what to type then */
export const onTerminal = (keys: [string, string][], ...words: string[]): Promise<Ended> =>
  ran("/usr/bin/python3", ["-I", "-c", ON_TERMINAL, JSON.stringify(keys), process.execPath, CLI, ...words], {
    TERM: "vt100",
  });
