import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import layerRules from "./tools/lint/layers.mjs";

/** The layers rule sees only static imports, so these files have no others. */
const staticImportsOnly = {
  name: "layers/static-imports-only",
  files: ["provider/src/*/**/*.ts"],
  rules: {
    "no-restricted-syntax": [
      "error",
      { selector: "ImportExpression", message: "Import statically: the rule of the layers does not see import()." },
      { selector: "TSImportType", message: "Use an import type statement: the rule of the layers does not see this." },
    ],
  },
};

const everywhere = {
  name: "everywhere",
  linterOptions: { reportUnusedDisableDirectives: "error" },
  rules: {
    eqeqeq: ["error", "always", { null: "ignore" }],
    "no-constant-binary-expression": "error",
    "no-constant-condition": ["error", { checkLoops: "allExceptWhileTrue" }],
    "no-debugger": "error",
    "no-duplicate-case": "error",
    "no-empty": "error",
    "no-eval": "error",
    "no-fallthrough": "error",
    "no-loss-of-precision": "error",
    "no-self-assign": "error",
    "no-self-compare": "error",
    "no-sparse-arrays": "error",
    "no-unmodified-loop-condition": "error",
    "no-unreachable-loop": "error",
    "no-unsafe-finally": "error",
    "no-unsafe-negation": "error",
    "no-useless-catch": "error",
    "no-useless-escape": "error",
    "no-var": "error",
    "prefer-const": "error",
    "use-isnan": "error",
    "valid-typeof": "error",
    "@typescript-eslint/no-explicit-any": "error",
    "@typescript-eslint/no-unused-vars": [
      "error",
      { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
    ],
  },
};

/** Rules that use the type checker. */
const typed = {
  "@typescript-eslint/await-thenable": "error",
  "@typescript-eslint/no-array-delete": "error",
  "@typescript-eslint/no-base-to-string": "error",
  "@typescript-eslint/no-floating-promises": "error",
  "@typescript-eslint/no-for-in-array": "error",
  "@typescript-eslint/no-implied-eval": "error",
  "@typescript-eslint/no-misused-promises": "error",
  "@typescript-eslint/no-misused-spread": "error",
  "@typescript-eslint/only-throw-error": "error",
  "@typescript-eslint/unbound-method": "error",
};

/** More of them, for code that other code depends on. */
const typedStrictly = {
  ...typed,
  "@typescript-eslint/no-unnecessary-type-assertion": "error",
  "@typescript-eslint/prefer-promise-reject-errors": "error",
  "@typescript-eslint/require-array-sort-compare": ["error", { ignoreStringArrays: true }],
  "@typescript-eslint/return-await": ["error", "in-try-catch"],
  "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
};

export default defineConfig(
  globalIgnores(["**/dist/", "**/node_modules/", "**/*.d.ts", "**/.pulumi-state/"]),
  tseslint.configs.recommended,
  everywhere,
  {
    name: "packages",
    files: ["provider/src/**/*.ts", "sdk/src/**/*.ts", "policy/src/**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...typedStrictly,
      "max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
      "max-lines-per-function": ["error", { max: 80, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    name: "kinds", // one object of short methods each
    files: [
      "provider/src/resources/disk/kind.ts",
      "provider/src/resources/engine/kind.ts",
      "provider/src/resources/relation/kind.ts",
      "provider/src/resources/vm/kind.ts",
    ],
    rules: { "max-lines-per-function": ["error", { max: 160, skipBlankLines: true, skipComments: true }] },
  },
  {
    name: "bench-lab-tools-tests",
    files: ["bench/**/*.ts", "lab/**/*.ts", "tools/**/*.ts", "tests/**/*.ts"],
    ignores: ["tests/lab/program/**"], // a Pulumi program, with a tsconfig of its own
    languageOptions: { parserOptions: { project: "tsconfig.tools.json", tsconfigRootDir: import.meta.dirname } },
    rules: typed,
  },
  { name: "commonjs", files: ["**/*.cjs", "sdk/bin/*.js"], rules: { "@typescript-eslint/no-require-imports": "off" } },
  {
    name: "sdk-loads-late",
    files: ["sdk/src/**/*.ts"],
    rules: {
      // Loaded when a function or command queries a cluster: a program that only declares resources does not need it.
      "@typescript-eslint/no-require-imports": ["error", { allow: ["^pulumi-seapath/provider$"] }],
    },
  },
  {
    name: "errors",
    files: ["provider/src/errors.ts", "provider/src/words.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: [{ regex: "", message: "Every layer imports it." }] }] },
  },
  layerRules,
  staticImportsOnly,
);
