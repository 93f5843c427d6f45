/** The CI files of examples/platform. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";

export const platformFolder = join(import.meta.dirname, "../../../examples/platform");
const read = (name: string): unknown => load(readFileSync(join(platformFolder, name), "utf8"));

export interface Workflow {
  jobs: Record<
    string,
    {
      permissions?: Record<string, string>;
      strategy?: { matrix: { stack: string[] } };
      steps: { uses?: string; run?: string; with?: Record<string, string> }[];
    }
  >;
}
export interface Pipeline {
  extends?: string | string[];
  parallel?: { matrix: { SEAPATH_CI_STACK: string[] }[] };
  variables?: Record<string, string>;
  script?: string[];
}

export const workflow = read(".github/workflows/seapath.yml") as Workflow;
export const pipeline = read(".gitlab-ci.yml") as Record<string, Pipeline>;

/** The steps of a job that use this repository's action, for a given stack. */
export const actionSteps = (job: string, stack: string): Record<string, string>[] =>
  (workflow.jobs[job]?.steps ?? [])
    .filter(({ uses }) => uses?.startsWith("./ci"))
    .map(({ with: inputs = {} }) =>
      Object.fromEntries(
        Object.entries(inputs).map(([key, value]) => [key, value.replaceAll("${{ matrix.stack }}", stack)]),
      ),
    );

/** The inputs that a pull request's preview gives the action. */
export function previewInputs(stack: string): Record<string, string> {
  const [inputs, ...more] = actionSteps("preview", stack);
  if (inputs === undefined || more.length > 0) throw new Error("the preview must use the action once");
  return inputs;
}
