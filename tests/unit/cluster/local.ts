import { spawnSync } from "node:child_process";
import type { Command, CommandResult, Runner } from "../../../provider/dist/transport/types.js";

/** Runs the programs with this machine's Python and a CIB in a file. */
export class LocalRunner implements Runner {
  readonly node = "here";
  readonly environment: NodeJS.ProcessEnv;
  constructor(environment: NodeJS.ProcessEnv) {
    this.environment = environment;
  }
  run(command: Command): Promise<CommandResult> {
    const [, ...args] = command.argv;
    const done = spawnSync("python3", args, { input: command.stdin, env: this.environment, encoding: "utf8" });
    return Promise.resolve({ node: "here", exitCode: done.status ?? -1, stdout: done.stdout, stderr: done.stderr });
  }
  upload(): Promise<string> {
    throw new Error("nothing is uploaded here");
  }
  close(): void {}
}
