// @ts-check
// What every forge provides: one comment on a merge request, one issue per stack.
import { ForgeError } from "./http.mjs";
import { github } from "./github.mjs";
import { gitlab } from "./gitlab.mjs";

/** @typedef {{ id: string, body: string, author: string }} Written */
/**
 * @typedef {object} Forge
 * @property {string} name
 * @property {number} limit of a comment, in characters
 * @property {() => Promise<string>} author whose comments are ours
 * @property {(request: string) => AsyncIterable<Written>} comments of a merge request
 * @property {(request: string, body: string) => Promise<string>} addComment returns the author
 * @property {(request: string, id: string, body: string) => Promise<void>} changeComment
 * @property {() => AsyncIterable<Written>} issues that are open
 * @property {(title: string, body: string) => Promise<string>} addIssue returns the author
 * @property {(id: string, title: string, body: string) => Promise<void>} changeIssue
 * @property {(id: string, note: string) => Promise<void>} closeIssue
 * @property {((picture: string, name: string) => Promise<string>) | undefined} upload an SVG; returns the Markdown that
 * shows it
 */

/** The limit of a report that goes to no forge: GitHub's limit for a job's summary. */
export const UNBOUND = 1_000_000;

/**
 * @param {import("../options.mjs").Given["forge"]} name
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [author]
 * @returns {Forge | undefined} undefined for none
 * @throws {ForgeError} if the environment lacks required values
 */
export function connect(name, env, author) {
  if (name === "github") return github(env, author);
  if (name === "gitlab") return gitlab(env, author);
  return undefined;
}

/** How often to try creating something, each time after checking whether it exists. */
const TRIES = 3;

/**
 * Does something that must not happen twice: if the forge fails during the work, looks again first.
 * @template T
 * @param {() => Promise<T>} work finds the existing one, then creates or changes it
 * @returns {Promise<T>}
 */
async function lookingAgain(work) {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof ForgeError && (error.status === undefined || error.status >= 500);
      if (!again || tries >= TRIES) throw error;
    }
  }
}

/**
 * The first of our entries that begins with a marker.
 * @param {Forge} forge
 * @param {AsyncIterable<Written>} list
 * @param {string} marker
 */
async function findOwn(forge, list, marker) {
  const own = await forge.author();
  // An entry by others that quotes our marker is not ours, and its author could still change its text.
  for await (const written of list) if (written.author === own && written.body.startsWith(marker)) return written;
  return undefined;
}

/**
 * Describes what was done. Warns about an author we do not search for, since each run would create a new entry.
 * @param {Forge} forge
 * @param {string} what
 * @param {string} login the author
 */
async function made(forge, what, login) {
  const own = await forge.author();
  return login === own
    ? what
    : `${what} by ${login}, while those of ${own} are looked for: give --author ${login}, or the next run writes another one`;
}

/**
 * The comment on a merge request that begins with this marker.
 * @param {Forge} forge
 * @param {string} request
 * @param {string} marker
 */
export const findComment = (forge, request, marker) => findOwn(forge, forge.comments(request), marker);

/**
 * Replaces the last comment with its marker, or adds a new one.
 * @param {Forge} forge
 * @param {string} request
 * @param {string} body its first line is the marker
 * @returns {Promise<string>} what was done
 */
export const putComment = (forge, request, body) =>
  lookingAgain(async () => {
    const found = await findComment(forge, request, markerOf(body));
    if (found === undefined) return made(forge, "added", await forge.addComment(request, body));
    if (found.body.trim() !== body.trim()) await forge.changeComment(request, found.id, body);
    return "updated";
  });

/**
 * Opens the issue of a marker, or changes the open one.
 * @param {Forge} forge
 * @param {string} title
 * @param {string} body
 * @returns {Promise<string>} what was done
 */
export const putIssue = (forge, title, body) =>
  lookingAgain(async () => {
    const found = await findOwn(forge, forge.issues(), markerOf(body));
    if (found === undefined) return made(forge, "opened", await forge.addIssue(title, body));
    if (found.body.trim() !== body.trim()) await forge.changeIssue(found.id, title, body);
    return "updated";
  });

/** Closes the issue of a marker, if one is open. @param {Forge} forge @param {string} marker @param {string} note */
export const settleIssue = (forge, marker, note) =>
  lookingAgain(async () => {
    const found = await findOwn(forge, forge.issues(), marker);
    if (found !== undefined) await forge.closeIssue(found.id, note);
    return found !== undefined;
  });

/** @param {string} body */
const markerOf = (body) => body.slice(0, body.indexOf("\n"));
