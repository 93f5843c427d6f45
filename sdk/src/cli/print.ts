/** What the verbs print: vm-mgr's words on standard output, progress and warnings on standard error. */

import { printable } from "pulumi-seapath-provider";

/** A text as Python's `repr` writes it: in single quotes, unless only double ones spare an escape. */
export function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === "\\" || char === quote) out += `\\${char}`;
    else if (char === "\n") out += "\\n";
    else if (char === "\r") out += "\\r";
    else if (char === "\t") out += "\\t";
    else if (code < 0x20 || (code >= 0x7f && code < 0xa1) || code === 0xad) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else out += char;
  }
  return `${quote}${out}${quote}`;
}

/** A list as Python prints it: `['a', 'b']`. */
export const pythonList = (texts: readonly string[]) => `[${texts.map(pythonText).join(", ")}]`;

/** One line of JSON, or the words. */
export function printed(json: boolean, value: unknown, words: string): string {
  const text = json ? JSON.stringify(value) : words;
  return text === "" ? "" : `${text}\n`;
}

const RARELY_MS = 30_000;

/** What progress is written to. */
export interface Output {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** Where progress goes: one line that is written over on a terminal; elsewhere a line now and then, so that no log is filled. */
export class Progress {
  readonly #out: Output;
  readonly #now: () => number;
  readonly #rarelyMs: number;
  #last = 0;
  #open = false;

  /** @param options.often without a terminal, too, every word of progress is a line */
  constructor(options: { often?: boolean; out?: Output; now?: () => number } = {}) {
    this.#out = options.out ?? process.stderr;
    this.#now = options.now ?? Date.now;
    this.#rarelyMs = options.often ? 0 : RARELY_MS;
    this.#last = this.#now();
  }

  /** Says how far something is, or anything else that a person should know. */
  report(words: string): void {
    const text = printable(words);
    if (!/: \d+ %$/.test(text)) {
      this.end();
      this.#out.write(`${text}\n`);
    } else if (this.#out.isTTY) {
      this.#out.write(`\r\u001b[K${text}`);
      this.#open = true;
    } else if (this.#now() - this.#last >= this.#rarelyMs) {
      this.#last = this.#now();
      this.#out.write(`${text}\n`);
    }
  }

  /** Ends the line that is written over. */
  end(): void {
    if (this.#open) this.#out.write("\r\u001b[K");
    this.#open = false;
  }
}
