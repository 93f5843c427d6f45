// @ts-check
// The outcome of a run as the job's exit code.

/**
 * `error`: a necessary fact could not be determined. The others are findings.
 * @typedef {"same" | "changed" | "refused" | "unreachable" | "error"} Outcome
 */

/** @type {Record<Outcome, number>} */
export const EXIT = { same: 0, error: 1, changed: 2, refused: 3, unreachable: 4 };

/**
 * The gravest outcome: first a failed run, which proves nothing; then what must not be merged; then what was not
 * checked.
 * @param {{ error: boolean, refused: boolean, unreachable: boolean, changed: boolean }} found
 * @returns {Outcome}
 */
export function outcomeOf({ error, refused, unreachable, changed }) {
  if (error) return "error";
  if (refused) return "refused";
  if (unreachable) return "unreachable";
  return changed ? "changed" : "same";
}

/**
 * The exit code.
 * @param {Outcome} outcome
 * @param {readonly import("./options.mjs").Failure[]} [failOn] other outcomes give 0
 */
export function exitCode(outcome, failOn) {
  if (failOn === undefined || outcome === "error" || outcome === "same") return EXIT[outcome];
  return failOn.includes(outcome) ? EXIT[outcome] : 0;
}
