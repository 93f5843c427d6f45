// @ts-check
// Where VMs will run: `seapath plan` of the project's own pulumi-seapath, once per cluster.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { run } from "./run.mjs";
import { inFolder } from "./temporary.mjs";

/**
 * @typedef {object} Plan
 * @property {string} [cluster]
 * @property {string} [epoch] of the cluster's configuration
 * @property {string} [planned] the same for `SEAPATH_PLANNED`, which lets an `up` detect that the cluster has changed
 * since
 * @property {string} [markdown]
 * @property {string} [mermaid]
 * @property {string} [svg]
 * @property {Record<string, string>} [files] all formats, by file name
 * @property {string[]} homeless VMs that find no place
 * @property {string[]} moved VMs that are affected without being changed
 * @property {Record<string, string>} [places] where each VM will run, in words
 * @property {boolean} unreachable
 * @property {boolean} saved whether it is of a saved cluster
 * @property {string} [error] why there is no plan
 */

/** The exit code of `seapath plan` if no node is reachable. */
const UNREACHABLE = 4;

/** The files that `--out` writes. */
const FORMS = ["plan.json", "plan.txt", "plan.md", "plan.mmd", "plan.svg"];

/** Alternative keys: a configuration with one ignores the other in the environment. */
const PAIRS = [
  ["privateKey", "privateKeyFile"],
  ["knownHosts", "knownHostsFile"],
];

/** The environment variable of a configuration key. @param {string} key */
const twinOf = (key) => `SEAPATH_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/**
 * The environment for the command line to reach a stack's cluster: the stack's configuration wins.
 * @param {import("./pulumi.mjs").Config} config
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function clusterEnvironment(config, env) {
  const own = new Map(
    Object.entries(config).flatMap(([key, { value, objectValue }]) => {
      const [, name] = /^seapath:(\w+)$/.exec(key) ?? [];
      const text = value ?? (objectValue === undefined ? undefined : JSON.stringify(objectValue));
      return name === undefined || text === undefined ? [] : [/** @type {const} */ ([name, text])];
    }),
  );
  const result = { ...env };
  for (const pair of PAIRS) if (pair.some((key) => own.has(key))) for (const key of pair) delete result[twinOf(key)];
  for (const [key, value] of own) result[twinOf(key)] = value;
  return result;
}

/**
 * The clusters that a preview's resources name; undefined is the unnamed one.
 * @param {readonly import("./pulumi.mjs").Step[]} steps
 */
export function clustersOf(steps) {
  const named = steps
    .filter(({ urn }) => urn.includes("seapath:"))
    .map(({ newState, oldState }) => (newState ?? oldState)?.inputs?.["cluster"]);
  return [...new Set(named.map((cluster) => (typeof cluster === "string" ? cluster : undefined)))].sort();
}

/** The executable of the project's own pulumi-seapath. @param {string} cwd */
function seapath(cwd) {
  try {
    return join(
      dirname(createRequire(join(resolve(cwd), "index.js")).resolve("pulumi-seapath/package.json")),
      "bin",
      "seapath.js",
    );
  } catch (cause) {
    throw new Error(`Unable to plan: pulumi-seapath is not installed for ${cwd}; run \`npm ci\` there first`, {
      cause,
    });
  }
}

/**
 * Plans for one cluster.
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, cluster?: string | undefined, cib?: string | undefined, preview?: string }} asked
 *   `preview`: the output of `pulumi preview --json`; without it, the cluster as it is
 * @returns {Promise<Plan>}
 */
export async function plan({ cwd, env, cluster, cib, preview }) {
  const base = {
    ...(cluster === undefined ? {} : { cluster }),
    homeless: [],
    moved: [],
    unreachable: false,
    saved: cib !== undefined,
  };
  try {
    return await inFolder({ "preview.json": preview ?? "" }, asked);
  } catch (error) {
    return { ...base, error: error instanceof Error ? error.message : String(error) };
  }

  /** @param {string} folder @returns {Promise<Plan>} */
  async function asked(folder) {
    const file = join(folder, "preview.json");
    const kept = join(folder, "plan");
    const args = [
      seapath(cwd),
      "plan",
      "--json",
      "--out",
      kept,
      ...(cluster === undefined ? [] : ["--cluster", cluster]),
      ...(cib === undefined ? [] : ["--cib", resolve(cib)]),
      ...(preview === undefined ? ["--no-preview"] : ["--preview", file]),
    ];
    const { code, stdout, stderr } = await run(process.execPath, args, { cwd, env });
    if (code === UNREACHABLE) return { ...base, unreachable: true, error: stderr.trim() };
    if (code !== 0) return { ...base, error: stderr.trim() || `seapath plan failed (exit ${code})` };
    return { ...base, ...readPlan(stdout), ...forms(kept) };
  }
}

/** The plan in each format. @param {string} out their folder */
function forms(out) {
  const files = Object.fromEntries(FORMS.map((name) => [name, readFileSync(join(out, name), "utf8")]));
  return {
    files,
    markdown: files["plan.md"]?.trim() ?? "",
    mermaid: files["plan.mmd"]?.trim() ?? "",
    svg: files["plan.svg"] ?? "",
  };
}

/**
 * A picture without its date and configuration: pictures that differ in nothing else show the same.
 * @param {string} svg
 */
export const timeless = (svg) => svg.replace(/<text class="made"[^>]*>[^<]*<\/text>/, "");

/**
 * The relevant parts of a plan.
 * @param {string} text JSON
 * @returns {Required<Pick<Plan, "epoch" | "planned" | "homeless" | "moved" | "places">>}
 */
export function readPlan(text) {
  /** @type {{ epoch: string, planned: string, placements: { vm: string, changed: boolean, after?: string, candidates?: string[], action?: string, unplaced?: string }[] }} */
  const { epoch, planned, placements } = JSON.parse(text);
  const where = (/** @type {typeof placements[number]} */ { after, candidates = [], unplaced }) =>
    unplaced !== undefined ? "nowhere" : candidates.length > 1 ? `one of ${candidates.join(", ")}` : after;
  return {
    epoch,
    planned,
    homeless: placements.filter(({ unplaced }) => unplaced !== undefined).map(({ vm }) => vm),
    moved: placements.filter(({ changed, action }) => !changed && action !== undefined).map(({ vm }) => vm),
    places: Object.fromEntries(
      placements.flatMap((each) => {
        const place = where(each);
        return place === undefined ? [] : [[each.vm, place]];
      }),
    ),
  };
}
