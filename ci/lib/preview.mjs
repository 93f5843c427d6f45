// @ts-check
// What a preview means: what changes, what is refused, what was not looked at.
import { madeOf } from "./made.mjs";
import { kindOf, nameOf } from "./pulumi.mjs";
import { changesOf } from "./properties.mjs";
import { redacted } from "./secrets.mjs";

/** @typedef {"create" | "update" | "replace" | "delete"} Verb */
/**
 * @typedef {object} Changed
 * @property {Verb} verb
 * @property {string} name
 * @property {string} kind
 * @property {import("./properties.mjs").Change[]} properties
 * @property {import("./made.mjs").Made} [made] what it is, of one that is made
 * @property {string} [loses] what is lost with it, for good
 * @property {boolean} retained it is forgotten, and stays on the cluster
 */
/**
 * @typedef {object} Previewed
 * @property {Changed[]} changed
 * @property {import("./pulumi.mjs").Violation[]} mandatory
 * @property {import("./pulumi.mjs").Violation[]} advisory
 * @property {string[]} invalid inputs that a check refuses
 * @property {boolean} unreachable some inputs were not checked, as the cluster did not answer
 * @property {string[]} notChecked
 * @property {string[]} errors why the preview has failed otherwise
 * @property {string[]} remarks what else the provider says
 */

/** @type {Record<string, Verb>} */
const VERBS = {
  create: "create",
  import: "create",
  update: "update",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  delete: "delete",
  discard: "delete",
  "discard-replaced": "replace",
  "import-replacement": "replace",
};

/** What goes when one of a kind is deleted or made anew. @type {Record<string, string>} */
const LOST = {
  Vm: "its disks are deleted, with all that is on them",
  Disk: "the disk is deleted, with all that is on it",
  Snapshot: "the snapshot is deleted",
};

/** What goes when one of a kind is made. @type {Record<string, string>} */
const OVERWRITTEN = { Rollback: "the disks of its VM go back, and lose what was written since" };

/** @param {import("./pulumi.mjs").Ran} ran @param {(text: string) => string} redact takes secrets out, before anything is cut @returns {Previewed} */
export function readPreview(ran, redact) {
  const { ok, steps } = ran;
  const { diagnostics, violations, stderr } = redacted(
    { diagnostics: ran.diagnostics, violations: ran.violations, stderr: ran.stderr },
    redact,
  );
  const mandatory = violations.filter(({ level }) => level === "mandatory");
  const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
  const invalid = errors.flatMap((message) => checkFailure(message) ?? []);
  const other = errors.filter((message) => checkFailure(message) === undefined && !isEnd(message));
  const said = diagnostics
    .filter(({ severity }) => severity === "info" || severity === "warning")
    .map(({ message }) => message.trim());
  const unchecked = said.filter(isNotChecked);
  const advisory = violations.filter(({ level }) => level !== "mandatory");
  return {
    changed: readChanged(steps, redact),
    mandatory,
    advisory,
    invalid,
    unreachable: unchecked.length > 0,
    // A policy that passes without a look has a line for it; one that does not pass stands among those that refuse.
    notChecked: [
      ...new Set([
        ...unchecked,
        ...advisory.flatMap(({ message }) => message.split("\n").filter((line) => /^not checked\b/i.test(line))),
      ]),
    ].sort(),
    errors:
      other.length > 0 || ok || mandatory.length > 0 || invalid.length > 0
        ? other.map(plain)
        : [otherwise(diagnostics, stderr)],
    remarks: said.filter((text) => !isNotChecked(text)),
  };
}

/** The provider's own words of a cluster that did not answer, in a check that goes on without. @param {string} text */
const isNotChecked = (text) => /^(?:[\w-]+ "[^"]*": .*|The inputs of this .*) (?:was|were) not checked: /.test(text);

/** The last error of each preview that has failed. @param {string} message */
const isEnd = (message) => message.trim() === "error: preview failed";

