/** The shell steps of ci/action.yml and ci/gitlab.yml, with the environment that the forges set up for them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";

const folder = join(import.meta.dirname, "../../../ci");
const read = (name: string): unknown => load(readFileSync(join(folder, name), "utf8"));

export interface Action {
  inputs: Record<string, { description: string; default: string }>;
  outputs: Record<string, { description: string; value: string }>;
  runs: {
    using: string;
    steps: {
      id?: string;
      if?: string;
      shell?: string;
      env?: Record<string, string>;
      run?: string;
      uses?: string;
      with?: Record<string, string>;
    }[];
  };
}
export interface GitlabJob {
  extends?: string;
  variables?: Record<string, string>;
  script?: string[];
  before_script?: string[];
  rules?: { if: string }[];
  allow_failure?: { exit_codes: number[] };
  artifacts?: { paths: string[] };
}

export const action = read("action.yml") as Action;
export const gitlab = read("gitlab.yml") as Record<string, GitlabJob>;

/** A shell script and its environment. */
export interface Job {
  script: string;
  env: Record<string, string>;
}

/** The action's own step. @throws Error for an expression that only a real forge could evaluate */
export function actionJob(given: Record<string, string>, token: string): Job {
  for (const name of Object.keys(given))
    if (!(name in action.inputs)) throw new Error(`the action has no input ${name}`);
  const expand = (text: string): string =>
    text.replace(/\$\{\{\s*(\S+?)\s*\}\}/g, (_, expression: string) => {
      if (expression === "github.token") return token;
      const input = /^inputs\.([\w-]+)$/.exec(expression)?.[1];
      const value = input === undefined ? undefined : (given[input] ?? action.inputs[input]?.default);
      if (value === undefined) throw new Error(`what is ${expression}?`);
      return expand(value);
    });
  const step = action.runs.steps[0];
  if (step?.run === undefined || step.shell !== "bash") throw new Error("the action's first step is not one for bash");
  const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, text]) => [name, expand(text)]));
  return { script: expand(step.run), env: { ...env, GITHUB_ACTION_PATH: folder } };
}

/** A hidden job of the template, extended, with its own variables. */
export function gitlabJob(name: string, variables: Record<string, string>): Job {
  const job = gitlab[name];
  const base = gitlab[job?.extends ?? ""];
  if (job?.script === undefined || base === undefined) throw new Error(`the template has no job ${name}`);
  return {
    script: job.script.join("\n"),
    env: { ...base.variables, ...job.variables, SEAPATH_CI: join(folder, "seapath-ci.mjs"), ...variables },
  };
}
