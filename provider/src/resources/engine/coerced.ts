/** Texts that a program has made of outputs by JavaScript's own means, which give no value of theirs. */

/** What Pulumi puts where a program has made a text of an output by JavaScript's own means: a warning, in place of the value. */
const COERCED = /Calling \[(toString|toJSON)\] on an \[Output<T>\] is not supported/;

/** Why a text is none of a user's, or undefined. */
export function outputProblem(text: string): string | undefined {
  const how = COERCED.exec(text)?.[1];
  if (how === undefined) return undefined;
  const instead =
    how === "toJSON"
      ? "pulumi.jsonStringify(…) in place of JSON.stringify(…)"
      : "pulumi.interpolate`…${other.output}…` in place of `…${other.output}…`, or the output itself";
  return `has Pulumi's warning in place of an output's value, which is not known yet when the program makes a text of it: write ${instead}`;
}
