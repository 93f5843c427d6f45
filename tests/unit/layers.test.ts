import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { foldersOf } from "../../tools/lint/layers.mjs";

/** The repository's own configuration; the snippets are not on disk, so the rules that need types are set aside. */
const eslint = new ESLint({
  cwd: fileURLToPath(new URL("../..", import.meta.url)),
  overrideConfig: [tseslint.configs.disableTypeChecked],
});

/** What ESLint says of a file with this text: the names of the rules, without those about unused names. */
async function refusals(filePath: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath });
  assert.ok(result, `${filePath} is ignored by ESLint`);
  const fatal = result.messages.find((message) => message.fatal);
  assert.equal(fatal, undefined, fatal?.message);
  return result.messages.map((message) => message.ruleId ?? "").filter((rule) => !rule.endsWith("no-unused-vars"));
}

const importRule = "layers/imports";

interface Layer {
  file: string;
  allowed: string[];
  refused: string[];
}

const layers: Layer[] = [
  {
    file: "provider/src/transport/x.ts",
    allowed: ["node:fs", "node:fs/promises", "ssh2", "../errors", "./types", "./inner/y", "."],
    refused: [
      "fast-xml-parser",
      "zod",
      "@pulumi/pulumi",
      "../cluster",
      "../cluster/cib",
      "../vmmgr",
      "../resources",
      "../session",
      "../index",
      "..",
      "ssh2-promise",
      "pulumi-seapath-provider",
    ],
  },
  {
    file: "provider/src/cluster/x.ts",
    allowed: ["node:path", "fast-xml-parser", "zod", "../transport/types", "../transport/errors", "../errors", "./cib"],
    refused: [
      "ssh2",
      "@pulumi/pulumi",
      "../transport/ssh",
      "../vmmgr",
      "../vmmgr/vm",
      "../resources/vm",
      "../session",
      "./../vmmgr/vm",
      "../errors/../vmmgr",
    ],
  },
  {
    file: "provider/src/vmmgr/x.ts",
    allowed: [
      "node:crypto",
      "zod",
      "../cluster",
      "../cluster/cib",
      "../cluster/a/b",
      "../errors",
      "../words",
      "./vm",
      "./vm/a",
    ],
    refused: [
      "ssh2",
      "fast-xml-parser",
      "@pulumi/pulumi",
      "@pulumi/pulumi/dynamic",
      "../transport",
      "../transport/types",
      "../transport/errors",
      "../resources",
      "../resources/vm",
      "../session",
      "../clusters",
      "./../transport/types",
    ],
  },
  {
    file: "provider/src/vmmgr/vm/x.ts",
    allowed: ["../../cluster/cib", "../../errors", "../disk", "../core/context", "./y", "../vm/y", "./a/b/c/d/e"],
    refused: [
      "../../transport/types",
      "../../resources",
      "../..",
      "..",
      "../index",
      "../commands",
      "../../../src/transport/types",
      "../../session",
    ],
  },
  {
    file: "provider/src/vmmgr/guest/a/b/c/d/x.ts",
    allowed: ["../../../../../form/names", "../../../../../core", "./y", "../../../../y", "../../../../../../cluster"],
    refused: [
      "../../../../../relation",
      "../../../../../vm",
      "../../../../../../transport/types",
      "../../../../../../resources",
    ],
  },
  {
    file: "provider/src/vmmgr/form/x.ts",
    allowed: ["./names", "../../cluster", "../../errors"],
    refused: ["../core/context", "../vm", "../whatif", "../.."],
  },
  {
    file: "provider/src/resources/x.ts",
    allowed: ["node:util", "../vmmgr", "../vmmgr/vm", "zod", "../errors", "./schema"],
    refused: [
      "ssh2",
      "fast-xml-parser",
      "@pulumi/pulumi",
      "../cluster",
      "../cluster/cib",
      "../transport",
      "../transport/types",
      "../transport/errors",
    ],
  },
  {
    file: "provider/src/api/x.ts",
    allowed: ["node:util", "../resources", "../vmmgr", "../vmmgr/whatif", "../session", "../errors", "./at"],
    refused: ["ssh2", "zod", "fast-xml-parser", "@pulumi/pulumi", "../cluster", "../transport/types", "../index"],
  },
  {
    file: "provider/src/session.ts",
    allowed: ["ssh2", "zod", "@pulumi/pulumi", "./transport/ssh", "./cluster/cib", "./vmmgr", "./resources"],
    refused: [],
  },
  {
    file: "sdk/src/x.ts",
    allowed: ["@pulumi/pulumi", "@pulumi/pulumi/dynamic", "pulumi-seapath-provider", "./stub", "node:path"],
    refused: [
      "pulumi-seapath-provider/dist/vmmgr",
      "pulumi-seapath-provider/src/vmmgr/vm",
      "../../provider/src",
      "../../provider/dist/index.js",
      "ssh2",
      "zod",
      "fast-xml-parser",
    ],
  },
  {
    file: "policy/src/rules/x.ts",
    allowed: ["@pulumi/policy", "@pulumi/pulumi", "pulumi-seapath-provider", "pulumi-seapath/plan", "../config", "./y"],
    refused: [
      "pulumi-seapath-provider/dist/vmmgr",
      "pulumi-seapath/dist/vm",
      "../../../provider/src/vmmgr",
      "../../../sdk/src",
      "ssh2",
      "zod",
    ],
  },
];

