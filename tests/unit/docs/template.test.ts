// The template of `pulumi new`, as far as that can be told without Pulumi; tests/lab/template.test.ts takes it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { root } from "../../../tools/env.mjs";
import { template } from "../../../tools/pack.mjs";

const json = (...path: string[]) =>
  JSON.parse(readFileSync(join(...path), "utf8")) as Record<string, Record<string, string>>;

describe("templates/seapath-typescript", () => {
  const own = json(template, "package.json");

  it("asks for the packages of this checkout, in the versions that they have", () => {
    for (const workspace of ["provider", "sdk", "policy"]) {
      const { name, version } = json(root, workspace, "package.json") as unknown as { name: string; version: string };
      assert.equal(own["dependencies"]?.[name], `file:packages/${name}-${version}.tgz`);
    }
  });

  it("has yarn, Bun and pnpm take them from there too where they ask for each other", () => {
    const asked = ["provider", "sdk", "policy"].flatMap((workspace) =>
      Object.keys(json(root, workspace, "package.json")["dependencies"] ?? {}),
    );
    const ours = [...new Set(asked.filter((name) => name.startsWith("pulumi-seapath")))].sort();
    assert.deepEqual(Object.keys(own["resolutions"] ?? {}).sort(), ours);
    for (const name of ours) assert.equal(own["resolutions"]?.[name], own["dependencies"]?.[name]);
  });

  it("has one @pulumi/pulumi with the packages, and the compiler that they were compiled with", () => {
    const development = json(root, "package.json")["devDependencies"];
    assert.equal(
      own["dependencies"]?.["@pulumi/pulumi"],
      json(root, "provider", "package.json")["dependencies"]?.["@pulumi/pulumi"],
    );
    for (const name of ["typescript", "@types/node"]) assert.equal(own["dependencies"]?.[name], development?.[name]);
  });

  it("asks for what the program needs", () => {
    const project = load(readFileSync(join(template, "Pulumi.yaml"), "utf8")) as {
      template: { config: Record<string, { description?: string }> };
    };
    const program = readFileSync(join(template, "index.ts"), "utf8");
    const needed = [...program.matchAll(/\.require\("(\w+)"\)/g)].map(([, key]) => key ?? "");
    assert.ok(needed.length > 0);
    for (const key of [...needed, "seapath:hosts"]) assert.ok(project.template.config[key]?.description, key);
  });
});
