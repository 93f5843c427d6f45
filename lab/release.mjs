// Selects the lab: the Debian release of its nodes, and with it its folder. Plain JavaScript, because tools/ needs it
// before anything is installed.
import { join, resolve } from "node:path";

/** Debian releases for a lab. @type {readonly string[]} */
export const releases = ["bookworm", "trixie"];

export const defaultRelease = "bookworm";

/** The variable that passes it to child processes: the lab's own programs, mocha, the tests. */
export const releaseVariable = "SEAPATH_LAB_RELEASE";

/** An unknown release, or an option without its value. */
export class ReleaseError extends Error {}

/** @param {string | undefined} name @param {string} from its source @returns {string} */
function known(name, from) {
  if (name !== undefined && releases.includes(name)) return name;
  throw new ReleaseError(
    `${from}: ${name === undefined || name === "" ? "which release" : `no release "${name}"`}; there are ${releases.join(", ")}`,
  );
}

/**
 * The release named in the environment, or the default.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {string}
 */
export function releaseOf(environment) {
  const name = environment[releaseVariable];
  return name === undefined || name === "" ? defaultRelease : known(name, releaseVariable);
}

/**
 * Removes `--release NAME` from a command line. It overrides the environment.
 * @param {readonly string[]} words
 * @param {NodeJS.ProcessEnv} environment
 * @param {number} [own] how many words other than options belong to the command line itself; the rest belongs to
 * another program, with options of its own. Default: all
 * @returns {{ release: string, rest: string[] }}
 */
export function chooseRelease(words, environment, own = Infinity) {
  /** @type {string | undefined} */
  let release;
  const rest = [];
  for (let at = 0, plain = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--" || plain > own) {
      rest.push(...words.slice(at));
      break;
    }
    if (word === "--release") release = known(words[++at], "--release");
    else if (word.startsWith("--release=")) release = known(word.slice(10), "--release");
    else {
      if (!word.startsWith("-")) plain++;
      rest.push(word);
    }
  }
  return { release: release ?? releaseOf(environment), rest };
}

/**
 * A verb's own words: itself, and the named node; the rest belongs to another program.
 * @type {Record<string, number>}
 */
const OWN = { ssh: 2, exec: 2, within: 1 };

/** The same for the lab's own command line. @param {readonly string[]} words @param {NodeJS.ProcessEnv} environment */
export function chooseForVerb(words, environment) {
  const verb = chooseRelease(words, environment, 0).rest.find((word) => !word.startsWith("-")) ?? "";
  return chooseRelease(words, environment, OWN[verb]);
}

/** The folder of the lab of a release. @param {string} release @param {NodeJS.ProcessEnv} environment @returns {string} */
export function labFolder(release, environment) {
  const folder = resolve(environment["SEAPATH_LAB_DIR"] ?? "/var/lib/pulumi-seapath-lab");
  return release === defaultRelease ? folder : `${folder}-${release}`;
}

/**
 * Whether a lab's addresses are only reachable from its own network. Only one lab fits on this machine's network,
 * because all have the same addresses: that of the default release.
 * @param {string} release
 * @returns {boolean}
 */
export const isApart = (release) => release !== defaultRelease;

/**
 * Adds the release to a name, except for the default one.
 * @param {string} name
 * @param {string} release
 * @returns {string}
 */
export const named = (name, release) => (release === defaultRelease ? name : `${name}-${release}`);

/**
 * The folder for things that take minutes to get and are the same for every checkout.
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} home
 * @returns {string}
 */
export const cacheOf = (environment, home) =>
  join(environment["XDG_CACHE_HOME"] || join(home, ".cache"), "pulumi-seapath");
