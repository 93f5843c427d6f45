/**
 * A copy of a project in examples/, driven through the CLI as on a terminal: its changes to a stack's file stay in the
 * copy.
 */
import { execFile } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pulumiEnvironment, root, stateFolder } from "../../../tools/env.mjs";

export interface Said {
  exitCode: number;
  text: string;
}

export class Project {
  readonly folder: string;

  /** Inside the checkout, so that its packages are found. */
  constructor(example: string) {
    this.folder = join(stateFolder, "copies", example);
    rmSync(this.folder, { recursive: true, force: true });
    const inside = (path: string) => !/node_modules|Pulumi\.labtest/.test(path.slice(root.length));
    cpSync(join(root, "examples", example), this.folder, { recursive: true, filter: inside });
  }

  /** Runs a program in its folder; returns the exit code and all output. */
  run(program: string, words: readonly string[], environment: Record<string, string> = {}): Promise<Said> {
    const options = { cwd: this.folder, env: { ...pulumiEnvironment(), ...environment }, maxBuffer: 64 * 1024 * 1024 };
    return new Promise((resolve, reject) => {
      execFile(program, words, options, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : error.code;
        if (typeof exitCode === "number") resolve({ exitCode, text: stdout + stderr });
        else reject(error ?? new Error(`${program} ended without an exit code`));
      });
    });
  }

  /** Runs `pulumi` with these words. */
  pulumi(...words: string[]): Promise<Said> {
    return this.run("pulumi", [...words, "--non-interactive", "--color", "never"]);
  }

  /** An empty stack of that name; destroys what a killed run left. */
  async emptyStack(stack: string): Promise<void> {
    await this.pulumi("stack", "select", "--create", stack);
    await this.pulumi("cancel", "--yes", "--stack", stack);
    const { exitCode, text } = await this.pulumi("destroy", "--yes", "--stack", stack);
    if (exitCode !== 0) throw new Error(text);
  }

  /** Edits a file, which must actually change, and returns a function that restores it. */
  edit(file: string, ...changes: [from: RegExp | string, to: string][]): () => void {
    const path = join(this.folder, file);
    const before = readFileSync(path, "utf8");
    let now = before;
    for (const [from, to] of changes) {
      const next = now.replace(from, to);
      if (next === now) throw new Error(`${file} has nothing that ${String(from)} matches`);
      now = next;
    }
    writeFileSync(path, now);
    return () => writeFileSync(path, before);
  }
}
