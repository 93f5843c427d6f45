// @ts-check
// Text of others as text, in the Markdown of GitHub and GitLab: names, values and messages come from programs, clusters and
// whoever writes them, and must not become markup, mentions of people, links to issues or GitLab's quick actions.

/** Says nothing, and keeps two signs apart. */
const APART = "\u200b";

/** Signs that cannot be seen, and those that turn the direction of what follows. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/**
 * What forges make a mention, a link or an emoji of. Behind a letter or a digit no forge takes an `@` for a mention, and an emoji has
 * a colon at both ends: addresses and keys of a configuration are left as they are, since somebody may copy them.
 */
const REFERENCES = /(?<![A-Za-z0-9])@(?=[\w[])|[#!%^](?=[\w[])|:(?=[\w+-]+:)/g;

/** @param {string} text */
const seen = (text) => text.replace(/\r\n?/g, "\n").replace(UNSEEN, "�");

/** @param {string} text */
const apart = (text) => text.replace(REFERENCES, `$&${APART}`);

/** A command or a name that a message has between backticks. One with a pipe would end a cell. */
const QUOTED = /(?<!`)`([^`\s|](?:[^`|]*[^`\s|])?)`(?!`)/;

/** A text in a line. What it has between backticks is code, and code is for copying: not a sign is put into it. @param {string} text */
export function inline(text) {
  const parts = seen(text).trim().replace(/\s+/g, " ").split(QUOTED);
  // By a backslash, which the reader does not see, it is no list, no heading and no command.
  return parts
    .map((part, index) => (index % 2 === 1 ? code(part) : escaped(part)))
    .join("")
    .replace(/^([-+=/#])/, "\\$1")
    .replace(/^(\d+)([.)])(?= |$)/, "$1\\$2");
}

/** @param {string} text */
const escaped = (text) =>
  apart(
    text
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      .replace(/[\\`*_{}[\]|~$]/g, (sign) => `\\${sign}`),
  );

/**
 * Markdown of others that is escaped already, without mentions and links to issues. In code forges look for neither, so it stays
 * as it is. Where a line has a backtick that begins no code of that line, nothing is taken for code: it might not be.
 * @param {string} markdown
 */
export function unlinked(markdown) {
  const all = seen(markdown).split("\n").map(spans);
  const certain = all.every((parts) => parts !== undefined);
  return certain
    ? all.map((parts = []) => parts.map(({ text, isCode }) => (isCode ? text : apart(text))).join("")).join("\n")
    : apart(seen(markdown));
}

/**
 * A line, taken apart at its code, as Markdown reads it: from left to right, a run of backticks up to the next one of its length.
 * The cells of a table come before all code, so its rows have none. @param {string} line
 * @returns {{ text: string, isCode: boolean }[] | undefined} undefined: it has backticks that begin no code
 */
function spans(line) {
  /** @type {{ text: string, isCode: boolean }[]} */
  const parts = [];
  let rest = line;
  for (let run = first(rest); run !== undefined; run = first(rest)) {
    const from = run.at + run.ticks.length;
    const close = [...rest.slice(from).matchAll(/`+/g)].find(([ticks]) => ticks === run?.ticks);
    if (close === undefined || line.trimStart().startsWith("|")) return undefined;
    const end = from + close.index + run.ticks.length;
    parts.push({ text: rest.slice(0, run.at), isCode: false }, { text: rest.slice(run.at, end), isCode: true });
    rest = rest.slice(end);
  }
  return [...parts, { text: rest, isCode: false }];
}

/** The first run of backticks that is not escaped. @param {string} text */
function first(text) {
  for (const found of text.matchAll(/\\[^]|`+/g))
    if (found[0].startsWith("`")) return { at: found.index, ticks: found[0] };
  return undefined;
}

/** A text of several lines in a line of a list or a cell. @param {string} text */
export const lines = (text) =>
  seen(text)
    .trim()
    .split(/\n+/)
    .map(inline)
    .filter((line) => line !== "")
    .join("<br>");

/** A fence that is longer than all within it. @param {string} text @param {number} shortest */
const fenceFor = (text, shortest) =>
  "`".repeat(Math.max(shortest - 1, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1);

/** A name or a value, as code: nothing in it means anything. Also for the cells of tables. @param {string} text */
export function code(text) {
  const plain = seen(text).replace(/\s+/g, " ").trim();
  if (plain === "") return "` `";
  // In a cell a pipe needs a backslash, which elsewhere would be read and copied; this is the same in both.
  if (plain.includes("|"))
    return `<code>${plain.replace(/[^\p{L}\p{N} ]/gu, (sign) => `&#${sign.codePointAt(0)};`)}</code>`;
  const fence = fenceFor(plain, 1);
  const pad = fence.length > 1 ? " " : "";
  return `${fence}${pad}${plain}${pad}${fence}`;
}

/**
 * A text of several lines as it is, between fences. In front of each line is a space, so that none of them is a command; since
 * the fence has it too, it is not part of what is shown and copied. @param {string} text
 */
export function block(text) {
  const shown = seen(text).trimEnd();
  const fence = fenceFor(shown, 3);
  return [`${fence}text`, ...shown.split("\n"), fence].map((line) => ` ${line}`).join("\n");
}

/** A table; the cells are Markdown already. @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

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
export const cut = (text, length) =>
  text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, "")}…`;
