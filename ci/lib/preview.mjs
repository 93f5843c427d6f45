// @ts-check
// Interprets a preview: what changes, what is refused, what was not checked.
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
 * @property {import("./made.mjs").Made} [made] a description, if it is created
 * @property {string} [loses] what is lost for good with it
 * @property {boolean} retained whether Pulumi only forgets it, and it stays on the cluster
 */
/**
 * @typedef {object} Previewed
 * @property {Changed[]} changed
 * @property {import("./pulumi.mjs").Violation[]} mandatory
 * @property {import("./pulumi.mjs").Violation[]} advisory
 * @property {string[]} invalid inputs that a check rejects
 * @property {boolean} unreachable whether inputs were not checked because the cluster did not answer
 * @property {string[]} notChecked
 * @property {string[]} errors other reasons why the preview failed
 * @property {string[]} remarks other messages of the provider
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

/** What is lost if a resource of a kind is deleted or replaced. @type {Record<string, string>} */
const LOST = {
  Vm: "its disks are deleted, with all that is on them",
  Disk: "the disk is deleted, with all that is on it",
  Snapshot: "the snapshot is deleted",
};

/** What is lost if a resource of a kind is created. @type {Record<string, string>} */
const OVERWRITTEN = { Rollback: "the disks of its VM go back, and lose what was written since" };

/**
 * @param {import("./pulumi.mjs").Ran} ran
 * @param {(text: string) => string} redact removes secrets, before anything is cut
 * @returns {Previewed}
 */
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
    // A policy that passes without a check has a line here; one that fails is among the refusals.
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

/** The provider's message for a check that continues although the cluster did not answer. @param {string} text */
const isNotChecked = (text) => /^(?:[\w-]+ "[^"]*": .*|The inputs of this .*) (?:was|were) not checked: /.test(text);

/** The last error of every failed preview. @param {string} message */
const isEnd = (message) => message.trim() === "error: preview failed";

/**
 * The message of a failure without an error. For a policy pack that does not start, it is what the pack printed.
 * @param {readonly import("./pulumi.mjs").Diagnostic[]} diagnostics
 * @param {string} stderr
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
 * A check's objection to an input, or undefined for another error. If the provider leaves naming the property to
 * Pulumi, the value follows, a secret in clear text: it is removed.
 * @param {string} message
 */
function checkFailure(message) {
  const form =
    /resource '([^']*)'(?:: property (\S+) value \{.*?\} has a problem:| has a problem: property ([^:]+):) (.*)/s;
  const [, name, theirs, ours, reason] = form.exec(message) ?? [];
  return name === undefined ? undefined : `${name}: ${theirs ?? ours} ${reason?.trim()}`;
}

/** An error without severity prefix, colors and stack. @param {string} message */
const plain = (message) =>
  message
    .replace(/\u001b\[[0-9;]*m/g, "")
    .replace(/^error: /, "")
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s+at /.test(line))
    .join("\n")
    .trim();

/**
 * The changed resources, one entry each, replacements and deletions first.
 * @param {readonly import("./pulumi.mjs").Step[]} steps
 * @param {(text: string) => string} redact
 * @returns {Changed[]}
 */
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
  // A resource that is deleted because another is replaced, and not created again, is gone.
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

/** The number of each verb. @param {readonly Changed[]} changed */
export function countOf(changed) {
  return /** @type {const} */ (["create", "update", "replace", "delete"])
    .flatMap((verb) => {
      const count = changed.filter((each) => each.verb === verb).length;
      return count === 0 ? [] : [`${count} to ${verb}`];
    })
    .join(", ");
}
