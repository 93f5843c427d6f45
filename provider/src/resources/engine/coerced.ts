/** Texts that a program made of outputs with plain JavaScript, which do not contain the value. */

/** Pulumi's text for an output that plain JavaScript turned into a string: a warning in place of the value. */
const COERCED = /Calling \[(toString|toJSON)\] on an \[Output<T>\] is not supported/;

/** Why a text cannot come from the user, or undefined. */
export function outputProblem(text: string): string | undefined {
  const how = COERCED.exec(text)?.[1];
  if (how === undefined) return undefined;
  const instead =
    how === "toJSON"
      ? "pulumi.jsonStringify(…) in place of JSON.stringify(…)"
      : "pulumi.interpolate`…${other.output}…` in place of `…${other.output}…`, or the output itself";
  return `has Pulumi's warning in place of an output's value, which is not known yet when the program makes a text of it: write ${instead}`;
}
