/** Reads the preview: from a file, standard input, or `pulumi preview --json` itself. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { UsageError } from "../grammar";

/** Reads a preview. @param source a file, or `-` for standard input; undefined runs pulumi in this folder */
export async function readPreview(source: string | undefined, stack: string | undefined): Promise<unknown> {
  const text = source === undefined ? await runPreview(stack) : readFileSync(source === "-" ? 0 : source, "utf8");
  return parsePreview(
    text,
    source === undefined ? "pulumi preview --json" : source === "-" ? "standard input" : source,
  );
}

/**
 * Parses a preview's output. Skips warnings before and after it, which `2>&1` and wrappers leave there: the first and
 * last bracket of Pulumi's JSON are each on a line of their own.
 */
export function parsePreview(text: string, from: string): unknown {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const whole = lines.slice(
    lines.findIndex((line) => line.startsWith("{")),
    lines.findLastIndex((line) => /^\}|\}$/.test(line)) + 1,
  );
  for (const part of [lines, whole]) {
    try {
      return JSON.parse(part.join("\n")) as unknown;
    } catch {
      // Neither may parse; that is reported below.
    }
  }
  const first = lines.find((line) => line.trim() !== "");
  const begins =
    first === undefined
      ? "it is empty"
      : `it begins with ${JSON.stringify(first.length > 80 ? `${first.slice(0, 80)}…` : first)}`;
  throw new UsageError(
    `what ${from} has is no JSON: ${begins}. Give what \`pulumi preview --json\` printed to standard output, whole`,
  );
}

function runPreview(stack: string | undefined): Promise<string> {
  const args = ["preview", "--json", "--non-interactive", ...(stack === undefined ? [] : ["--stack", stack])];
  return new Promise((resolve, reject) => {
    // The source of an earlier plan does not matter to a new one.
    const { SEAPATH_PLANNED: _earlier, ...env } = process.env;
    const child = spawn("pulumi", args, { env, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    child.on("error", (cause) => reject(new Error(`Unable to run pulumi preview: ${cause.message}`)));
    child.on("close", (code) => {
      if (code === 0) return resolve(text);
      reject(new Error(`Unable to plan: pulumi preview failed (exit ${code})${diagnostics(text)}`));
    });
  });
}

/** The error messages in a failed preview's JSON. */
function diagnostics(text: string): string {
  try {
    const { diagnostics = [] } = JSON.parse(text) as { diagnostics?: { message?: string; severity?: string }[] };
    const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message ?? "");
    return errors.length === 0 ? "" : `:\n${errors.join("\n")}`;
  } catch {
    return ""; // it failed before writing any JSON; its message is on standard error
  }
}
