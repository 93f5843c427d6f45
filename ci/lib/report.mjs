// @ts-check
// The single exit for all output: files, a job's summary and outputs, the log, a forge. No secret passes it, and only
// the owner can read the files.
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cut } from "./markdown.mjs";
import { printable } from "./printable.mjs";

/** GitHub limits a job's summary to 1 MiB for all its steps. */
const SUMMARY = 900_000;

/** The most of a report that goes to the job's log if it went nowhere else. */
const LOGGED = 100_000;

const REPORT = "report.md";

/** Jobs source it before an `up`. */
const PLANNED = "planned.env";

/** @typedef {ReturnType<typeof outlet>} Outlet */

/** @param {NodeJS.ProcessEnv} env @param {(text: string) => string} redact */
export function outlet(env, redact) {
  /**
   * Replaces an existing file as a whole, so that its mode does not persist.
   * @param {string} file
   * @param {string} text
   */
  function write(file, text) {
    const fresh = `${file}.${randomUUID()}`;
    writeFileSync(fresh, redact(text), { mode: 0o600, flag: "wx" });
    renameSync(fresh, file);
  }

  /** Writes to the log. GitHub takes some lines as commands, so it is told not to. @param {string} text */
  function log(text) {
    if (env["GITHUB_ACTIONS"] !== "true") return void process.stdout.write(`${printable(redact(text))}\n`);
    const token = randomUUID();
    process.stdout.write(`::stop-commands::${token}\n${printable(redact(text))}\n::${token}::\n`);
  }

  return {
    redact,
    log,
    /** Prints a warning. @param {string} text */
    warn: (text) => void process.stderr.write(`${printable(redact(text))}\n`),
    /** Logs a report that went nowhere else. @param {string} text */
    logReport: (text) => log(cut(redact(text), LOGGED)),
    /**
     * Creates the folder. Removes an earlier run's files, which would be taken for this one's.
     * @param {string} folder
     */
    startReport(folder) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const file of [...[REPORT, PLANNED].map((name) => join(folder, name)), ...planFiles(folder)])
        rmSync(file, { force: true });
    },
    /** Writes the report. @param {string} folder @param {string} text */
    writeReport(folder, text) {
      const file = join(folder, REPORT);
      write(file, `${text}\n`);
      return file;
    },
    /** Writes a plan in each of its formats. @param {string} folder @param {Readonly<Record<string, string>>} files */
    writePlan(folder, files) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const [name, text] of Object.entries(files)) write(join(folder, name), text);
    },
    /**
     * Records the planned configuration of each cluster.
     * @param {string} folder
     * @param {readonly string[]} planned
     * @returns {string} the value for SEAPATH_PLANNED
     */
    writePlanned(folder, planned) {
      const text = planned.join(",");
      if (text !== "") write(join(folder, PLANNED), `SEAPATH_PLANNED=${text}\n`);
      return text;
    },
    /** Adds to the job's summary, if the forge has one. @param {string} text */
    summarize(text) {
      const file = env["GITHUB_STEP_SUMMARY"];
      if (file) appendFileSync(file, `${cut(redact(text), SUMMARY)}\n`);
    },
    /** Sets outputs of the step, if the forge has such. @param {Record<string, string>} outputs */
    setOutputs(outputs) {
      const file = env["GITHUB_OUTPUT"];
      if (!file) return;
      for (const [name, value] of Object.entries(outputs)) {
        const end = `end-${randomUUID()}`;
        appendFileSync(file, `${name}<<${end}\n${redact(value)}\n${end}\n`);
      }
    },
    /**
     * Wraps a forge so that everything sent to it is filtered.
     * @param {import("./forge/index.mjs").Forge} forge
     * @returns {import("./forge/index.mjs").Forge}
     */
    guarded: (forge) => ({
      ...forge,
      addComment: (request, body) => forge.addComment(request, redact(body)),
      changeComment: (request, id, body) => forge.changeComment(request, id, redact(body)),
      addIssue: (title, body) => forge.addIssue(redact(title), redact(body)),
      changeIssue: (id, title, body) => forge.changeIssue(id, redact(title), redact(body)),
      closeIssue: (id, note) => forge.closeIssue(id, redact(note)),
      upload:
        forge.upload === undefined
          ? undefined
          : (text, name) => /** @type {NonNullable<typeof forge.upload>} */ (forge.upload)(redact(text), redact(name)),
    }),
  };
}

/** The files of a plan, for each cluster. @param {string} folder */
const planFiles = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /^plan\.(?:json|txt|md|mmd|svg)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
