// @ts-check
// What a run comes to, as the exit code of the job.

/**
 * `error`: what had to be found out could not be. The others are what was found out.
 * @typedef {"same" | "changed" | "refused" | "unreachable" | "error"} Outcome
 */

/** @type {Record<Outcome, number>} */
export const EXIT = { same: 0, error: 1, changed: 2, refused: 3, unreachable: 4 };

/**
 * What weighs most: a run that failed says nothing for certain, then what must not be merged, then what nobody looked at.
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
 * The exit code. @param {Outcome} outcome
 * @param {readonly import("./options.mjs").Failure[]} [failOn] 0 on the outcomes that are not among them
 */
export function exitCode(outcome, failOn) {
  if (failOn === undefined || outcome === "error" || outcome === "same") return EXIT[outcome];
  return failOn.includes(outcome) ? EXIT[outcome] : 0;
}
