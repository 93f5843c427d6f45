/** Generates the rules' part of docs/policies.md from the rules themselves, so that the page matches them. */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "./env.mjs";

const require = createRequire(import.meta.url);

export const page = join(root, "docs", "policies.md");
const [BEGIN, END] = ["<!-- made by `npm run docs:policies` -->", "<!-- end -->"];

/** Settings that every rule of a kind has; documented once. */
const COMMON = ["onUnknown", "onUnreachable", "savedCluster"];

/** @typedef {{ name: string, description: string, enforcementLevel?: string, severity?: string, remediationSteps?: string,
 *   remediateResource?: unknown, configSchema?: { properties: Record<string, { type?: unknown, default?: unknown, description?: string }> } }} Rule */

/** @param {Rule} rule */
function section({ name, description, enforcementLevel, severity, remediationSteps, remediateResource, configSchema }) {
  const properties = Object.entries(configSchema?.properties ?? {});
  const own = properties
    .filter(([key]) => !COMMON.includes(key))
    .map(([key, { type, default: preset, description: says }]) => {
      const value = preset === undefined ? "" : `, default \`${JSON.stringify(preset)}\``;
      return `- \`${key}\` (${type}${value}): ${says}`;
    });
  const unreachable = configSchema?.properties["onUnreachable"]?.default;
  const level = `${enforcementLevel}, ${severity}${remediateResource === undefined ? "" : ", can be `remediate`"}`;
  const asks = unreachable === undefined ? "Asks no cluster." : `\`onUnreachable\` is \`${unreachable}\` by default.`;
  return [
    `### ${name}`,
    "",
    `*${level}.* ${description} ${remediationSteps}`,
    "",
    ...own,
    ...(own.length > 0 ? [""] : []),
    asks,
    "",
  ];
}

/** The page with the rules filled in. @param {string} text */
export function render(text) {
  const pack = require(join(root, "policy", "dist", "index.js"));
  const groups = /** @type {[string, Rule[]][]} */ ([
    ["Of one resource", pack.resourceRules],
    ["Of the stack, with what its cluster has beside it", pack.stackRules],
    ["Of the cluster as it will be", [...pack.clusterRules, pack.placementReport]],
  ]);
  const made = groups.flatMap(([title, rules]) => [`## ${title}`, "", ...rules.flatMap(section)]);
  const [before, rest = ""] = text.split(BEGIN);
  return [before, BEGIN, "\n\n", made.join("\n"), "\n", END, rest.split(END)[1]].join("");
}

/** Writes the page. */
export function policies() {
  writeFileSync(page, render(readFileSync(page, "utf8")));
  return 0;
}
