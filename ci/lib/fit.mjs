// @ts-check
// Fits a text into a forge's limit: parts are shortened as a whole, never cut.

/**
 * @typedef {object} Part
 * @property {number} worth parts of low worth are shortened first
 * @property {string[]} forms from longest to shortest; an empty one omits the part
 */

/**
 * Joins the parts, one below the other.
 * @param {readonly Part[]} parts
 * @param {number} limit in characters
 * @throws {Error} if even the shortest forms are too long
 */
export function fit(parts, limit) {
  const chosen = parts.map(() => 0);
  const text = () =>
    parts
      .map(({ forms }, index) => forms[chosen[index] ?? 0] ?? "")
      .filter((form) => form !== "")
      .join("\n\n");
  const byWorth = parts.map((_, index) => index).sort((a, b) => (parts[a]?.worth ?? 0) - (parts[b]?.worth ?? 0));
  for (let whole = text(); ; whole = text()) {
    if (whole.length <= limit) return whole;
    const next = byWorth.find((index) => (chosen[index] ?? 0) < (parts[index]?.forms.length ?? 0) - 1);
    if (next === undefined)
      throw new Error(`the report has ${whole.length} characters at its shortest, and ${limit} fit`);
    chosen[next] = (chosen[next] ?? 0) + 1;
  }
}
