/**
 * Generates docs/failures.md from two sources: comments in the tests, `// Tried: what happens → what comes of it` right
 * above an `it`, and the errors that their last run saw (.pulumi-state/tried). docs/failures.json stores these errors,
 * so that the page can be generated and checked without a run.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root, stateFolder } from "./env.mjs";

export const page = join(root, "docs", "failures.md");
export const seenFile = join(root, "docs", "failures.json");
const [BEGIN, END] = ["<!-- made by `npm run docs:failures` -->", "<!-- end -->"];

/** @typedef {{ what: string, outcome: string, file: string, title: string }} Row */
/** @typedef {Record<string, string[]>} Seen the errors, by "<file>: <title>" */

/** The test files, folder by folder. @param {string} folder @returns {string[]} */
function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory()
        ? entry.name === "node_modules"
          ? []
          : testFiles(path)
        : path.endsWith(".test.ts")
          ? [path]
          : [];
    });
}

/** The rows that the tests declare. @returns {Row[]} */
export function readRows() {
  return ["tests/lab", "tests/unit"]
    .flatMap((folder) => testFiles(join(root, folder)))
    .flatMap((path) => {
      const lines = readFileSync(path, "utf8").split("\n");
      return lines.flatMap((line, index) => {
        if (!/^\s*\/\/ Tried:/.test(line)) return [];
        const [, what, outcome] = /^\s*\/\/ Tried: (.+?) → (.+)$/.exec(line) ?? [];
        // A long title is on a line of its own.
        const call = `${lines.slice(index + 1, index + 3).join("\n")}\n`;
        const [, , title] = /^\s*it\(\s*(["'`])(.*)\1,\s/.exec(call) ?? [];
        if (what === undefined || outcome === undefined || title === undefined) {
          throw new Error(
            `${basename(path)}:${index + 1}: "// Tried: what → outcome" stands right above the line of an it("…", …`,
          );
        }
        return [
          { what, outcome, file: basename(path).replace(/\.test\.ts$/, ""), title: title.replaceAll("\\`", "`") },
        ];
      });
    });
}

/** Whether a title is a row's; the row's own may contain `${…}`. @param {Row} row @param {string} title */
function isTitle(row, title) {
  const parts = row.title.split(/\$\{.*?\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(title);
}

/** An error without the parts that differ between runs. @param {string} text */
export function normalized(text) {
  const own = /Unable to .*/s.exec(text)?.[0] ?? /error: .*/s.exec(text)?.[0] ?? text;
  return own
    .replace(/\x1b\[[0-9;]*m/g, "")
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/SHA256:[A-Za-z0-9+/]{43}/g, "SHA256:…")
    .replace(/AAAA[A-Za-z0-9+/=]{20,}/g, "AAAA…")
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(?:Z|[+-]\d{4})?/g, "<time>")
    .replace(/\b(?:10\.99\.0|127\.0\.0)\.\d+(?::\d+)?/g, "<address>")
    .replace(/\bnode ?\d+\b/g, "<node>")
    .replace(/\]:\d+/g, "]:<port>")
    .replace(/-p \d+/g, "-p <port>")
    .replace(/\b\d+ times\b/g, "<n> times")
    .replace(/\b\d+(?:\.\d+)? s\b/g, "<n> s")
    .replace(/\/tmp\/[^\s"',:)]+/g, "/tmp/…")
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== "")
    .slice(0, 4)
    .map((line) => (line.length > 300 ? `${line.slice(0, 300)}…` : line))
    .join("\n");
}

/**
 * The errors that the last runs saw for the rows; for rows that did not run, the earlier ones.
 * @param {Row[]} rows
 * @param {Seen} before
 * @returns {{ seen: Seen, missing: string[] }}
 */
export function look(rows, before) {
  /** @type {Seen} */
  const seen = {};
  const missing = [];
  for (const row of rows) {
    const key = `${row.file}: ${row.title}`;
    const path = join(stateFolder, "tried", `${row.file}.test.ts.json`);
    /** @type {Record<string, string[] | undefined>} */
    const results = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
    const found = Object.entries(results).filter(([title, errors]) => isTitle(row, title) && errors !== undefined);
    if (found.length > 0)
      seen[key] = [...new Set(found.flatMap(([, errors]) => (errors ?? []).map(normalized)))].sort().slice(0, 2);
    else if (before[key] !== undefined) seen[key] = before[key];
    else missing.push(key);
  }
  return { seen, missing };
}

/** The page with its generated part renewed. @param {string} text @param {Row[]} rows @param {Seen} seen */
export function render(text, rows, seen) {
  const cell = (/** @type {string} */ words) => words.replaceAll("|", "\\|");
  const table = ["| what happens | what comes of it | tried by |", "|---|---|---|"].concat(
    rows.map((row) => {
      const title = cell(row.title.replace(/\$\{.*?\}/g, "…"));
      const seenIt = seen[`${row.file}: ${row.title}`] === undefined ? " †" : "";
      return `| ${cell(row.what)} | ${cell(row.outcome)} | \`${row.file}\`: ${title}${seenIt} |`;
    }),
  );
  const errors = rows.flatMap((row) => {
    const told = seen[`${row.file}: ${row.title}`] ?? [];
    return told.length === 0 ? [] : ["", `${row.what}:`, "", "```", told.join("\n\n"), "```"];
  });
  const unseen = rows.some((row) => seen[`${row.file}: ${row.title}`] === undefined);
  const note = unseen ? ["", "† Tried by a test, which has not run since its line was written."] : [];
  const made = [BEGIN, "", ...table, ...note, "", "## What the errors say", ...errors, "", END].join("\n");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/failures.md has no part between ${BEGIN} and ${END}`);
  return text.slice(0, begin) + made + text.slice(end + END.length);
}

/** @returns {Seen} */
export const readSeen = () => (existsSync(seenFile) ? JSON.parse(readFileSync(seenFile, "utf8")) : {});

/** `npm run docs:failures`: exit code 1 if a row was never tried. */
export function failures() {
  const rows = readRows();
  const { seen, missing } = look(rows, readSeen());
  writeFileSync(seenFile, `${JSON.stringify(seen, null, 1)}\n`);
  writeFileSync(page, render(readFileSync(page, "utf8"), rows, seen));
  for (const key of missing) console.log(`✗ never passed here: ${key}`);
  console.log(`docs/failures.md: ${rows.length} things that were tried, ${missing.length} that were not`);
  return missing.length === 0 ? 0 : 1;
}
