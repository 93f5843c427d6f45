// @ts-check
// The CI job, as the forge describes it in the environment: merge request, commit, URL.
import { readFileSync } from "node:fs";

/**
 * @typedef {object} Job
 * @property {string} [commit]
 * @property {string} [url] of the job
 * @property {string} [artifact] the name the templates store the report under
 * @property {string} [request] the number of the merge request; absent if it is none
 * @property {boolean} fork whether the merge request comes from another project, whose jobs may not write here
 */

/** @param {"github" | "gitlab" | "none"} forge @param {NodeJS.ProcessEnv} env @returns {Job} */
export function readJob(forge, env) {
  if (forge === "github") return github(env);
  if (forge === "gitlab") return gitlab(env);
  return { fork: false };
}

/** Only URLs may become links. @param {string} text */
const link = (text) => (/^https?:\/\/[^\s()<>[\]]+$/.test(text) ? { url: text } : {});

/** @param {NodeJS.ProcessEnv} env @returns {Job} */
function github(env) {
  const file = env["GITHUB_EVENT_PATH"];
  /** @type {{ pull_request?: { number?: number, head?: { sha?: string, repo?: { full_name?: string } | null } } }} */
  const event = file === undefined || file === "" ? {} : JSON.parse(readFileSync(file, "utf8"));
  const { number, head } = event.pull_request ?? {};
  // A pull request's job runs on a merge commit that nobody made.
  const commit = head?.sha ?? env["GITHUB_SHA"];
  const from = head?.repo?.full_name;
  return {
    ...(commit === undefined ? {} : { commit }),
    ...(number === undefined ? {} : { request: String(number) }),
    ...link(
      `${env["GITHUB_SERVER_URL"] ?? "https://github.com"}/${env["GITHUB_REPOSITORY"] ?? ""}/actions/runs/${env["GITHUB_RUN_ID"] ?? ""}`,
    ),
    artifact: env["SEAPATH_CI_ARTIFACT"] || "seapath-ci",
    fork: event.pull_request !== undefined && from !== env["GITHUB_REPOSITORY"],
  };
}

/** @param {NodeJS.ProcessEnv} env @returns {Job} */
function gitlab(env) {
  const commit = env["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"] || env["CI_COMMIT_SHA"];
  const request = env["CI_MERGE_REQUEST_IID"];
  const from = env["CI_MERGE_REQUEST_SOURCE_PROJECT_ID"];
  return {
    ...(commit ? { commit } : {}),
    ...(request ? { request } : {}),
    ...link(env["CI_JOB_URL"] ?? ""),
    artifact: "seapath-ci",
    fork: from !== undefined && from !== "" && from !== env["CI_MERGE_REQUEST_PROJECT_ID"],
  };
}
