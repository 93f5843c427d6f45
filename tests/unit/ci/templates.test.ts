// The templates of the forges, against the options of the script that they call; and what the options mean.
import assert from "node:assert/strict";
import { COMMANDS, OPTIONS, readOptions, twinOf, UsageError } from "../../../ci/lib/options.mjs";
import { exitCode, outcomeOf } from "../../../ci/lib/outcome.mjs";
import { action, gitlab } from "../../lab/support/ci-jobs.ts";

const twins = Object.keys(OPTIONS).map(twinOf);

describe("the GitHub action", () => {
  const steps = action.runs.steps;
  const text = JSON.stringify(action.runs);

  it("uses each of its inputs, and has none beside them", () => {
    const used = new Set([...text.matchAll(/inputs\.([\w-]+)/g)].map(([, name]) => name));
    assert.deepEqual([...used].sort(), Object.keys(action.inputs).sort());
    for (const { description, default: value } of Object.values(action.inputs))
      assert.ok(description !== "" && typeof value === "string");
  });

  it("gives the script options that it has, each that a job can want", () => {
    const given = Object.keys(steps[0]?.env ?? {}).filter(
      (name) => name.startsWith("SEAPATH_CI_") && name !== "SEAPATH_CI_ARTIFACT",
    );
    assert.deepEqual(given.sort(), [...twins].sort());
  });

  it("puts nothing that was typed into a shell's text", () => {
    for (const { run = "" } of steps) assert.doesNotMatch(run, /\$\{\{/);
  });

  it("names outputs that the script sets", () => {
    for (const { value } of Object.values(action.outputs))
      assert.match(value, /^\$\{\{ steps\.seapath\.outputs\.(?:changed|refused|unreachable|planned|code|summary)\b/);
  });
});

describe("the GitLab template", () => {
  it("has a job a command, which gives the script options that it has", () => {
    const base = gitlab[".seapath-ci"];
    const given = Object.keys(base?.variables ?? {}).filter((name) => name.startsWith("SEAPATH_CI_"));
    // What fails a job is for `allow_failure` here.
    assert.deepEqual(given.sort(), twins.filter((name) => name !== "SEAPATH_CI_FAIL_ON").sort());
    for (const command of COMMANDS) {
      const job = gitlab[`.seapath-${command}`];
      assert.equal(job?.extends, ".seapath-ci");
      assert.deepEqual(job?.script, [`node "$SEAPATH_CI" ${command}`]);
    }
    assert.deepEqual(base?.allow_failure?.exit_codes, [2, 4]);
    assert.deepEqual(base?.artifacts?.paths, ["$SEAPATH_CI_OUT"]);
  });
});

describe("the options of seapath-ci", () => {
  const read = (words: string[], env: NodeJS.ProcessEnv = {}) => readOptions(words, env);

  it("come from the words, then from the environment, several one a line", () => {
    const env = {
      SEAPATH_CI_STACK: "env",
      SEAPATH_CI_POLICY_PACK: "a\n b \n\n",
      SEAPATH_CI_CIB: "north=x.json\ny.json",
      SEAPATH_CI_COMMENT: "false",
      SEAPATH_CI_FAIL_ON: "refused, changed",
    };
    const given = read(["preview", "--stack", "word"], env);
    assert.deepEqual(
      [given.stack, given.policyPacks, given.comment, given.failOn],
      ["word", ["a", "b"], false, ["refused", "changed"]],
    );
    assert.deepEqual(given.cibs, [{ cluster: "north", file: "x.json" }, { file: "y.json" }]);
    assert.deepEqual(read(["drift"], { SEAPATH_CI_FAIL_ON: "none" }).failOn, []);
    assert.equal(read(["drift"], { SEAPATH_CI_FAIL_ON: "" }).failOn, undefined);
  });

  it("tell the forge by the job", () => {
    assert.equal(read(["preview"]).forge, "none");
    assert.equal(read(["preview"], { GITHUB_ACTIONS: "true" }).forge, "github");
    assert.equal(read(["preview"], { GITLAB_CI: "true" }).forge, "gitlab");
    assert.equal(read(["preview", "--forge", "none"], { GITLAB_CI: "true" }).forge, "none");
  });

  it("mean something", () => {
    for (const words of [
      [],
      ["up"],
      ["preview", "drift"],
      ["preview", "--nope"],
      ["preview", "--forge", "svn"],
      ["preview", "--stack", "a", "--stack", "b"],
      ["preview", "--policy-pack-config", "f"],
      ["preview", "--fail-on", "always"],
      ["preview", "--comment", "maybe"],
    ]) {
      assert.throws(() => read(words), UsageError, words.join(" "));
    }
  });
});

describe("the exit code", () => {
  const none = { error: false, refused: false, unreachable: false, changed: false };

  it("is of what weighs most", () => {
    assert.equal(exitCode(outcomeOf(none)), 0);
    assert.equal(exitCode(outcomeOf({ ...none, changed: true })), 2);
    assert.equal(exitCode(outcomeOf({ ...none, changed: true, unreachable: true })), 4);
    assert.equal(exitCode(outcomeOf({ ...none, changed: true, unreachable: true, refused: true })), 3);
    assert.equal(exitCode(outcomeOf({ error: true, refused: true, unreachable: true, changed: true })), 1);
  });

  it("is 0 on what is not to fail a job, but never on an error", () => {
    assert.deepEqual(
      (["same", "changed", "refused", "unreachable", "error"] as const).map((outcome) =>
        exitCode(outcome, ["refused"]),
      ),
      [0, 0, 3, 0, 1],
    );
    assert.deepEqual(
      (["changed", "refused", "unreachable", "error"] as const).map((outcome) => exitCode(outcome, [])),
      [0, 0, 0, 1],
    );
  });
});
