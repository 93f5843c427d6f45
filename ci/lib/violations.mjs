// @ts-check
// Policy violations as Markdown: each rule once, with the resources that break it below.
import { block, code, cut, inline, lines } from "./markdown.mjs";

/** @typedef {import("./pulumi.mjs").Violation} Violation */

/** The most violations to show per rule. */
const MOST = 25;

/** A text with more lines than this has its own layout, e.g. a table. */
const LAID_OUT = 4;

/** One entry per rule. @param {readonly Violation[]} violations @returns {string[]} */
export function renderViolations(violations) {
  /** @type {Map<string, Violation[]>} */
  const byRule = new Map();
  for (const each of violations) byRule.set(each.policy, [...(byRule.get(each.policy) ?? []), each]);
  return [...byRule].map(([policy, own]) => rule(policy, own));
}

/** @param {string} policy @param {readonly Violation[]} own */
function rule(policy, own) {
  const severity = own[0]?.severity;
  const about = commonHead(own);
  const head = `- ${code(policy)}${severity === undefined ? "" : ` (${inline(severity)})`}${about === undefined ? "" : `: ${inline(cut(about, 1000))}`}`;
  /** @type {Map<string, string[]>} */
  const byText = new Map();
  for (const { message, urn } of own) {
    const text = about === undefined ? message : message.slice(about.length).trim();
    byText.set(text, [...(byText.get(text) ?? []), ...resource(urn)]);
  }
  const shown = [...byText].slice(0, MOST).map(([text, names]) => item(text, names));
  return [
    head,
    ...shown,
    ...(byText.size > MOST ? [`  - … and ${byText.size - MOST} more, which the artifact has`] : []),
  ].join("\n");
}

/**
 * The rule's own description, which Pulumi puts before each report: the first line, if all have the same one and say
 * more below it.
 * @param {readonly Violation[]} own
 */
function commonHead(own) {
  const heads = new Set(own.map(({ message }) => message.split("\n")[0] ?? ""));
  return heads.size === 1 && own.every(({ message }) => message.includes("\n")) ? [...heads][0] : undefined;
}

/** The resource concerned; not for the stack as a whole. @param {string | undefined} urn @returns {string[]} */
const resource = (urn) =>
  urn === undefined || urn.includes("::pulumi:pulumi:Stack::") ? [] : [code(urn.split("::").at(-1) ?? urn)];

/** @param {string} text @param {readonly string[]} names */
function item(text, names) {
  const on = [...new Set(names)].sort();
  const head =
    on.length === 0
      ? ""
      : `${on.slice(0, MOST).join(", ")}${on.length > MOST ? ` and ${on.length - MOST} more` : ""}: `;
  if (text.split("\n").length > LAID_OUT) return `${head === "" ? "" : `  - ${head}`}\n\n${block(cut(text, 8000))}\n`;
  return `  - ${head}${lines(cut(text, 2000))}`;
}
