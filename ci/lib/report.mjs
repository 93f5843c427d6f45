// @ts-check
// Where a report goes besides the forge: files, the summary and the outputs of a job, the log.
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cut } from "./markdown.mjs";

/** GitHub's bound of a job's summary is 1 MiB, of all its steps. */
const SUMMARY = 900_000;

/** What a job's log may have of a report that nobody else has got. */
const LOGGED = 100_000;

const REPORT = "report.md";

/** For jobs that source it before an `up`. */
const PLANNED = "planned.env";

/** Makes the folder. What an earlier run has left in it would be taken for this one's. @param {string} folder */
export function startReport(folder) {
  mkdirSync(folder, { recursive: true });
  for (const file of [...[REPORT, PLANNED].map((name) => join(folder, name)), ...planFiles(folder)]) rmSync(file, { force: true });
}

/** The files of a plan, those of each cluster. @param {string} folder */
const planFiles = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /^plan\.(?:json|txt|md|mmd|svg)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));

/** Writes the report. @param {string} folder @param {string} text */
export function writeReport(folder, text) {
  const file = join(folder, REPORT);
  writeFileSync(file, `${text}\n`);
  return file;
}

/** Writes down what was planned on, each cluster's. @param {string} folder @param {readonly string[]} planned @returns {string} what SEAPATH_PLANNED takes */
export function writePlanned(folder, planned) {
  const text = planned.join(",");
  if (text !== "") writeFileSync(join(folder, PLANNED), `SEAPATH_PLANNED=${text}\n`);
  return text;
}

/** Takes secrets out of the files of a plan. @param {string} folder @param {(text: string) => string} redact */
export function redactFiles(folder, redact) {
  for (const file of planFiles(folder)) {
    const text = readFileSync(file, "utf8");
    if (redact(text) !== text) writeFileSync(file, redact(text));
  }
}

/** Adds to the summary of the job, where the forge has such a thing. @param {string} text @param {NodeJS.ProcessEnv} env */
export function summarize(text, env) {
  const file = env["GITHUB_STEP_SUMMARY"];
  if (file) appendFileSync(file, `${cut(text, SUMMARY)}\n`);
}

/** Sets outputs of the step, where the forge has such a thing. @param {Record<string, string>} outputs @param {NodeJS.ProcessEnv} env */
export function setOutputs(outputs, env) {
  const file = env["GITHUB_OUTPUT"];
  if (!file) return;
  for (const [name, value] of Object.entries(outputs)) {
    const end = `end-${randomUUID()}`;
    appendFileSync(file, `${name}<<${end}\n${value}\n${end}\n`);
  }
}

/**
 * Writes into the log. GitHub takes some lines of it for commands, so it is told not to.
 * @param {string} text @param {NodeJS.ProcessEnv} env
 */
export function log(text, env) {
  if (env["GITHUB_ACTIONS"] !== "true") return void process.stdout.write(`${text}\n`);
  const token = randomUUID();
  process.stdout.write(`::stop-commands::${token}\n${text}\n::${token}::\n`);
}

/** A report that nobody else has got. @param {string} text @param {NodeJS.ProcessEnv} env */
export const logReport = (text, env) => log(cut(text, LOGGED), env);
