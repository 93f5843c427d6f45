// Which lab is meant: the release of Debian that its nodes run, and with that its folder. Plain JavaScript, as tools/ needs it before
// anything is installed.
import { join, resolve } from "node:path";

/** Debian's releases that a lab can be made of. @type {readonly string[]} */
export const releases = ["bookworm", "trixie"];

export const defaultRelease = "bookworm";

/** How it is handed on to what a program starts: the lab's own programs, mocha, the tests. */
export const releaseVariable = "SEAPATH_LAB_RELEASE";

/** A release that there is none of, or an option without its value. */
export class ReleaseError extends Error {}

/** @param {string | undefined} name @param {string} from where it was said @returns {string} */
function known(name, from) {
  if (name !== undefined && releases.includes(name)) return name;
  throw new ReleaseError(
    `${from}: ${name === undefined || name === "" ? "which release" : `no release "${name}"`}; there are ${releases.join(", ")}`,
  );
}

/** The release that the environment names; the default where it names none.
 * @param {NodeJS.ProcessEnv} environment @returns {string} */
export function releaseOf(environment) {
  const name = environment[releaseVariable];
  return name === undefined || name === "" ? defaultRelease : known(name, releaseVariable);
}

/**
 * Takes `--release NAME` out of a command line. It goes before what the environment says.
 * @param {readonly string[]} words
 * @param {NodeJS.ProcessEnv} environment
 * @param {number} [own] how many words that are no options belong to the command line itself: what follows them is a program's, whose
 * options are not ours. All, where it is not said.
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

/** Words of a verb's own: itself, and the node that is named; what follows belongs to a program. @type {Record<string, number>} */
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
 * Whether a lab's addresses are reached from its own network alone. There is room for one lab on this machine's network, as all
 * have the same addresses: it is that of the default release.
 * @param {string} release @returns {boolean}
 */
export const isApart = (release) => release !== defaultRelease;

/** What is kept for each release has its name, but for the default one's. @param {string} name @param {string} release @returns {string} */
export const named = (name, release) => (release === defaultRelease ? name : `${name}-${release}`);

/** What takes minutes to get and is the same for each checkout. @param {NodeJS.ProcessEnv} environment @param {string} home @returns {string} */
export const cacheOf = (environment, home) =>
  join(environment["XDG_CACHE_HOME"] || join(home, ".cache"), "pulumi-seapath");
