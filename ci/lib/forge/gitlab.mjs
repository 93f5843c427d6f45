// @ts-check
// GitLab's REST API: notes on merge requests, issues, and files shown in a text.
import { client, ForgeError } from "./http.mjs";

/** The limit is 1,000,000. */
const LIMIT = 990_000;

const HINT =
  "Make a project access token with the scope `api` and the role Developer, and give it to the job as the masked variable GITLAB_TOKEN. " +
  "The token that each job has, CI_JOB_TOKEN, may not write comments.";

/** The form of an upload's Markdown; nothing else gets into a comment. */
const IMAGE = /^!\[[\w .-]*\]\(\/[\w./-]+\)(?:\{[\w= %.-]*\})?$/;

/** @param {NodeJS.ProcessEnv} env @param {string} [author] @returns {import("./index.mjs").Forge} */
export function gitlab(env, author) {
  const token = env["GITLAB_TOKEN"];
  // For a merge request from a fork, the job runs in the fork, but the request is in the project.
  const project = env["CI_MERGE_REQUEST_PROJECT_ID"] || env["CI_PROJECT_ID"];
  if (!token) throw new ForgeError("GITLAB_TOKEN is not set", { hint: HINT });
  if (!project) throw new ForgeError("CI_PROJECT_ID is not set");
  const { request, pages } = client({
    base: env["CI_API_V4_URL"] || "https://gitlab.com/api/v4",
    headers: { "private-token": token, "user-agent": "pulumi-seapath-ci" },
  });
  const root = `/projects/${encodeURIComponent(project)}`;
  /** @type {Promise<string> | undefined} */
  let own = author === undefined ? undefined : Promise.resolve(author);
  return {
    name: "GitLab",
    limit: LIMIT,
    author: () =>
      (own ??= request("GET", "/user").then(({ body }) =>
        String(/** @type {{ username?: unknown }} */ (body).username),
      )),
    comments: (number) =>
      written(pages(`${root}/merge_requests/${number}/notes?sort=asc&order_by=created_at`), "id", "body"),
    addComment: async (number, body) =>
      authorOf((await request("POST", `${root}/merge_requests/${number}/notes`, { body })).body),
    changeComment: async (number, id, body) =>
      void (await request("PUT", `${root}/merge_requests/${number}/notes/${id}`, { body })),
    issues: () => written(pages(`${root}/issues?state=opened`), "iid", "description"),
    addIssue: async (title, description) =>
      authorOf((await request("POST", `${root}/issues`, { title, description })).body),
    changeIssue: async (id, title, description) =>
      void (await request("PUT", `${root}/issues/${id}`, { title, description })),
    closeIssue: async (id, note) => {
      await request("POST", `${root}/issues/${id}/notes`, { body: note });
      await request("PUT", `${root}/issues/${id}`, { state_event: "close" });
    },
    upload: async (picture, name) => {
      const form = new FormData();
      form.set("file", new Blob([picture], { type: "image/svg+xml" }), name);
      const { body } = await request("POST", `${root}/uploads`, form);
      const markdown = String(/** @type {{ markdown?: unknown }} */ (body).markdown).trim();
      if (!IMAGE.test(markdown))
        throw new ForgeError(`POST ${root}/uploads: the answer shows no picture: ${markdown.slice(0, 100)}`);
      return markdown;
    },
  };
}

/** @param {AsyncIterable<Record<string, unknown>>} entries @param {"id" | "iid"} key @param {"body" | "description"} text @returns {AsyncGenerator<import("./index.mjs").Written>} */
async function* written(entries, key, text) {
  for await (const each of entries) {
    if (each["system"] === true) continue;
    yield { id: String(each[key]), body: String(each[text] ?? ""), author: authorOf(each) };
  }
}

/** The author of an entry. @param {unknown} entry */
const authorOf = (entry) => /** @type {{ author?: { username?: string } | null }} */ (entry).author?.username ?? "";
