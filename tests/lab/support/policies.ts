/** A stack of tests/lab/program with a policy pack: what its rules report to the engine. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pulumiEnvironment } from "../../../tools/env.mjs";
import type { Vms } from "./stack.ts";

/** The unmodified pack. */
export const PACK = join(import.meta.dirname, "../../../policy");

/** A report of a rule. */
export interface Said {
  rule: string;
  level: "advisory" | "mandatory";
  message: string;
  /** The logical name of the resource that it is shown with; the stack's name if there is none. */
  resource: string;
}

/** The result of a run with the pack. */
export interface Policed {
  code: number;
  /** The rules' reports. */
  said: Said[];
  /** All output. */
  text: string;
}

/** Options of a run. */
export interface Run {
  stack: string;
  vms: Vms;
  run?: "preview" | "up";
  pack?: string;
  /** The content for `--policy-pack-config`. */
  config?: object;
  environment?: Record<string, string>;
}

/** Runs `pulumi preview`, or `pulumi up --yes --skip-preview`, with `--policy-pack`. */
export async function policed({
  stack,
  vms,
  run = "preview",
  pack = PACK,
  config,
  environment = {},
}: Run): Promise<Policed> {
  const folder = mkdtempSync(join(tmpdir(), "seapath-policed-"));
  try {
    const [log, file] = [join(folder, "events.json"), join(folder, "config.json")];
    if (config !== undefined) writeFileSync(file, JSON.stringify(config));
    const words = [
      run,
      "--stack",
      stack,
      "--cwd",
      join(import.meta.dirname, "../program"),
      "--non-interactive",
      "--color",
      "never",
      "--event-log",
      log,
      "--config",
      `vms=${JSON.stringify(vms)}`,
      ...(run === "up" ? ["--yes", "--skip-preview"] : ["--diff"]),
      "--policy-pack",
      pack,
      ...(config === undefined ? [] : ["--policy-pack-config", file]),
    ];
    const { code, text } = await ended(words, {
      ...pulumiEnvironment(),
      PULUMI_DEBUG_COMMANDS: "true",
      ...environment,
    });
    return { code, text, said: saidIn(log) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ended(words: readonly string[], env: Record<string, string>): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", words, { env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, text }));
  });
}

interface PolicyEvent {
  resourceUrn?: string;
  message: string;
  policyName: string;
  enforcementLevel: string;
}

function saidIn(log: string): Said[] {
  const events = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line.includes('"policyEvent"'))
    .map((line) => (JSON.parse(line) as { policyEvent: PolicyEvent }).policyEvent);
  return events.map(({ policyName, enforcementLevel, message, resourceUrn }) => ({
    rule: policyName,
    level: enforcementLevel === "mandatory" ? "mandatory" : "advisory",
    message: message.replace(/<\{%[^%]*%\}>/g, ""),
    resource: resourceUrn?.split("::").at(-1) ?? "",
  }));
}
