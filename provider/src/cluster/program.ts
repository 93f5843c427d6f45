/**
 * Node programs: what a step does on a node is one Python program that comes on standard input and answers with one
 * JSON object. One round trip and one remote process, however many images or VMs it is about.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Runner } from "../transport/types";
import { ParseError, ProgramError } from "./errors";

const FOLDER = join(__dirname, "..", "..", "python");
const sources = new Map<string, string>();

const read = (name: string) => readFileSync(join(FOLDER, `${name}.py`), "utf8");

/** The files that a program is made of, each once and behind those that it names in its line `# Needs: pool, storage`. */
function files(name: string): string[] {
  const needed = /^# Needs: (.+)$/m.exec(read(name))?.[1]?.split(", ") ?? [];
  return [...new Set([...needed.flatMap(files), name])];
}

/** The text of a node program, whole but for its last line: what all share, the files that it needs, and itself. */
export function programSource(name: string): string {
  const known = sources.get(name);
  if (known !== undefined) return known;
  const text = [...new Set(["common", ...files(name)])].map(read).join("\n\n");
  sources.set(name, text);
  return text;
}

/** How a node program is run. */
export interface ProgramOptions {
  /** Changes nothing, so it may be asked again on another node. @default false */
  readOnly?: boolean;
  /** @default 60000 */
  timeoutMs?: number;
}

/**
 * Runs a node program.
 * @throws ProgramError when the program says that it failed; CommandError or ConnectionError when it could not say
 */
export async function runProgram(
  runner: Runner,
  name: string,
  request: unknown,
  options: ProgramOptions = {},
): Promise<unknown> {
  // Base64 is neither shell nor Python syntax: whatever a name holds, it cannot end the literal.
  const encoded = Buffer.from(JSON.stringify(request), "utf8").toString("base64");
  const result = await runner.run({
    argv: ["/usr/bin/python3", "-"],
    stdin: `${programSource(name)}\n\nmain("${encoded}")\n`,
    label: `the ${name} program`,
    ...options,
  });
  let answer: { ok?: unknown; error?: { kind: string; message: string } };
  try {
    answer = JSON.parse(result.stdout) as typeof answer;
  } catch {
    throw new ParseError(`the ${name} program on ${result.node}`, "it is no JSON", result.stdout || result.stderr);
  }
  if (answer.error !== undefined) throw new ProgramError(result.node, name, answer.error.kind, answer.error.message);
  return answer.ok;
}
