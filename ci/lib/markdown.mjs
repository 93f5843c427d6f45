// @ts-check
// Text of others as text, in the Markdown of GitHub and GitLab: names, values and messages come from programs, clusters and
// whoever writes them, and must not become markup, mentions of people, links to issues or GitLab's quick actions.

/** Says nothing, and keeps two signs apart. */
const APART = "\u200b";

/** Signs that cannot be seen, and those that turn the direction of what follows. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** What forges make a mention, a link or an emoji of. */
const REFERENCES = /([@#!%^:])(?=[\w[])/g;

/** @param {string} text */
const seen = (text) => text.replace(/\r\n?/g, "\n").replace(UNSEEN, "�");

/** A text in a line. @param {string} text */
export const inline = (text) =>
  seen(text).trim().replace(/\s+/g, " ")
    .replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
    .replace(/[\\`*_{}[\]|~$]/g, (sign) => `\\${sign}`)
    .replace(REFERENCES, `$1${APART}`)
    .replace(/^([-+=/#]|\d+[.)])/, `${APART}$1`);

/** Markdown of others that is escaped already, without mentions and links to issues. @param {string} markdown */
export const unlinked = (markdown) => seen(markdown).replace(REFERENCES, `$1${APART}`);

/** A text of several lines in a line of a list or a cell. @param {string} text */
export const lines = (text) => seen(text).trim().split(/\n+/).map(inline).filter((line) => line !== "").join("<br>");

/** A name or a value, as code: nothing in it means anything. Also for the cells of tables. @param {string} text */
export function code(text) {
  const plain = seen(text).replace(/\s+/g, " ").trim();
  if (plain === "") return "` `";
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 ? " " : "";
  return `${fence}${pad}${plain.replaceAll("|", "\\|")}${pad}${fence}`;
}

/** A text of several lines as it is, between fences; in front of each line is a space, so that none of them is a command. @param {string} text */
export const block = (text) => ["```text", ...seen(text).trimEnd().split("\n").map((line) => ` ${line.replaceAll("```", `\`\`${APART}\``)}`), "```"].join("\n");

/** A table; the cells are Markdown already. @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** What is read only by those who open it. @param {string} title Markdown is not read in it @param {string} body */
export const details = (title, body) => `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;

/** What must not be overlooked. GitHub and GitLab draw a box; elsewhere it is a quotation. @param {string} body */
export const caution = (body) => ["[!CAUTION]", ...body.split("\n")].map((line) => `> ${line}`.trimEnd()).join("\n");

/** A comment that nobody sees, by which a text is found again. @param {string} kind @param {string} project @param {string} stack */
export function marker(kind, project, stack) {
  const safe = (/** @type {string} */ text) => encodeURIComponent(text).replaceAll("--", "-%2D");
  return `<!-- seapath-${kind}: ${safe(project)}/${safe(stack)} -->`;
}

/** So many and no more. @param {string} text @param {number} length */
export const cut = (text, length) => (text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, "")}…`);
