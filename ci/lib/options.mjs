// @ts-check
// Command-line options. Each has an equivalent in the environment, which the forges' templates use: nothing typed into
// a form gets near a shell.
import { parseArgs } from "node:util";

/** The command line is invalid; the message says why. */
export class UsageError extends Error {}

/**
 * @typedef {object} Option
 * @property {string} takes its argument
 * @property {boolean} [many] whether it may be given several times; one per line in the environment
 * @property {string} help
 */

/** @satisfies {Record<string, Option>} */
export const OPTIONS = {
  stack: { takes: "STACK", help: "the stack (default: the one that is selected)" },
  cwd: { takes: "DIR", help: "the folder of the Pulumi project (default: this one)" },
  "policy-pack": { takes: "DIR", many: true, help: "a policy pack" },
  "policy-pack-config": { takes: "FILE", many: true, help: "the configuration of the policy pack of the same place" },
  cib: {
    takes: "[CLUSTER=]FILE",
    many: true,
    help: "a cluster that `seapath plan --save` wrote down, in place of the cluster",
  },
  out: { takes: "DIR", help: "where the report and the plan are written (default: seapath-ci)" },
  forge: { takes: "github|gitlab|none", help: "who gets the comment or the issue (default: whose job this is)" },
  author: { takes: "LOGIN", help: "whose comments are updated (default: whoever the token is)" },
  comment: { takes: "true|false", help: "whether the forge is told; else the report is a file (default: true)" },
  "fail-on": { takes: "LIST", help: "exit with 0 except on these of changed, refused, unreachable; 1 stays" },
};

export const COMMANDS = /** @type {const} */ (["preview", "drift"]);
const FORGES = /** @type {const} */ (["github", "gitlab", "none"]);
const FAILURES = /** @type {const} */ (["changed", "refused", "unreachable"]);

/** @typedef {typeof FAILURES[number]} Failure */
/**
 * @typedef {object} Given
 * @property {typeof COMMANDS[number]} command
 * @property {string} [stack]
 * @property {string} cwd
 * @property {string[]} policyPacks
 * @property {string[]} policyPackConfigs
 * @property {{ cluster?: string, file: string }[]} cibs
 * @property {string} out
 * @property {typeof FORGES[number]} forge
 * @property {string} [author]
 * @property {boolean} comment
 * @property {Failure[]} [failOn]
 */

/** The environment variable of an option. @param {string} option */
export const twinOf = (option) => `SEAPATH_CI_${option.toUpperCase().replaceAll("-", "_")}`;

export const USAGE = [
  "usage: node seapath-ci.mjs preview|drift [options]",
  "",
  ...Object.entries(OPTIONS).map(([name, { takes, help }]) => `  ${`--${name} ${takes}`.padEnd(30)} ${help}`),
  "",
  `Each option may be given by the environment as well, --fail-on as ${twinOf("fail-on")}, several of one a line each.`,
  "Exit codes: 0 nothing changes, 2 something changes, 3 refused, 4 the cluster was out of reach, 1 anything else.",
].join("\n");

/**
 * Reads the command line and the environment; the command line wins.
 * @param {readonly string[]} words
 * @param {NodeJS.ProcessEnv} env
 * @returns {Given}
 * @throws {UsageError}
 */
export function readOptions(words, env) {
  const { values, positionals } = parsed(words);
  const command = COMMANDS.find((each) => each === positionals[0]);
  if (command === undefined || positionals.length > 1)
    throw new UsageError(`the first word must be one of ${COMMANDS.join(", ")}`);
  /** @param {string} name @returns {string[]} */
  const all = (name) => {
    const given = values[name];
    if (Array.isArray(given)) return given.map(String);
    return (env[twinOf(name)] ?? "")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  };
  /** @param {string} name @returns {string | undefined} */
  const one = (name) => {
    const [value, ...more] = all(name);
    if (more.length > 0) throw new UsageError(`--${name} must be given once`);
    return value;
  };
  const [stack, author] = [one("stack"), one("author")];
  const failOn = one("fail-on");
  const packs = all("policy-pack");
  const configs = all("policy-pack-config");
  if (configs.length > packs.length)
    throw new UsageError("there must be a --policy-pack for each --policy-pack-config");
  return {
    command,
    ...(stack === undefined ? {} : { stack }),
    cwd: one("cwd") ?? ".",
    policyPacks: packs,
    policyPackConfigs: configs,
    cibs: all("cib").map(readCib),
    out: one("out") ?? "seapath-ci",
    forge: chosen("forge", one("forge") ?? ownForge(env), FORGES),
    ...(author === undefined ? {} : { author }),
    comment: chosen("comment", one("comment") ?? "true", ["true", "false"]) === "true",
    ...(failOn === undefined ? {} : { failOn: readFailures(failOn) }),
  };
}

/** @param {readonly string[]} words */
function parsed(words) {
  const options = Object.fromEntries(
    Object.keys(OPTIONS).map((name) => /** @type {const} */ ([name, { type: "string", multiple: true }])),
  );
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @param {string} text */
function readCib(text) {
  const [, cluster, file] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
  return cluster === undefined || file === undefined ? { file: text } : { cluster, file };
}

/**
 * @template {string} T
 * @param {string} name @param {string} value @param {readonly T[]} choices @returns {T}
 */
function chosen(name, value, choices) {
  const found = choices.find((choice) => choice === value);
  if (found === undefined)
    throw new UsageError(`--${name} must be one of ${choices.join(", ")}; it is ${JSON.stringify(value)}`);
  return found;
}

/** @param {string} text @returns {Failure[]} */
const readFailures = (text) =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "" && word !== "none")
    .map((word) => chosen("fail-on", word, FAILURES));

/** @param {NodeJS.ProcessEnv} env */
const ownForge = (env) =>
  env["GITHUB_ACTIONS"] === "true" ? "github" : env["GITLAB_CI"] === "true" ? "gitlab" : "none";
