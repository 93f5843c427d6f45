// @ts-check
// Changes to a stack without an `up`: the cluster compared with the state.
import { fit } from "./fit.mjs";
import { block, code, cut, details, inline, marker, table } from "./markdown.mjs";
import { changesOf } from "./properties.mjs";
import { kindOf, nameOf } from "./pulumi.mjs";
import { redacted } from "./secrets.mjs";

/**
 * @typedef {object} Drifted
 * @property {string} name
 * @property {string} kind
 * @property {boolean} gone
 * @property {import("./properties.mjs").Change[]} properties
 */
/**
 * @typedef {{ drifted: Drifted[], seen: Drifted[], errors: string[] }} Drift `seen`: only differences in outputs, e.g.
 * where a VM runs
 */
/** @typedef {{ project: string, stack: string, drift: Drift, job: import("./job.mjs").Job }} DriftReport */

/**
 * @param {import("./pulumi.mjs").Ran} ran a refresh
 * @param {(text: string) => string} redact removes secrets, before anything is cut
 * @returns {Drift}
 */
export function readDrift(ran, redact) {
  const { ok, steps } = ran;
  const diagnostics = redacted(ran.diagnostics, redact);
  const all = steps
    .filter(({ urn, op }) => !urn.includes("::pulumi:") && (op === "update" || op === "delete"))
    .map((step) => ({
      name: redact(nameOf(step.urn)),
      kind: kindOf(step.urn),
      gone: step.op === "delete",
      properties: changesOf(step, redact, true),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const isDrift = (/** @type {Drifted} */ { gone, properties }) => gone || properties.some(({ input }) => input);
  const errors = diagnostics
    .filter(({ severity, urn }) => severity === "error" && (ok || urn !== undefined))
    .map(({ message }) => message.replace(/^error: /, "").trim());
  const last = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message.trim());
  return {
    drifted: all.filter(isDrift),
    seen: all.filter((each) => !isDrift(each)),
    errors: ok || errors.length > 0 ? [...new Set(errors)] : [...last, "pulumi refresh failed"].slice(0, 1),
  };
}

/** The title of the issue. @param {{ project: string, stack: string }} of */
export const driftTitle = ({ project, stack }) => `Drift of ${project}/${stack}`;

/** The marker of the issue. @param {{ project: string, stack: string }} of */
export const driftMarker = ({ project, stack }) => marker("drift", project, stack);

/** The body of the issue. Its first line identifies it later. @param {DriftReport} report @param {number} limit */
export function renderDrift(report, limit) {
  const { project, stack, drift, job } = report;
  const { drifted, seen, errors } = drift;
  const stackName = code(`${project}/${stack}`);
  const head =
    errors.length > 0
      ? `The cluster could not be compared with the state of ${stackName}:\n\n${errors
          .slice(0, 5)
          .map((text) => block(cut(text, 2000)))
          .join("\n\n")}`
      : drifted.length === 0
        ? `The cluster is as the state of ${stackName} has it.`
        : `On the cluster ${drifted.length === 1 ? "a resource" : `${drifted.length} resources`} of ${stackName} ${drifted.length === 1 ? "is" : "are"} otherwise than the state has it. Nothing was changed.`;
  return fit(
    [
      { worth: 100, forms: [`${driftMarker(report)}\n${head}`] },
      { worth: 50, forms: rows(drifted) },
      { worth: 10, forms: seen.length === 0 ? [""] : [details("Seen as well, and no drift", rows(seen)[0] ?? ""), ""] },
      {
        worth: 90,
        forms: [
          drifted.length === 0
            ? ""
            : "`pulumi up` puts it back as the program has it. Where it is meant to be so, change the program, then `pulumi refresh`.",
        ],
      },
      { worth: 80, forms: [footer(job)] },
    ],
    limit,
  );
}

/** @param {readonly Drifted[]} all @returns {string[]} */
function rows(all) {
  if (all.length === 0) return [""];
  const cells = all.flatMap(({ name, kind, gone, properties }) => {
    if (gone) return [[code(name), inline(kind), "", "", "**it is gone from the cluster**"]];
    return properties.map(({ path, was, is }) => [
      code(name),
      inline(kind),
      code(path),
      was === undefined ? "none" : code(was),
      is === undefined ? "none" : code(is),
    ]);
  });
  const put = (/** @type {number} */ most) =>
    `${table(["resource", "kind", "property", "was", "is"], cells.slice(0, most))}${cells.length > most ? `\n\n… and ${cells.length - most} more, which the artifact has` : ""}`;
  return [put(cells.length), ...[200, 50, 10].filter((most) => most < cells.length).map(put)];
}

/** The note that closes the issue. @param {DriftReport} report */
export const settledNote = ({ project, stack, job }) =>
  `The cluster is as the state of ${code(`${project}/${stack}`)} has it again.\n\n${footer(job)}`.trim();

/** @param {import("./job.mjs").Job} job */
const footer = ({ commit, url }) =>
  [
    ...(commit === undefined ? [] : [`commit ${code(commit.slice(0, 12))}`]),
    ...(url === undefined ? [] : [`[the job](${url})`]),
  ].join(" · ");
