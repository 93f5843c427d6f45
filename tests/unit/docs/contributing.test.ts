// CONTRIBUTING.md lists the files that a new kind, setting, operation or rule touches. All that exist follow these lists.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const { providers } = require("../../../provider/dist/index.js") as typeof import("../../../provider/dist/index.js");

const root = join(import.meta.dirname, "../../..");
const text = (file: string) => readFileSync(join(root, file), "utf8");
const page = text("CONTRIBUTING.md");
const section = (heading: string) => {
  const from = page.indexOf(`## ${heading}`);
  assert.ok(from >= 0, heading);
  return page.slice(from, page.indexOf("\n## ", from + 1));
};
const filesIn = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending) && !file.includes("node_modules"))
    .map((file) => `${folder}/${file}`);
const isInOneOf = (files: string[], words: string) => files.some((file) => text(file).includes(words));

/** A class's folder, where it is not its name in lower case with hyphens. */
const FOLDERS: Record<string, string> = { SnapshotRetention: "retention" };
const folderOf = (kind: string) => FOLDERS[kind] ?? kind.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

describe("CONTRIBUTING.md", () => {
  it("names only files that exist, but for its placeholders", () => {
    for (const [, path = ""] of page.matchAll(/`((?:provider|sdk|policy|tests|tools|docs|examples|lab)\/[\w./-]*)`/g))
      assert.ok(existsSync(join(root, path)), path);
  });

  describe("the list of a kind of resource", () => {
    const list = section("A new kind of resource");
    const [tests, pages, examples] = [filesIn("tests/lab", ".ts"), filesIn("docs", ".md"), filesIn("examples", ".ts")];

    for (const kind of Object.keys(providers)) {
      it(`holds for ${kind}`, () => {
        for (const [, path = ""] of list.matchAll(/`([\w.-]+\/[\w/.-]*<kind>[\w/.-]*)`/g)) {
          // The first kind of all is larger than the others: its file is the provider's own.
          const file = path.replace("<kind>", folderOf(kind)).replace("vm/kind.ts", "vm/kind.ts");
          assert.ok(existsSync(join(root, file)), file);
        }
        assert.match(text("provider/src/index.ts"), new RegExp(`^  ${kind}: `, "m"));
        const place = kind === "Vm" ? "./vm/kind" : `./${folderOf(kind)}/kind`;
        assert.ok(text("provider/src/resources/index.ts").includes(`from "${place}"`), place);
        assert.ok(text("sdk/src/index.ts").includes(`from "./${folderOf(kind)}"`));
        assert.ok(isInOneOf(tests, kind === "Vm" ? '$kind = "Vm"' : `$kind: "${kind}"`), "a lab test");
        assert.ok(isInOneOf(pages, `seapath.${kind}`) && text("README.md").includes(`seapath.${kind}`), "a page");
        assert.ok(isInOneOf(examples, `new seapath.${kind}(`), "an example");
      });
    }
  });

  it("has a list for settings whose files the test of the settings holds", () => {
    const list = section("A new setting of a VM");
    const test = text("tests/unit/vmmgr/form/settings.test.ts");
    for (const file of ["sdk/src/types.ts", "sdk/src/vm.ts", "README.md", "docs/vm.md"])
      assert.ok(list.includes(`\`${file}\``) && test.includes(`"${file}"`), file);
  });

  it("has a list for operations that holds for each program", () => {
    assert.match(section("A new operation on a node"), /`provider\/python\/<name>\.py`/);
    const programs = filesIn("provider/python", ".py");
    const callers = filesIn("provider/src", ".ts").filter((file) => /\/src\/(cluster|transport)\//.test(file));
    const needed = new Set(
      programs.flatMap(
        (file) =>
          /^# Needs: (.+)$/m
            .exec(text(file))?.[1]
            ?.split(", ")
            .map((name) => name.trim()) ?? [],
      ),
    );
    for (const file of programs) {
      const name = /([\w-]+)\.py$/.exec(file)?.[1] ?? "";
      // What all share stands before each program.
      if (name === "common" || name === "link" || needed.has(name)) continue;
      assert.ok(isInOneOf(callers, `"${name}"`), `${name}: no function of cluster/ runs it`);
    }
  });

  it("has a list for rules that holds for each", () => {
    assert.match(section("A new rule"), /`policy\/src\/rules\/<name>\.ts`/);
    const tests = filesIn("tests/lab", ".test.ts");
    const constantOf = (file: string) =>
      (/([\w-]+)\.ts$/.exec(file)?.[1] ?? "").replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    // The folder also has what several rules share.
    const isRule = (file: string) => text(file).includes(`export const ${constantOf(file)} = `);
    const rules = filesIn("policy/src/rules", ".ts").filter(isRule);
    assert.ok(rules.length > 15);
    for (const file of rules) {
      const name = /([\w-]+)\.ts$/.exec(file)?.[1] ?? "";
      const constant = constantOf(file);
      assert.ok(text("policy/src/rules/index.ts").includes(`from "./${name}"`), name);
      assert.match(text("policy/src/pack.ts"), new RegExp(`\\brules\\.${constant}\\b`), name);
      assert.ok(text("docs/policies.md").includes(`\n### ${name}\n`), name);
      assert.ok(isInOneOf(tests, `"${name}"`), `${name}: a lab test`);
    }
  });
});
