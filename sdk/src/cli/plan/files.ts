/**
 * Writes a plan in all its formats at once. Also the exit code for a plan that failed, for programs that process it
 * further.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describeError, printable } from "pulumi-seapath-provider";
import { planMermaid } from "./mermaid";
import { writePrivate } from "./private";
import type { Planned } from "./rows";
import { planSvg, type Pictured } from "./svg";
import { planMarkdown, planText } from "./text";

/** Exit code: no node could be reached. 1 is any other failure. */
export const UNREACHABLE = 4;

/**
 * The publishable part of a plan: without the cluster it was made from, and without the VMs' metadata, which the
 * cluster stores in clear text even if it is a secret in the program.
 */
export function shownOf({ saved: _saved, declared, ...shown }: Planned): object {
  return { ...shown, declared: declared.map(({ metadata: _metadata, ...each }) => each) };
}

/** Writes `plan.json`, `plan.txt`, `plan.md`, `plan.mmd` and `plan.svg` from one simulation. */
export function writePlan(folder: string, planned: Planned, pictured: Pictured = {}): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const forms = {
    json: `${JSON.stringify(shownOf(planned))}\n`,
    txt: planText(planned),
    md: planMarkdown(planned),
    mmd: planMermaid(planned, pictured.changes),
    svg: planSvg(planned, pictured),
  };
  for (const [form, text] of Object.entries(forms)) writePrivate(join(folder, `plan.${form}`), printable(text));
}

/** Maps "no node could be reached" to its own exit code, and rethrows every other error. */
export async function orUnreachable(
  planning: () => Promise<void>,
  say: (text: string) => void = (text) => void process.stderr.write(printable(text)),
): Promise<number | void> {
  try {
    return await planning();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (!(error instanceof Error) || code !== "connection") throw error;
    say(`${describeError(error)}\n`);
    return UNREACHABLE;
  }
}
