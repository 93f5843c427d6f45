import { spawn } from "node:child_process";
import { CommandError } from "./errors";
import type { Command, CommandResult, Runner } from "./types";

/**
 * Runs programs on this machine without a shell, for work that needs no cluster but its tools, such as on a CIB in a
 * file. It has no link that could break, so it never runs anything twice.
 */
export class LocalRunner implements Runner {
  readonly node = "this machine";

  run({ argv, stdin, timeoutMs = 60_000, okExitCodes = [0], label, onStdout }: Command): Promise<CommandResult> {
    const [program = "", ...args] = argv;
    const node = this.node;
    const command = label ?? argv.join(" ");
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { stdio: "pipe", cwd: "/" }); // never read or run the user's files
      const out = { stdout: "", stderr: "" };
      let timedOut = false;
      const deadline = setTimeout(() => {
        timedOut = true;
        child.kill("SIGKILL");
      }, timeoutMs);
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out.stdout += text;
        onStdout?.(text);
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => (out.stderr += text));
      child.stdin.on("error", () => {}); // a program that exits before reading all input reports why itself
      child.on("error", (cause) => {
        clearTimeout(deadline);
        reject(new CommandError({ node, command, ...out, reason: `could not be run: ${cause.message}` }));
      });
      child.on("close", (exitCode, signal) => {
        clearTimeout(deadline);
        if (!timedOut && exitCode !== null && okExitCodes.includes(exitCode))
          return resolve({ node, exitCode, ...out });
        reject(
          new CommandError({
            node,
            command,
            ...out,
            timedOut,
            ...(exitCode === null ? {} : { exitCode }),
            ...(signal === null ? {} : { signal }),
          }),
        );
      });
      child.stdin.end(stdin);
    });
  }

  upload(): Promise<string> {
    return Promise.reject(new Error("nothing is sent to this machine itself"));
  }

  close(): void {}
}
