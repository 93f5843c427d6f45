/** A scripted Runner: it answers the programs that it was given, records requests, and rejects everything else. */
import { createRequire } from "node:module";
import type { Command, CommandResult, Runner } from "../../../provider/dist/transport/types.js";

const require = createRequire(import.meta.url);
export const errors =
  require("../../../provider/dist/transport/errors.js") as typeof import("../../../provider/dist/transport/errors.js");

/** The request within a node program. */
export function requestOf(command: Command): unknown {
  const encoded = /(?:main|run_parts)\("([A-Za-z0-9+/=]*)"\)\n$/.exec(String(command.stdin))?.[1] ?? "";
  return JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
}

type Answers = Record<string, (request: unknown, command: Command) => unknown>;

export class ScriptedRunner implements Runner {
  readonly node = "node1";
  readonly asked: Command[] = [];
  readonly #answers: Answers;

  /** @param answers by the label of a program, or by the first word of a command; thrown errors are thrown */
  constructor(answers: Answers) {
    this.#answers = answers;
  }

  async run(command: Command): Promise<CommandResult> {
    this.asked.push(command);
    const answer = this.#answers[command.label ?? command.argv[0] ?? ""];
    if (answer === undefined)
      throw new Error(`the test's runner does not know: ${command.label ?? command.argv.join(" ")}`);
    const program = command.argv[0] === "/usr/bin/python3";
    const stdout = await answer(program ? requestOf(command) : undefined, command);
    return { node: "node1", exitCode: 0, stdout: program ? JSON.stringify(stdout) : String(stdout), stderr: "" };
  }

  upload(): Promise<string> {
    throw new Error("the test's runner uploads nothing");
  }

  close(): void {}
}
