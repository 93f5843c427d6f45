// @ts-check
// Temporary things that hold secrets in clear text: private folders, and programs. Neither outlives a canceled job.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";

/** What a forge sends to a canceled job, and what a terminal sends. */
const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** How long a program may take to end on its own. GitHub kills everything after ten seconds. */
const PATIENCE_MS = 4_000;

/** @type {Set<string>} */
const folders = new Set();
/** @type {Map<import("node:child_process").ChildProcess, Promise<void>>} */
const programs = new Map();
let ending = false;

/**
 * Creates the folder and its files with their initial content; deletes it when `work` has ended.
 * @template T
 * @param {Record<string, string>} files
 * @param {(folder: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function inFolder(files, work) {
  if (ending) throw new Error("the job was cancelled");
  // GitHub empties the first one after each job, even a killed one.
  const folder = mkdtempSync(join(process.env["RUNNER_TEMP"] || tmpdir(), "seapath-ci-"));
  folders.add(folder);
  try {
    chmodSync(folder, 0o700);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
    return await work(folder);
  } finally {
    remove(folder);
  }
}

/** @param {string} folder */
function remove(folder) {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

const removeAll = () => [...folders].forEach((folder) => rmSync(folder, { recursive: true, force: true }));

/**
 * Makes a program end with this one. It must lead a process group of its own, with everything it starts.
 * @param {import("node:child_process").ChildProcess} child
 */
export function watch(child) {
  const done = /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      child.once("close", resolve);
      child.once("error", () => resolve());
    })
  );
  programs.set(
    child,
    done.finally(() => programs.delete(child)),
  );
  if (ending) signal(child, "SIGTERM");
}

/**
 * Signals a program's whole process group.
 * @param {import("node:child_process").ChildProcess} child
 * @param {NodeJS.Signals} name
 */
export function signal(child, name) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => void setTimeout(resolve, ms));

/** @param {NodeJS.Signals} name */
async function end(name) {
  if (ending) return;
  ending = true;
  // Remove them at once, as there may be no time later; and again when nothing can write any more.
  removeAll();
  const running = [...programs];
  for (const [child] of running) signal(child, "SIGTERM");
  await Promise.race([Promise.all(running.map(([, done]) => done)), pause(PATIENCE_MS)]);
  // Include ended programs: what they started may still run in their group.
  for (const [child] of running) signal(child, "SIGKILL");
  await Promise.all(running.map(([, done]) => done));
  removeAll();
  process.exit(128 + constants.signals[name]);
}

/** From now on, a signal ends the programs, removes the folders, and exits with 128 plus the signal's number. */
export function cleanUpOnSignals() {
  for (const name of SIGNALS) process.on(name, () => void end(name));
  process.on("exit", removeAll);
}
