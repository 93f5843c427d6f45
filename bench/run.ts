/** Runs local programs and times them. */
import { spawn, type ChildProcess } from "node:child_process";

export interface Ran {
  stdout: string;
  seconds: number;
}

const running = new Set<ChildProcess>();

/** Asks the running program to end, as Ctrl-C on a terminal does; its caller gets the failure. */
export function endRunning(): void {
  for (const child of running) child.kill("SIGINT");
}

/** Runs a program to its end. Asynchronous, because a relay in this process may carry its bytes. */
export function run(
  argv: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; stdin?: string } = {},
): Promise<Ran> {
  const [program = "", ...args] = argv;
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: "pipe" });
    running.add(child);
    let [stdout, all] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => ((stdout += text), (all += text)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (all += text));
    child.on("error", reject);
    child.stdin.on("error", () => undefined); // it may end without reading everything
    child.stdin.end(options.stdin ?? "");
    child.on("close", (code, signal) => {
      running.delete(child);
      if (code === 0) return resolve({ stdout, seconds: (performance.now() - begun) / 1000 });
      reject(
        new Error(`${argv.slice(0, 4).join(" ")} ended with ${signal ?? `exit code ${code}`}:\n${all.slice(-4000)}`),
      );
    });
  });
}
