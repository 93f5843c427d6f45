/** Where the preview comes from: a file, standard input, or `pulumi preview --json` itself. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { UsageError } from "../grammar";

/** Reads a preview. @param source a file, `-` for standard input; undefined: pulumi is run in this folder */
export async function readPreview(source: string | undefined, stack: string | undefined): Promise<unknown> {
  const text = source === undefined ? await runPreview(stack) : readFileSync(source === "-" ? 0 : source, "utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const from = source === undefined ? "pulumi preview --json" : source;
    throw new UsageError(`what ${from} has is no JSON; give what \`pulumi preview --json\` printed, whole`);
  }
}

function runPreview(stack: string | undefined): Promise<string> {
  const args = ["preview", "--json", "--non-interactive", ...(stack === undefined ? [] : ["--stack", stack])];
  return new Promise((resolve, reject) => {
    // What an earlier plan was made of does not matter to a new one.
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

/** What a preview that failed says of itself, in its JSON. */
function diagnostics(text: string): string {
  try {
    const { diagnostics = [] } = JSON.parse(text) as { diagnostics?: { message?: string; severity?: string }[] };
    const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message ?? "");
    return errors.length === 0 ? "" : `:\n${errors.join("\n")}`;
  } catch {
    return ""; // it failed before it had anything to say in JSON; what it said is on standard error
  }
}