/**
 * What a failure without an error says: that of a policy pack that does not start is what the pack printed.
 * @param {readonly import("./pulumi.mjs").Diagnostic[]} diagnostics @param {string} stderr
 */
function otherwise(diagnostics, stderr) {
  const printed = diagnostics
    .filter(({ severity }) => severity === "info#err")
    .map(({ message }) => message)
    .join("");
  return (
    [printed, stderr]
      .map(plain)
      .filter((text) => text !== "")
      .join("\n") || "pulumi preview failed, and does not say why"
  );
}

/**
 * What a check has against an input, or undefined for another error. Where a provider leaves it to Pulumi to name the property,
 * the value stands behind it, a secret in clear: it is left out. @param {string} message
 */
function checkFailure(message) {
  const form =
    /resource '([^']*)'(?:: property (\S+) value \{.*?\} has a problem:| has a problem: property ([^:]+):) (.*)/s;
  const [, name, theirs, ours, reason] = form.exec(message) ?? [];
  return name === undefined ? undefined : `${name}: ${theirs ?? ours} ${reason?.trim()}`;
}

/** An error without its severity in front, its colors and the stack behind it. @param {string} message */
const plain = (message) =>
  message
    .replace(/\u001b\[[0-9;]*m/g, "")
    .replace(/^error: /, "")
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s+at /.test(line))
    .join("\n")
    .trim();

/** The resources that change, one entry each, replaced ones and deletions first. @param {readonly import("./pulumi.mjs").Step[]} steps @param {(text: string) => string} redact @returns {Changed[]} */
export function readChanged(steps, redact) {
  /** @type {Map<string, import("./pulumi.mjs").Step[]>} */
  const byUrn = new Map();
  for (const step of steps)
    if (VERBS[step.op] !== undefined) byUrn.set(step.urn, [...(byUrn.get(step.urn) ?? []), step]);
  const order = ["replace", "delete", "update", "create"];
  return [...byUrn]
    .map(([urn, own]) => changed(urn, own, redact))
    .sort((a, b) => order.indexOf(a.verb) - order.indexOf(b.verb) || (a.name < b.name ? -1 : 1));
}

/** @param {string} urn @param {readonly import("./pulumi.mjs").Step[]} steps @param {(text: string) => string} redact @returns {Changed} */
function changed(urn, steps, redact) {
  const verbs = steps.map(({ op }) => VERBS[op]);
  // What goes because something else is made anew, and is not made again, is gone.
  const again = steps.some(({ op }) => op === "replace" || op === "create-replacement" || op === "import-replacement");
  const verb = verbs.includes("replace") ? (again ? "replace" : "delete") : (verbs[0] ?? "update");
  const main = steps.find(({ detailedDiff }) => detailedDiff != null) ?? steps[0];
  const old = steps.find(({ oldState }) => oldState !== undefined)?.oldState;
  const retained = (verb === "delete" || verb === "replace") && old?.retainOnDelete === true;
  const kind = kindOf(urn);
  const goes = (verb === "delete" || verb === "replace") && !retained ? LOST[kind] : undefined;
  const made = verb === "create" && main !== undefined ? madeOf(main, kind, redact) : undefined;
  const loses = goes ?? (verb === "delete" ? undefined : OVERWRITTEN[kind]);
  return {
    verb,
    name: redact(nameOf(urn)),
    kind,
    properties: main === undefined ? [] : changesOf(main, redact),
    ...(made === undefined ? {} : { made }),
    ...(loses === undefined ? {} : { loses }),
    retained,
  };
}

/** How many of each. @param {readonly Changed[]} changed */
export function countOf(changed) {
  return /** @type {const} */ (["create", "update", "replace", "delete"])
    .flatMap((verb) => {
      const count = changed.filter((each) => each.verb === verb).length;
      return count === 0 ? [] : [`${count} to ${verb}`];
    })
    .join(", ");
}
