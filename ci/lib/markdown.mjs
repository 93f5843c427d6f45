// @ts-check
// Escapes foreign text for the Markdown of GitHub and GitLab. Names, values and messages come from programs, clusters
// and their authors. They must not become markup, mentions of people, links to issues or GitLab's quick actions.

/** Invisible; separates two characters. */
const APART = "\u200b";

/** Invisible characters, and those that change the direction of the text after them. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/**
 * What forges turn into a mention, a link or an emoji. After a letter or digit no forge takes an `@` as a mention, and
 * an emoji has a colon at both ends: so addresses and configuration keys stay unchanged for copying.
 */
const REFERENCES = /(?<![A-Za-z0-9])@(?=[\w[])|[#!%^](?=[\w[])|:(?=[\w+-]+:)/g;

/** @param {string} text */
const seen = (text) => text.replace(/\r\n?/g, "\n").replace(UNSEEN, "�");

/** @param {string} text */
const apart = (text) => text.replace(REFERENCES, `$&${APART}`);

/** A command or name between backticks in a message. One with a pipe would end a table cell. */
const QUOTED = /(?<!`)`([^`\s|](?:[^`|]*[^`\s|])?)`(?!`)/;

/**
 * Escapes a text on one line. Text between backticks is code, which is for copying: nothing is inserted into it.
 * @param {string} text
 */
export function inline(text) {
  const parts = seen(text).trim().replace(/\s+/g, " ").split(QUOTED);
  // With a backslash, which readers do not see, it is not a list, heading or command.
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
 * Removes mentions and issue links from foreign Markdown that is already escaped. Code stays as it is, because forges
 * look for neither there. A line with an unmatched backtick has no code: it might not be code.
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
 * Splits a line at its code as Markdown reads it: from left to right, a run of backticks up to the next one of the same
 * length. Table cells are split before code, so table rows have none.
 * @param {string} line
 * @returns {{ text: string, isCode: boolean }[] | undefined} undefined if it has unmatched backticks
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

/** The first unescaped run of backticks. @param {string} text */
function first(text) {
  for (const found of text.matchAll(/\\[^]|`+/g))
    if (found[0].startsWith("`")) return { at: found.index, ticks: found[0] };
  return undefined;
}

/** A multi-line text on one line of a list or cell. @param {string} text */
export const lines = (text) =>
  seen(text)
    .trim()
    .split(/\n+/)
    .map(inline)
    .filter((line) => line !== "")
    .join("<br>");

/** A fence longer than any within the text. @param {string} text @param {number} shortest */
const fenceFor = (text, shortest) =>
  "`".repeat(Math.max(shortest - 1, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1);

/** A name or value as code: nothing in it is interpreted. Works in table cells too. @param {string} text */
export function code(text) {
  const plain = seen(text).replace(/\s+/g, " ").trim();
  if (plain === "") return "` `";
  // In a cell a pipe needs a backslash, which would be visible and copied elsewhere; this works in both.
  if (plain.includes("|"))
    return `<code>${plain.replace(/[^\p{L}\p{N} ]/gu, (sign) => `&#${sign.codePointAt(0)};`)}</code>`;
  const fence = fenceFor(plain, 1);
  const pad = fence.length > 1 ? " " : "";
  return `${fence}${pad}${plain}${pad}${fence}`;
}

/**
 * A multi-line text as it is, between fences. Each line starts with a space, so that none is a command; the fence has
 * one too, so it is not shown or copied.
 * @param {string} text
 */
export function block(text) {
  const shown = seen(text).trimEnd();
  const fence = fenceFor(shown, 3);
  return [`${fence}text`, ...shown.split("\n"), fence].map((line) => ` ${line}`).join("\n");
}

/** A table; the cells are Markdown already. @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** A collapsed section. @param {string} title not rendered as Markdown @param {string} body */
export const details = (title, body) => `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;

/**
 * A warning that must not be overlooked. GitHub and GitLab draw a box; elsewhere it is a quotation.
 * @param {string} body
 */
export const caution = (body) => ["[!CAUTION]", ...body.split("\n")].map((line) => `> ${line}`.trimEnd()).join("\n");

/**
 * An invisible comment that identifies a text later.
 * @param {string} kind
 * @param {string} project
 * @param {string} stack
 */
export function marker(kind, project, stack) {
  const safe = (/** @type {string} */ text) => encodeURIComponent(text).replaceAll("--", "-%2D");
  return `<!-- seapath-${kind}: ${safe(project)}/${safe(stack)} -->`;
}

/** Cuts a text to this length. @param {string} text @param {number} length */
export const cut = (text, length) =>
  text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, "")}…`;
