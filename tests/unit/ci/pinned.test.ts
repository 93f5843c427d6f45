// What the pipelines that we show run beside a key: pinned, without install scripts, with secrets only where they are needed, not of forks.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const tracked = (...patterns: string[]) =>
  execFileSync("git", ["ls-files", ...patterns], { cwd: ROOT, encoding: "utf8" })
    .trim()
    .split("\n");

/** Each file of a pipeline, and each block of one in a page. */
const pipelines = [
  ...tracked("*.yml", "*.yaml")
    .filter((file) => !/(?:^|\/)Pulumi/.test(file))
    .map((file) => [file, read(file)] as const),
  ...tracked("*.md").flatMap((file) =>
    [...read(file).matchAll(/```ya?ml\n(.*?)```/gs)].map(([, text = ""], index) => [`${file} ${index}`, text] as const),
  ),
];

describe("the pipelines that we show", () => {
  it("are found", () => assert.ok(pipelines.length >= 7, pipelines.map(([name]) => name).join()));

  for (const [name, text] of pipelines) {
    it(`run in ${name} what was looked at`, () => {
      for (const [, used = ""] of text.matchAll(/uses:\s*(\S+)/g)) assert.match(used, /^\.\/|@[0-9a-f]{40}$/, used);
      assert.doesNotMatch(text, /\b(?:remote:|git clone|curl|wget)|pull_request_target|npx --yes/);
      for (const [, image = ""] of text.matchAll(/^\s*image:\s*(\S+)/gm))
        assert.ok(image.startsWith("registry.example/") || /:\d+\.\d+(?:\.\d+)?$|@sha256:/.test(image), image);
      for (const [command] of text.matchAll(/npm (?:ci|install)\b.*/g))
        if (!/above/.test(command)) assert.match(command, /--ignore-scripts/);
    });

    it(`keep in ${name} secrets to steps, and forks away`, () => {
      // Steps are indented by six and more: their env stands deeper than a job's.
      for (const [, indent = ""] of text.matchAll(/^( *)\S+:.*\$\{\{ *secrets\./gm))
        assert.ok(indent.length >= 10, text);
      if (/^on: pull_request|^ {2}pull_request:/m.test(text))
        assert.match(text, /head\.repo\.full_name == github\.repository/);
      for (const [line] of text.matchAll(/.*merge_request_event.*/g))
        assert.match(line, /SOURCE_PROJECT_ID == \$CI_MERGE_REQUEST_PROJECT_ID/);
    });
  }
});
