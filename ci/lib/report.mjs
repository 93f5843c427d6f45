// @ts-check
// The one way by which anything leaves: files, the summary and the outputs of a job, the log, a forge. Nothing passes it with a
// secret in it, and what is written is its owner's alone.
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cut } from "./markdown.mjs";
import { printable } from "./printable.mjs";

/** GitHub's bound of a job's summary is 1 MiB, of all its steps. */
const SUMMARY = 900_000;

/** What a job's log may have of a report that nobody else has got. */
const LOGGED = 100_000;

const REPORT = "report.md";

/** For jobs that source it before an `up`. */
const PLANNED = "planned.env";

/** @typedef {ReturnType<typeof outlet>} Outlet */

/** @param {NodeJS.ProcessEnv} env @param {(text: string) => string} redact */
export function outlet(env, redact) {
  /** A file that was there is replaced as a whole, so that its mode does not stay. @param {string} file @param {string} text */
  function write(file, text) {
    const fresh = `${file}.${randomUUID()}`;
    writeFileSync(fresh, redact(text), { mode: 0o600, flag: "wx" });
    renameSync(fresh, file);
  }

  /** Writes into the log. GitHub takes some lines of it for commands, so it is told not to. @param {string} text */
  function log(text) {
    if (env["GITHUB_ACTIONS"] !== "true") return void process.stdout.write(`${printable(redact(text))}\n`);
    const token = randomUUID();
    process.stdout.write(`::stop-commands::${token}\n${printable(redact(text))}\n::${token}::\n`);
  }

  return {
    redact,
    log,
    /** Says what is wrong. @param {string} text */
    warn: (text) => void process.stderr.write(`${printable(redact(text))}\n`),
    /** A report that nobody else has got. @param {string} text */
    logReport: (text) => log(cut(redact(text), LOGGED)),
    /** Makes the folder. What an earlier run has left in it would be taken for this one's. @param {string} folder */
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
    /** Writes a plan in each of its forms. @param {string} folder @param {Readonly<Record<string, string>>} files */
    writePlan(folder, files) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const [name, text] of Object.entries(files)) write(join(folder, name), text);
    },
    /** Writes down what was planned on, each cluster's. @param {string} folder @param {readonly string[]} planned @returns {string} what SEAPATH_PLANNED takes */
    writePlanned(folder, planned) {
      const text = planned.join(",");
      if (text !== "") write(join(folder, PLANNED), `SEAPATH_PLANNED=${text}\n`);
      return text;
    },
    /** Adds to the summary of the job, where the forge has such a thing. @param {string} text */
    summarize(text) {
      const file = env["GITHUB_STEP_SUMMARY"];
      if (file) appendFileSync(file, `${cut(redact(text), SUMMARY)}\n`);
    },
    /** Sets outputs of the step, where the forge has such a thing. @param {Record<string, string>} outputs */
    setOutputs(outputs) {
      const file = env["GITHUB_OUTPUT"];
      if (!file) return;
      for (const [name, value] of Object.entries(outputs)) {
        const end = `end-${randomUUID()}`;
        appendFileSync(file, `${name}<<${end}\n${redact(value)}\n${end}\n`);
      }
    },
    /** A forge that is told nothing else. @param {import("./forge/index.mjs").Forge} forge @returns {import("./forge/index.mjs").Forge} */
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

/** The files of a plan, those of each cluster. @param {string} folder */
const planFiles = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /^plan\.(?:json|txt|md|mmd|svg)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
