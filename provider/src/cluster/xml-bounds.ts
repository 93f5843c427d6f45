/** Checks a document before it is parsed: its size and shape must be bearable for its readers. */

/** XML 1.0 allows all characters except these. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;

/** The first character of a text that XML cannot hold, not even as a reference: NUL, or half of a surrogate pair. */
export function forbiddenChar(text: string): string | undefined {
  const found = FORBIDDEN.exec(text)?.[0];
  return found === undefined ? undefined : `U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The character with that number in a reference. @throws Error if XML cannot hold it */
export function characterOf(code: number): string {
  const char = code <= 0x10ffff ? String.fromCodePoint(code) : "\0";
  if (FORBIDDEN.test(char)) throw new Error(`the character ${code} is none that XML can hold`);
  return char;
}

/** Nesting depth: readers recurse for each level. Libvirt's and Pacemaker's documents have about ten. */
const MAX_DEPTH = 100;
/**
 * The CIB of 20,000 VMs has some 600,000 elements. Each costs its readers hundreds of bytes, though it may be only four
 * in the text.
 */
const MAX_ELEMENTS = 1_500_000;
const MAX_PARTS = 6_000_000;

/** @throws Error if no tool would answer with such a document */
export function checkBounds(text: string): void {
  const forbidden = forbiddenChar(text);
  if (forbidden !== undefined) throw new Error(`it holds the character ${forbidden}`);
  let [depth, elements, parts] = [0, 0, 0];
  const cutOff = (from: number) => new Error(`line ${text.slice(0, from).split("\n").length}: it is cut off`);
  const end = (of: string, from: number) => {
    const at = text.indexOf(of, from);
    if (at < 0) throw cutOff(from);
    return at + of.length;
  };
  const next = (signs: RegExp, from: number, begun: number) => {
    signs.lastIndex = from;
    const found = signs.exec(text);
    if (found === null) throw cutOff(begun);
    return found.index;
  };
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at)) {
    if (text.startsWith("<!--", at)) at = end("-->", at + 4);
    else if (text.startsWith("<![CDATA[", at)) at = end("]]>", at + 9);
    else if (text.startsWith("<?", at)) at = end("?>", at + 2);
    // It declares entities, which may grow without bound or name files.
    else if (text.startsWith("<!", at)) throw new Error("it has a document type, which is not taken");
    else if (text.startsWith("</", at)) [at, depth] = [end(">", at + 2), depth - 1];
    else {
      const from = at;
      at = next(/["'>]/g, at + 1, from);
      for (; text[at] !== ">"; at = next(/["'>]/g, at, from)) {
        at = end(text[at] ?? "", at + 1);
        parts++;
        if (parts > MAX_PARTS) break;
      }
      if (text[at - 1] !== "/" || at - 1 === from) depth++;
      at++;
      elements++;
      parts++;
    }
    if (depth > MAX_DEPTH) throw new Error(`its elements are more than ${MAX_DEPTH} deep`);
    if (elements > MAX_ELEMENTS || parts > MAX_PARTS)
      throw new Error(`it has more than ${MAX_ELEMENTS} elements, or ${MAX_PARTS} elements and attributes`);
  }
}
