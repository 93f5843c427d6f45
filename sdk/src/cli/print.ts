/** Output of the verbs: vm-mgr's words on standard output, progress and warnings on standard error. */

import { told } from "pulumi-seapath-provider";

/** A text as Python's `repr` writes it: in single quotes, unless double quotes avoid an escape. */
export function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === "\\" || char === quote) out += `\\${char}`;
    else if (char === "\n") out += "\\n";
    else if (char === "\r") out += "\\r";
    else if (char === "\t") out += "\\t";
    else if (code < 0x20 || (code >= 0x7f && code < 0xa1) || code === 0xad)
      out += `\\x${code.toString(16).padStart(2, "0")}`;
    else out += char;
  }
  return `${quote}${out}${quote}`;
}

/** A list as Python prints it: `['a', 'b']`. */
export const pythonList = (texts: readonly string[]) => `[${texts.map(pythonText).join(", ")}]`;

/** One line of JSON, or the text. */
export function printed(json: boolean, value: unknown, words: string): string {
  const text = json ? JSON.stringify(value) : words;
  return text === "" ? "" : `${text}\n`;
}

/** The target that a text is laid out for. */
export interface Terminal {
  /** Characters per line; absent if unlimited, as in a file or pipe. */
  columns?: number;
  /** Whether to use colors. */
  color: boolean;
}

/** A file, a pipe, a merge request. */
export const PLAIN: Terminal = { color: false };

/** The properties of an output: its width if it is a terminal, and colors there unless NO_COLOR is set. */
export function terminalOf(
  out: { isTTY?: boolean; columns?: number } = process.stdout,
  env: NodeJS.ProcessEnv = process.env,
): Terminal {
  if (!out.isTTY) return PLAIN;
  const color = !env["NO_COLOR"] && env["TERM"] !== "dumb";
  return { color, ...(out.columns === undefined || out.columns <= 0 ? {} : { columns: out.columns }) };
}

const red = (text: string) => `\u001b[31m${text}\u001b[39m`;

/** Wraps a text between words. With `hard`, a word longer than a line is split. */
export function wrapped(text: string, columns: number | undefined, hard = false): string[] {
  if (columns === undefined || text.length <= columns) return [text];
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((each) => each !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else if (!hard) lines.push(word);
    else for (let from = 0; from < word.length; from += columns) lines.push(word.slice(from, from + columns));
  }
  return lines;
}

const GAP = 2;

/** No column shrinks below this to make room for others. */
const NARROWEST = 9;

/**
 * The width of each column: that of its content, or less if needed, starting with the widest; words stay whole as long
 * as possible.
 */
function widthsOf(rows: readonly (readonly string[])[], columns: number | undefined): number[] {
  const widest = (of: (cell: string) => number) =>
    (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => of(row[index] ?? ""))));
  const widths = widest((cell) => cell.length);
  if (columns === undefined) return widths;
  const words = widest((cell) => Math.max(...cell.split(/\s+/).map((word) => word.length)));
  const room = columns - GAP * (widths.length - 1);
  for (const least of [words, words.map((width) => Math.min(width, NARROWEST))]) {
    for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over--) {
      const spare = widths.map((width, index) => (width > (least[index] ?? 0) ? width : -1));
      const at = spare.indexOf(Math.max(...spare));
      if (spare[at] === -1) break;
      widths[at] = (widths[at] ?? 0) - 1;
    }
  }
  return widths;
}

/**
 * Formats a table as lines. A cell takes several lines if necessary.
 * @param alarms selects the cells that are red if there are colors; never the first column
 */
export function tableLines(
  rows: readonly (readonly string[])[],
  { columns, color }: Terminal,
  alarms: (cell: string) => boolean = () => false,
): string[] {
  const widths = widthsOf(rows, columns);
  return rows.flatMap((row) => {
    const cells = row.map((cell, index) => (columns === undefined ? [cell] : wrapped(cell, widths[index] ?? 0, true)));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      cells
        .map((lines, index) => {
          const part = lines[line] ?? "";
          const shown = color && index > 0 && part !== "" && alarms(row[index] ?? "") ? red(part) : part;
          return `${shown}${" ".repeat(Math.max(0, (widths[index] ?? 0) - part.length))}`;
        })
        .join(" ".repeat(GAP))
        .trimEnd(),
    );
  });
}

const RARELY_MS = 30_000;

/** The stream that progress is written to. */
export interface Output {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** Shows progress: one line that is overwritten on a terminal; otherwise an occasional line, so as not to fill logs. */
export class Progress {
  readonly #out: Output;
  readonly #now: () => number;
  readonly #rarelyMs: number;
  #last = 0;
  #open = false;

  /** @param options.often writes every report as a line, even without a terminal */
  constructor(options: { often?: boolean; out?: Output; now?: () => number } = {}) {
    this.#out = options.out ?? process.stderr;
    this.#now = options.now ?? Date.now;
    this.#rarelyMs = options.often ? 0 : RARELY_MS;
    this.#last = this.#now();
  }

  /** Reports progress, or anything else that the user should know. */
  report(words: string): void {
    const text = told(words);
    if (!/: \d+ %$/.test(text)) {
      this.end();
      this.#out.write(`${text}\n`);
    } else if (this.#out.isTTY) {
      // A line that wraps could not be overwritten.
      this.#out.write(`\r\u001b[K${this.#out.columns ? text.slice(0, this.#out.columns - 1) : text}`);
      this.#open = true;
    } else if (this.#now() - this.#last >= this.#rarelyMs) {
      this.#last = this.#now();
      this.#out.write(`${text}\n`);
    }
  }

  /** Ends the overwritten line. */
  end(): void {
    if (this.#open) this.#out.write("\r\u001b[K");
    this.#open = false;
  }
}
