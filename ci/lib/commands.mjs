// @ts-check
// The commands, from their options to the exit code.
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { renderPreview } from "./comment.mjs";
import { driftMarker, driftTitle, readDrift, renderDrift, settledNote } from "./drift.mjs";
import { connect, findComment, putComment, putIssue, settleIssue, UNBOUND } from "./forge/index.mjs";
import { readJob } from "./job.mjs";
import { marker } from "./markdown.mjs";
import { exitCode, EXIT, outcomeOf } from "./outcome.mjs";
import { clusterEnvironment, clustersOf, plan, timeless } from "./plan.mjs";
import { readPreview } from "./preview.mjs";
import { preview, readStack, refresh } from "./pulumi.mjs";
import { outlet } from "./report.mjs";
import { redacted, redactor, secretsOf } from "./secrets.mjs";

/** @typedef {import("./options.mjs").Given} Given */
/** @typedef {{ given: Given, env: NodeJS.ProcessEnv }} Run */

/** @param {Run} run @returns {Promise<number>} the exit code */
export async function runPreview({ given, env }) {
  const { cwd, out, policyPacks, policyPackConfigs, cibs, failOn } = given;
  // The policies must see the same cluster.
  const saved = cibs.length === 1 && cibs[0] !== undefined ? { SEAPATH_SAVED_CLUSTER: resolve(cibs[0].file) } : {};
  const project = { cwd, env: { ...env, ...saved }, ...(given.stack === undefined ? {} : { stack: given.stack }) };
  const job = readJob(given.forge, env);
  const named = await readStack(project);
  const redact = redactor(secretsOf(named.config), env);
  const leaves = outlet(env, redact);
  leaves.startReport(out);
  leaves.log(`Previewing ${named.project}/${named.stack}`);
  const ran = await orFailed(preview(project, policyPacks, policyPackConfigs));
  const found = readPreview(ran, redact);
  const reach = clusterEnvironment(named.config, env);
  const plans = redacted(await plansOf(), redact);
  for (const { cluster, files } of plans)
    if (files !== undefined) leaves.writePlan(cluster === undefined ? out : join(out, cluster), files);
  const outcome = outcomeOf({
    error:
      (found.errors.length > 0 && !plans.some(({ unreachable }) => unreachable)) ||
      plans.some(({ error, unreachable }) => error !== undefined && !unreachable),
    refused: found.mandatory.length > 0 || found.invalid.length > 0,
    unreachable: found.unreachable || plans.some(({ unreachable }) => unreachable),
    changed: found.changed.length > 0,
  });
  const report = { project: named.project, stack: named.stack, outcome, found, plans, job };
  const whole = renderPreview(report, UNBOUND);
  const file = leaves.writeReport(out, whole);
  leaves.summarize(whole);
  leaves.setOutputs({
    code: String(EXIT[outcome]),
    changed: String(found.changed.length > 0),
    refused: String(outcome === "refused"),
    unreachable: String(outcome === "unreachable"),
    summary: resolve(file),
    folder: resolve(out),
    planned: leaves.writePlanned(
      out,
      plans.flatMap(({ planned }) => planned ?? []),
    ),
  });
  leaves.log(`${named.project}/${named.stack}: ${outcome}; the report is in ${file}`);
  const nobody =
    job.request === undefined
      ? "This is no merge request: there is no comment."
      : job.fork
        ? "The merge request comes from a fork, whose jobs may not write here: there is no comment."
        : undefined;
  if (nobody !== undefined && given.comment && given.forge !== "none") leaves.log(nobody);
  if (
    nobody === undefined &&
    !(await told({ given, env, leaves, report: whole, tell: (forge) => tell(forge, job.request ?? "") }))
  )
    return EXIT.error;
  return exitCode(outcome, failOn);

  /** Plans each cluster of the stack. If the preview did not finish, checks whether the cluster is reachable at all. */
  async function plansOf() {
    const broken = found.errors.length > 0 || found.invalid.length > 0;
    const clusters = clustersOf(ran.steps);
    const of = (/** @type {string | undefined} */ cluster, /** @type {boolean} */ simulate) =>
      plan({
        cwd,
        env: reach,
        cluster,
        cib: cibs.find((each) => each.cluster === cluster)?.file,
        ...(simulate ? { preview: ran.json } : {}),
      });
    if (!broken) return Promise.all(clusters.map((cluster) => of(cluster, true)));
    if (found.errors.length === 0) return [];
    const probes = await Promise.all(
      (clusters.length > 0 ? clusters : [undefined]).map((cluster) => of(cluster, false)),
    );
    return probes.filter(({ unreachable }) => unreachable);
  }

  /** @param {import("./forge/index.mjs").Forge} forge @param {string} request */
  async function tell(forge, request) {
    const images = await upload(forge, request);
    const body = renderPreview({ ...report, images }, forge.limit);
    return `The comment was ${await putComment(forge, request, body)}.`;
  }

  /**
   * Uploads the pictures for the forge to show; an unchanged one is not uploaded again.
   * @param {import("./forge/index.mjs").Forge} forge
   * @param {string} request
   */
  async function upload(forge, request) {
    if (forge.upload === undefined || plans.every(({ svg }) => svg === undefined)) return [];
    const before = (await findComment(forge, request, marker("preview", named.project, named.stack)))?.body ?? "";
    /** @type {string[]} */
    const images = [];
    for (const { svg } of plans) {
      if (svg === undefined) {
        images.push("");
        continue;
      }
      const mark = `<!-- seapath-picture: ${createHash("sha256").update(timeless(svg)).digest("hex")} -->`;
      const [, shown] = before.split(`${mark}\n`);
      images.push(`${mark}\n${shown?.split("\n")[0] ?? (await forge.upload(svg, "plan.svg"))}`);
    }
    return images;
  }
}