describe("the rule of the layers", function () {
  this.timeout(20_000);

  for (const { file, allowed, refused } of layers) {
    describe(file, () => {
      for (const from of allowed) {
        it(`may import ${from}`, async () => {
          assert.deepEqual(await refusals(file, `import { a } from "${from}";\n`), []);
          assert.deepEqual(await refusals(file, `export * from "${from}";\n`), []);
        });
      }
      for (const from of refused) {
        it(`may not import ${from}`, async () => {
          assert.deepEqual(await refusals(file, `import { a } from "${from}";\n`), [importRule]);
          assert.deepEqual(await refusals(file, `export * from "${from}";\n`), [importRule]);
          assert.deepEqual(await refusals(file, `import "${from}";\n`), [importRule]);
        });
      }
    });
  }

  it("lets resources import the types of Pulumi, and only the types", async () => {
    const file = "provider/src/resources/x.ts";
    assert.deepEqual(await refusals(file, 'import type * as pulumi from "@pulumi/pulumi";\n'), []);
    assert.deepEqual(await refusals(file, 'import type { Inputs } from "@pulumi/pulumi/dynamic";\n'), []);
    assert.deepEqual(await refusals(file, 'import * as pulumi from "@pulumi/pulumi";\n'), [importRule]);
  });

  it("refuses a type across a forbidden border as well as a value", async () => {
    const text = 'import type { Runner } from "../transport/types";\n';
    assert.deepEqual(await refusals("provider/src/vmmgr/x.ts", text), [importRule]);
    assert.deepEqual(await refusals("provider/src/cluster/x.ts", text), []);
  });

  it("cannot be passed by import(), by require or by the type of an import", async () => {
    const file = "provider/src/vmmgr/x.ts";
    assert.deepEqual(await refusals(file, 'export const a = import("ssh2");\n'), ["no-restricted-syntax"]);
    assert.deepEqual(await refusals(file, 'export type A = import("ssh2").Client;\n'), ["no-restricted-syntax"]);
    assert.deepEqual(await refusals(file, 'export const a = require("ssh2");\n'), [
      "@typescript-eslint/no-require-imports",
    ]);
  });

  it("lets the stub of the sdk require the provider's entry, and nothing else", async () => {
    const rule = "@typescript-eslint/no-require-imports";
    const file = "sdk/src/stub.ts";
    assert.deepEqual(await refusals(file, 'export const a = () => require("pulumi-seapath/provider");\n'), []);
    assert.deepEqual(await refusals(file, 'export const a = () => require("pulumi-seapath-provider");\n'), [rule]);
  });

  it("gives each folder of vmmgr a level", () => {
    const folders = readdirSync(new URL("../../provider/src/vmmgr", import.meta.url), { withFileTypes: true }).filter(
      (each) => each.isDirectory(),
    );
    assert.deepEqual(foldersOf("provider/src/vmmgr").sort(), folders.map(({ name }) => name).sort());
  });

  it("keeps the root of the errors free of imports", async () => {
    for (const file of ["errors", "words"])
      assert.deepEqual(await refusals(`provider/src/${file}.ts`, 'import "zod";\n'), ["no-restricted-imports"]);
  });

  it("says which layer may import what", async () => {
    const [result] = await eslint.lintText('import "ssh2";\n', { filePath: "provider/src/vmmgr/x.ts" });
    assert.match(result?.messages[0]?.message ?? "", /vmmgr may import cluster, zod and \.\.\/errors; never transport/);
  });
});

describe("the rule of the length of a file", function () {
  this.timeout(20_000);

  for (const file of ["provider/src/vmmgr/x.ts", "sdk/src/x.ts"]) {
    it(`holds ${file} to 400 lines, blank ones counted`, async () => {
      const lines = (count: number): string => `export const a = 1;${"\n".repeat(count - 1)}export const b = 1;`;
      assert.deepEqual(await refusals(file, lines(400)), []);
      assert.deepEqual(await refusals(file, lines(401)), ["max-lines"]);
    });
  }
});
