/** Which files may import which: the ESLint rule `layers/imports` and its tables. */
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/**
 * The layers, from lowest to highest. A file may import node's modules, its own layer, `files` (each with everything
 * below it) and `packages`; from `types` only types. Everything else is refused. `provider/src/session.ts`, which wires
 * the provider's layers together, is outside of them.
 * @type {Record<string, { packages?: readonly RegExp[], types?: readonly RegExp[], files?: readonly string[], says:
 * string }>}
 */
const layers = {
  "provider/src/transport": {
    packages: [/^ssh2$/],
    files: ["errors", "words"],
    says: "transport may import node, ssh2 and ../errors; never XML, zod, Pulumi or a layer above it.",
  },
  "provider/src/cluster": {
    packages: [/^fast-xml-parser$/, /^zod$/],
    files: ["errors", "words", "transport/types", "transport/errors"],
    says:
      "cluster may import ../transport/types, ../transport/errors, fast-xml-parser, zod and ../errors; " +
      "never ssh2, Pulumi or a layer above it.",
  },
  "provider/src/vmmgr": {
    packages: [/^zod$/],
    files: ["errors", "words", "cluster"],
    says: "vmmgr may import cluster, zod and ../errors; never transport, resources, ssh2, XML or Pulumi.",
  },
  "provider/src/resources": {
    packages: [/^zod$/],
    types: [/^@pulumi\/.+$/],
    files: ["errors", "words", "vmmgr"],
    says: "resources may import vmmgr, zod, ../errors and the types of Pulumi; never cluster, transport, ssh2 or XML.",
  },
  "provider/src/api": {
    files: ["errors", "words", "vmmgr", "resources", "session"],
    says: "api may import resources, vmmgr, ../session and ../errors; never cluster, transport, ssh2, XML, zod or Pulumi.",
  },
  "sdk/src": {
    packages: [/^@pulumi\/.+$/, /^pulumi-seapath-provider$/],
    says: "The sdk may import Pulumi and the public entry of pulumi-seapath-provider; never its inside.",
  },
  "policy/src": {
    packages: [/^@pulumi\/.+$/, /^pulumi-seapath-provider$/, /^pulumi-seapath\/plan$/],
    says: "Policies may import Pulumi and the public entries of the provider and of the sdk; never their inside.",
  },
};

/**
 * The folders of a layer, in levels from lowest to highest: a file may import its own folder and those of lower levels.
 * Files directly in the layer are its entry; none of them may import it.
 * @type {Record<string, readonly (readonly string[])[]>}
 */
const levels = {
  "provider/src/vmmgr": [
    ["form"], // what a VM is, and how it is stored in a CIB, in metadata, in XML
    ["core"], // what every change uses: its context, steps, waits, errors
    ["guest", "relation", "disk", "keys"],
    ["rolling", "whatif"],
    ["snapshots", "doctor"],
    ["vm"],
    ["commands"], // combinations of several of these
  ],
};

const isBelow = (path, folder) => path === folder || path.startsWith(`${folder}/`);

/**
 * The reason why a file may not import something, or undefined if it may.
 * @param {string} file
 * @param {string} source
 * @param {boolean} typeOnly
 */
export function refusal(file, source, typeOnly) {
  const layer = Object.keys(layers).find((each) => isBelow(file, each));
  if (layer === undefined) return undefined;
  const { packages = [], types = [], files = [], says } = layers[layer];
  if (!source.startsWith(".")) {
    if (source.startsWith("node:") || packages.some((each) => each.test(source))) return undefined;
    if (!types.some((each) => each.test(source))) return says;
    return typeOnly ? undefined : `${says} Write "import type".`;
  }
  const target = posix.join(posix.dirname(file), source);
  if (isBelow(target, layer)) return levelRefusal(layer, file, target);
  return files.some((each) => isBelow(target, posix.join(posix.dirname(layer), each))) ? undefined : says;
}

/** @param {string} layer @param {string} file @param {string} target */
function levelRefusal(layer, file, target) {
  const all = levels[layer];
  if (all === undefined) return undefined;
  const folderOf = (path) => posix.relative(layer, path).split("/")[0];
  const [from, to] = [folderOf(file), folderOf(target)];
  const levelOf = (folder) => all.findIndex((folders) => folders.includes(folder));
  // A file directly in the layer belongs to no folder.
  if (from === to || levelOf(from) < 0) return undefined;
  const name = posix.basename(layer);
  if (levelOf(to) < 0) return `${from} may import lower levels of ${name}; never its entry.`;
  return levelOf(to) < levelOf(from) ? undefined : `${from} may import lower levels of ${name}; ${to} is not below it.`;
}

/** The folders in a table of levels. @param {string} layer */
export const foldersOf = (layer) => (levels[layer] ?? []).flat();

const imports = {
  meta: { type: "problem", schema: [], messages: { refused: "{{why}}" } },
  create(context) {
    const file = relative(root, context.filename).split(sep).join("/");
    const check = (node) => {
      if (node.source === null || node.source === undefined) return;
      const named = node.specifiers ?? [];
      const typeOnly =
        node.importKind === "type" ||
        node.exportKind === "type" ||
        (named.length > 0 && named.every((each) => each.importKind === "type" || each.exportKind === "type"));
      const why = refusal(file, String(node.source.value), typeOnly);
      if (why !== undefined) context.report({ node, messageId: "refused", data: { why } });
    };
    return { ImportDeclaration: check, ExportAllDeclaration: check, ExportNamedDeclaration: check };
  },
};

export default {
  name: "layers",
  files: Object.keys(layers).map((folder) => `${folder}/**/*.ts`),
  plugins: { layers: { rules: { imports } } },
  rules: { "layers/imports": "error" },
};