/** @param {Run} run @returns {Promise<number>} the exit code */
export async function runDrift({ given, env }) {
  const { cwd, out, failOn } = given;
  const project = { cwd, env, ...(given.stack === undefined ? {} : { stack: given.stack }) };
  const named = await readStack(project);
  const redact = redactor(secretsOf(named.config), env);
  const leaves = outlet(env, redact);
  leaves.startReport(out);
  leaves.log(`Comparing the cluster with the state of ${named.project}/${named.stack}`);
  const drift = readDrift(await orFailed(refresh(project)), redact);
  const reach = clusterEnvironment(named.config, env);
  const failed = drift.errors.length > 0;
  // Find out by trying whether the cluster is reachable, not from an error's text.
  const unreachable = failed && (await plan({ cwd, env: reach })).unreachable;
  const outcome = outcomeOf({
    error: failed && !unreachable,
    refused: false,
    unreachable,
    changed: drift.drifted.length > 0,
  });
  const report = { project: named.project, stack: named.stack, drift, job: readJob(given.forge, env) };
  const whole = renderDrift(report, UNBOUND);
  const file = leaves.writeReport(out, whole);
  leaves.summarize(whole);
  leaves.setOutputs({
    code: String(EXIT[outcome]),
    changed: String(drift.drifted.length > 0),
    refused: "false",
    unreachable: String(unreachable),
    summary: resolve(file),
    folder: resolve(out),
  });
  leaves.log(
    `${named.project}/${named.stack}: ${outcome === "changed" ? "drift" : outcome === "same" ? "no drift" : outcome}; the report is in ${file}`,
  );
  const done = await told({
    given,
    env,
    leaves,
    report: whole,
    tell: async (forge) => {
      // A failed comparison says nothing about an open issue.
      if (failed) return "The issue was left as it is, since nothing was compared.";
      if (drift.drifted.length > 0)
        return `The issue was ${await putIssue(forge, driftTitle(report), renderDrift(report, forge.limit))}.`;
      return (await settleIssue(forge, driftMarker(report), settledNote(report)))
        ? "The issue was closed."
        : "There is no issue.";
    },
  });
  return done ? exitCode(outcome, failOn) : EXIT.error;
}

/**
 * Tells the forge. A failure does not lose the findings: it is reported, and the report goes to the log.
 * @param {{ given: Given, env: NodeJS.ProcessEnv, leaves: import("./report.mjs").Outlet, report: string, tell: (forge: import("./forge/index.mjs").Forge) => Promise<string> }} about
 * @returns {Promise<boolean>}
 */
async function told({ given, env, leaves, report, tell }) {
  if (!given.comment || given.forge === "none") return true;
  try {
    const forge = connect(given.forge, env, given.author);
    if (forge !== undefined) leaves.log(await tell(leaves.guarded(forge)));
    return true;
  } catch (error) {
    leaves.warn(`Unable to tell ${given.forge} of it: ${error instanceof Error ? error.message : String(error)}`);
    leaves.logReport(report);
    return false;
  }
}

/**
 * Reports a run that could not even start as failed: an earlier run's comment would be wrong by now.
 * @param {Promise<import("./pulumi.mjs").Ran>} running
 * @returns {Promise<import("./pulumi.mjs").Ran>}
 */
async function orFailed(running) {
  try {
    return await running;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      steps: [],
      violations: [],
      json: "{}",
      stderr: "",
      diagnostics: [{ severity: "error", message }],
    };
  }
}
