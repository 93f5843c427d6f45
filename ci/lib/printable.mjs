// @ts-check
// Characters that a log acts on instead of showing. The script has no packages, so the provider's own rule (errors.ts)
// is repeated here; a test compares the two.

const UNPRINTABLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** @param {string} sign */
const shown = (sign) =>
  Array.from({ length: sign.length }, (_, at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");

/** A text that is safe for a log. @param {string} text */
export const printable = (text) => text.replaceAll("\r\n", "\n").replace(UNPRINTABLE, shown);
