// The files for CI of examples/platform, against the action and the template that they use, and the files that they name.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { action, gitlab } from "../../lab/support/ci-jobs.ts";
import { actionSteps, pipeline, platformFolder, workflow } from "../../lab/support/platform-ci.ts";

const STACKS = ["staging", "production"];

const isThere = (path: string | undefined) =>
  assert.ok(path !== undefined && existsSync(join(platformFolder, path)), `${path} is there`);

/** The files that a command of the Pulumi CLI names. */
function commandNamesFiles(command: string, stack: string): void {
  assert.match(command, new RegExp(`^pulumi up --yes --stack ${stack} `));
  assert.doesNotMatch(command, /--skip-preview/);
  isThere(/--policy-pack (\S+)/.exec(command)?.[1]);
  isThere(/--policy-pack-config (\S+)/.exec(command)?.[1]);
}

describe("the platform's files for CI", () => {
  it("have stacks that are there", () => {
    for (const stack of STACKS) isThere(`Pulumi.${stack}.yaml`);
    for (const job of ["preview", "drift"]) {
      assert.deepEqual(workflow.jobs[job]?.strategy?.matrix.stack, STACKS);
      assert.deepEqual(pipeline[job]?.parallel?.matrix, [{ SEAPATH_CI_STACK: STACKS }]);
    }
  });

  it("give the action inputs that it has, and files that are there", () => {
    for (const stack of STACKS)
      for (const [job, command] of [
        ["preview", "preview"],
        ["drift", "drift"],
      ] as const) {
        const [inputs, ...more] = actionSteps(job, stack);
        assert.ok(inputs !== undefined && more.length === 0, job);
        for (const key of Object.keys(inputs)) assert.ok(key in action.inputs, `${job}: ${key}`);
        assert.equal(inputs["command"] ?? action.inputs["command"]?.default, command);
        assert.equal(inputs["stack"], stack);
        if (job === "preview") for (const key of ["policy-pack", "policy-pack-config"]) isThere(inputs[key]);
      }
    assert.equal(workflow.jobs["preview"]?.permissions?.["pull-requests"], "write");
    assert.equal(workflow.jobs["drift"]?.permissions?.["issues"], "write");
  });

  it("extend jobs that the template has, with variables that these know", () => {
    const known = { ...gitlab, ...pipeline };
    for (const [name, { extends: bases = [], variables = {} }] of Object.entries(pipeline)) {
      for (const base of [bases].flat()) assert.ok(base in known, `${name}: ${base}`);
      for (const variable of Object.keys(variables))
        assert.ok(variable in (gitlab[".seapath-ci"]?.variables ?? {}), `${name}: ${variable}`);
    }
    const { SEAPATH_CI_POLICY_PACK: pack, SEAPATH_CI_POLICY_PACK_CONFIG: config } =
      pipeline["preview"]?.variables ?? {};
    isThere(pack);
    for (const stack of STACKS) isThere(config?.replace("$SEAPATH_CI_STACK", stack));
  });

  it("bring up each stack with its policies, and never without the preview that asks them", () => {
    for (const stack of STACKS) {
      for (const commands of [workflow.jobs[stack]?.steps.flatMap(({ run }) => run ?? []), pipeline[stack]?.script]) {
        assert.equal(commands?.length, 1, stack);
        commandNamesFiles(commands?.[0] ?? "", stack);
      }
    }
  });
});
