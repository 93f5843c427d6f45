import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/**
 * The layers of the provider, from the lowest to the highest. `packages` and `layers` are regular expressions for what
 * a file of that folder may import besides its own folder, node's modules, `provider/src/errors` and `words`; everything else
 * is refused. What wires the layers together, `provider/src/session.ts`, lies outside of the folders.
 */
const layers = {
  transport: {
    packages: ["ssh2"],
    layers: [],
    says: "transport may import node, ssh2 and ../errors; never XML, zod, Pulumi or a layer above it.",
  },
  cluster: {
    packages: ["fast-xml-parser", "zod"],
    layers: ["transport/types", "transport/errors"],
    says:
      "cluster may import ../transport/types, ../transport/errors, fast-xml-parser, zod and ../errors; " +
      "never ssh2, Pulumi or a layer above it.",
  },
  vmmgr: {
    packages: ["zod"],
    layers: ["cluster(?:/.+)?"],
    says: "vmmgr may import cluster, zod and ../errors; never transport, resources, ssh2, XML or Pulumi.",
  },
  resources: {
    packages: ["zod"],
    layers: ["vmmgr(?:/.+)?"],
    types: ["@pulumi/.+"],
    says: "resources may import vmmgr, zod, ../errors and the types of Pulumi; never cluster, transport, ssh2 or XML.",
  },
  api: {
    packages: [],
    layers: ["resources(?:/.+)?", "vmmgr(?:/.+)?", "session"],
    says: "api may import resources, vmmgr, ../session and ../errors; never cluster, transport, ssh2, XML, zod or Pulumi.",
  },
};

/** How deep below a layer's folder a file may lie. */
const depths = [0, 1, 2, 3];

const alternatives = (list) => list.map((item) => `${item}$`).join("|");

/**
 * A regular expression for all that a file may NOT import, when it lies `depth` folders below the root of its layer.
 * @param {{ packages?: string[], outside?: string[], depth: number }} allowed
 */
function allBut({ packages = [], outside = [], depth }) {
  const within = Array.from({ length: depth }, (_, up) => `${"\\.\\./".repeat(up + 1)}(?!.*\\.\\.(?:/|$))`);
  const ownIndex = Array.from({ length: depth }, (_, up) => `${Array(up + 1).fill("\\.\\.").join("/")}/?$`);
  const up = "\\.\\./".repeat(depth + 1);
  const allowed = [
    "node:",
    "\\.(?:/(?!.*\\.\\.(?:/|$))|$)",
    ...within,
    ...ownIndex,
    ...(packages.length > 0 ? [alternatives(packages)] : []),
    ...outside.map((path) => `${up}${path}$`),
  ];
  return `^(?!${allowed.join("|")})`;
}

const folderAtDepth = (folder, depth) => `${folder}/${"*/".repeat(depth)}*.ts`;

const layerRules = Object.entries(layers).flatMap(([name, layer]) =>
  depths.map((depth) => ({
    name: `layers/${name}/${depth}`,
    files: [folderAtDepth(`provider/src/${name}`, depth)],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: allBut({
                packages: [...layer.packages, ...(layer.types ?? [])],
                outside: ["errors", "words", ...layer.layers],
                depth,
              }),
              message: layer.says,
            },
            ...(layer.types ?? []).map((type) => ({
              regex: `^${type}$`,
              allowTypeImports: true,
              message: `${layer.says} Write "import type".`,
            })),
          ],
        },
      ],
    },
  })),
);

/** What a package above the provider may import: other packages by their public entries, and itself. */
const packageRules = (name, packages, message) => depths.map((depth) => ({
  name: `layers/${name}/${depth}`,
  files: [folderAtDepth(`${name}/src`, depth)],
  rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns: [{ regex: allBut({ packages, depth }), message }] }] },
}));

const sdkRules = packageRules(
  "sdk", ["@pulumi/.+", "pulumi-seapath-provider"],
  "The sdk may import Pulumi and the public entry of pulumi-seapath-provider; never its inside.",
);

const policyRules = packageRules(
  "policy", ["@pulumi/.+", "pulumi-seapath-provider", "pulumi-seapath/plan"],
  "Policies may import Pulumi and the public entries of the provider and of the sdk; never their inside.",
);

/** The rule above sees static imports only, so the layers have no others. */
const staticImportsOnly = {
  name: "layers/static-imports-only",
  files: Object.keys(layers).map((name) => `provider/src/${name}/**/*.ts`),
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

/** Rules that ask the type checker. */
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

/** More of them, for the code that others depend on. */
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
    },
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
      // Loaded when a function or a command asks a cluster: a program that only declares resources has no need of it.
      "@typescript-eslint/no-require-imports": ["error", { allow: ["^pulumi-seapath/provider$"] }],
    },
  },
  {
    name: "errors",
    files: ["provider/src/errors.ts", "provider/src/words.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: [{ regex: "", message: "Every layer imports it." }] }] },
  },
  layerRules,
  sdkRules,
  policyRules,
  staticImportsOnly,
);
