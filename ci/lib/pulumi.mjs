// @ts-check
// Runs the Pulumi CLI and reads its machine-readable output.
import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { run } from "./run.mjs";
import { inFolder } from "./temporary.mjs";

/**
 * @typedef {object} State what Pulumi stores, or plans to store, of a resource
 * @property {string} type
 * @property {boolean} [retainOnDelete]
 * @property {Record<string, unknown>} [inputs]
 * @property {Record<string, unknown>} [outputs]
 */
/**
 * @typedef {object} Step
 * @property {string} op
 * @property {string} urn
 * @property {State} [oldState]
 * @property {State} [newState]
 * @property {string[]} [replaceReasons]
 * @property {Record<string, { kind: string, inputDiff?: boolean }> | null} [detailedDiff]
 */
/** @typedef {{ urn?: string, message: string, severity: string }} Diagnostic */
/** @typedef {{ policy: string, pack: string, level: string, severity?: string, urn?: string, message: string }} Violation */
/**
 * @typedef {object} Ran the output of a preview or refresh
 * @property {boolean} ok
 * @property {Step[]} steps
 * @property {Diagnostic[]} diagnostics
 * @property {Violation[]} violations
 * @property {string} stderr
 * @property {string} json the whole output, for `seapath plan`
 */
/** @typedef {Record<string, { value?: string, secret?: boolean, objectValue?: unknown }>} Config */
/** @typedef {{ cwd: string, env: NodeJS.ProcessEnv, stack?: string }} Project */

/**
 * The project's and the stack's names, and the configuration with its secrets in clear text.
 * @param {Project} project
 */
export async function readStack(project) {
  const [shown, config] = await Promise.all([
    pulumi(project, ["stack", "--show-name"]),
    pulumi(project, ["config", "--json", "--show-secrets"]),
  ]);
  return { project: projectName(project.cwd), stack: shown.trim(), config: /** @type {Config} */ (JSON.parse(config)) };
}

/**
 * The name in Pulumi.yaml, searched like Pulumi does: here and in the folders above.
 * @param {string} cwd
 * @returns {string}
 */
function projectName(cwd) {
  const folder = resolve(cwd);
  for (const file of ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"]) {
    const text = readIfThere(join(folder, file));
    const name = text === undefined ? undefined : /^\s*"?name"?\s*:\s*["']?([\w.-]+)/m.exec(text)?.[1];
    if (name !== undefined) return name;
  }
  return dirname(folder) === folder ? basename(resolve(cwd)) : projectName(dirname(folder));
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * `pulumi preview`. Requests replacements step by step: otherwise a disk that is deleted because its VM is replaced is
 * in no step.
 * @param {Project} project
 * @param {readonly string[]} packs
 * @param {readonly string[]} configs
 */
export const preview = (project, packs, configs) =>
  planned(project, "preview", [
    "--show-replacement-steps",
    ...packs.flatMap((pack) => ["--policy-pack", resolve(pack)]),
    ...configs.flatMap((config) => ["--policy-pack-config", resolve(config)]),
  ]);

/**
 * What a refresh would find. Runs the program: without it, resources are read with the configuration of the last `up`,
 * its hosts and keys.
 * @param {Project} project
 */
export const refresh = (project) => planned(project, "refresh", ["--preview-only", "--run-program"]);

/** @param {Project} project @param {string} command @param {readonly string[]} words @returns {Promise<Ran>} */
function planned(project, command, words) {
  // The event log has inputs in clear text, secrets too: nobody else may read it, and it is deleted.
  return inFolder({ events: "" }, async (folder) => {
    const events = join(folder, "events");
    // The CLI accepts the option only with this variable; Pulumi's own Automation API reads events this way.
    const env = { ...project.env, PULUMI_DEBUG_COMMANDS: "true" };
    const args = [command, "--json", "--event-log", events, ...words, ...common(project)];
    const { code, stdout, stderr } = await run("pulumi", args, { cwd: project.cwd, env });
    const failure = code === 0 ? undefined : `pulumi ${command} failed (exit ${code}): ${stderr.trim()}`;
    return {
      ok: code === 0,
      json: stdout,
      stderr,
      ...readPrinted(stdout, failure),
      violations: readEvents(readIfThere(events) ?? ""),
    };
  });
}

/**
 * Parses a preview's JSON. One that failed before it began gives the reason only on standard error.
 * @param {string} text
 * @param {string | undefined} failure the error of a failed one
 * @returns {Pick<Ran, "steps" | "diagnostics">}
 */
export function readPrinted(text, failure) {
  /** @type {{ steps?: Step[], diagnostics?: Diagnostic[] }} */
  let read = {};
  try {
    read = JSON.parse(text);
  } catch (cause) {
    throw new Error(failure ?? "what pulumi has printed is no JSON", { cause });
  }
  const { steps = [], diagnostics = [] } = read;
  if (failure !== undefined && steps.length === 0 && diagnostics.length === 0) throw new Error(failure);
  return { steps, diagnostics };
}

/**
 * The violations among the events; the JSON does not contain them.
 * @param {string} text one event per line
 * @returns {Violation[]}
 */
export function readEvents(text) {
  return text
    .split("\n")
    .filter((line) => line.includes('"policyEvent"'))
    .flatMap((line) => {
      const { policyEvent: event } = JSON.parse(line);
      if (event === undefined) return [];
      return [
        {
          policy: String(event.policyName),
          pack: String(event.policyPackName),
          level: String(event.enforcementLevel),
          message: String(event.message).trim(),
          ...(event.severity ? { severity: String(event.severity) } : {}),
          ...(event.resourceUrn ? { urn: String(event.resourceUrn) } : {}),
        },
      ];
    });
}

/** @param {Project} project @returns {string[]} */
const common = ({ stack }) => [
  "--non-interactive",
  "--color",
  "never",
  ...(stack === undefined ? [] : ["--stack", stack]),
];

/** @param {Project} project @param {readonly string[]} words @returns {Promise<string>} its output */
async function pulumi(project, words) {
  const { code, stdout, stderr } = await run("pulumi", [...words, ...common(project)], project);
  if (code !== 0) throw new Error(`pulumi ${words[0]} failed (exit ${code}): ${stderr.trim()}`);
  return stdout;
}

/** The name of a resource. @param {string} urn */
export const nameOf = (urn) => urn.split("::").at(-1) ?? urn;

/** The last part of a resource's type, `Vm` for those of the provider. @param {string} urn */
export const kindOf = (urn) => (urn.split("::").at(-2) ?? "").split("$").at(-1)?.split(/[:/]/).at(-1) ?? "";
