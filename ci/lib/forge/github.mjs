// @ts-check
// GitHub's REST API. Comments on pull requests are comments on issues.
import { client, ForgeError } from "./http.mjs";

/** The author of what a job's token writes. Such a token cannot query its own user. */
const JOB = "github-actions[bot]";

/** The limit is 65536; leave some for characters that count twice. */
const LIMIT = 65_000;

/** @param {NodeJS.ProcessEnv} env @param {string} [author] @returns {import("./index.mjs").Forge} */
export function github(env, author) {
  const token = env["GITHUB_TOKEN"];
  const repository = env["GITHUB_REPOSITORY"];
  if (!token)
    throw new ForgeError("GITHUB_TOKEN is not set", {
      hint: "Give the job `permissions: pull-requests: write` and GITHUB_TOKEN: ${{ github.token }}.",
    });
  if (!repository) throw new ForgeError("GITHUB_REPOSITORY is not set");
  const { request, pages } = client({
    base: env["GITHUB_API_URL"] || "https://api.github.com",
    headers: {
      authorization: `Bearer ${token}`,
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
      "user-agent": "pulumi-seapath-ci",
    },
  });
  const repo = `/repos/${repository.split("/").map(encodeURIComponent).join("/")}`;
  /** @type {Promise<string> | undefined} */
  let own = author === undefined ? undefined : Promise.resolve(author);
  return {
    name: "GitHub",
    limit: LIMIT,
    author: () => (own ??= whoAmI(request)),
    comments: (number) => written(pages(`${repo}/issues/${number}/comments`), "id"),
    addComment: async (number, body) =>
      loginOf((await request("POST", `${repo}/issues/${number}/comments`, { body })).body),
    changeComment: async (_number, id, body) =>
      void (await request("PATCH", `${repo}/issues/comments/${id}`, { body })),
    issues: () => written(withoutRequests(pages(`${repo}/issues?state=open`)), "number"),
    addIssue: async (title, body) => loginOf((await request("POST", `${repo}/issues`, { title, body })).body),
    changeIssue: async (id, title, body) => void (await request("PATCH", `${repo}/issues/${id}`, { title, body })),
    closeIssue: async (id, note) => {
      await request("POST", `${repo}/issues/${id}/comments`, { body: note });
      await request("PATCH", `${repo}/issues/${id}`, { state: "closed", state_reason: "completed" });
    },
    upload: undefined,
  };
}

/** @param {import("./http.mjs").Client["request"]} request */
async function whoAmI(request) {
  try {
    const { body } = await request("GET", "/user");
    return String(/** @type {{ login?: unknown }} */ (body).login);
  } catch (error) {
    if (error instanceof ForgeError && error.status === 403) return JOB;
    throw error;
  }
}

/** @param {AsyncIterable<Record<string, unknown>>} entries @param {"id" | "number"} key @returns {AsyncGenerator<import("./index.mjs").Written>} */
async function* written(entries, key) {
  for await (const each of entries)
    yield { id: String(each[key]), body: String(each["body"] ?? ""), author: loginOf(each) };
}

/** The author of an entry; nobody if the account is gone. @param {unknown} entry */
const loginOf = (entry) => /** @type {{ user?: { login?: string } | null }} */ (entry).user?.login ?? "";

/** Pull requests are issues too. @param {AsyncIterable<Record<string, unknown>>} issues */
async function* withoutRequests(issues) {
  for await (const issue of issues) if (issue["pull_request"] === undefined) yield issue;
}
