/** Evaluates a trace of the transport (SEAPATH_TRACE) for one run of Pulumi. */
import { existsSync, readFileSync } from "node:fs";
import type { TraceLine } from "../provider/dist/transport/trace.js";

export interface TraceSum {
  roundTrips: number;
  bytes: number;
  /** From the first program to the end of the last; absent if none ran. */
  workSeconds?: number;
  /** How often each ran, by its name in the trace. */
  programs: Record<string, number>;
}

/** Sums up the text of a trace. */
export function sumOf(text: string): TraceSum {
  const lines = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TraceLine);
  const programs: Record<string, number> = {};
  for (const { what } of lines) programs[what] = (programs[what] ?? 0) + 1;
  const begun = Math.min(...lines.map(({ at }) => at));
  const ended = Math.max(...lines.map(({ at, ms }) => at + ms));
  return {
    roundTrips: lines.length,
    bytes: lines.reduce((sum, { sent, received }) => sum + sent + received, 0),
    ...(lines.length > 0 && { workSeconds: (ended - begun) / 1000 }),
    programs,
  };
}

/** The same for a file; a file that was never written is an empty trace. */
export const sumOfFile = (path: string): TraceSum => sumOf(existsSync(path) ? readFileSync(path, "utf8") : "");
