// How a forge is asked: pages, retries, whose comment it is; over real HTTP, to a stand-in.
import assert from "node:assert/strict";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, putComment, putIssue, settleIssue } from "../../../ci/lib/forge/index.mjs";
import { client, waitBefore } from "../../../ci/lib/forge/http.mjs";
import { readJob } from "../../../ci/lib/job.mjs";
import { StandIn, TOKENS } from "../../lab/support/forge.ts";

const MARK = "<!-- seapath-preview: grid/prod -->";

describe("a forge", () => {
  let standIn: StandIn;
  beforeEach(async () => {
    standIn = await StandIn.start();
  });
  afterEach(async () => {
    await standIn.stop();
    assert.deepEqual(standIn.unexpected, []);
  });

  const github = (author?: string, token = TOKENS.githubJob) =>
    connect(
      "github",
      { GITHUB_TOKEN: token, GITHUB_REPOSITORY: "grid/platform", GITHUB_API_URL: `${standIn.url}/github` },
      author,
    )!;
  const gitlab = () =>
    connect("gitlab", { GITLAB_TOKEN: TOKENS.gitlab, CI_PROJECT_ID: "7", CI_API_V4_URL: `${standIn.url}/gitlab/` })!;

  it("gets one comment a mark, found on whichever page it is, and not somebody else's", async () => {
    standIn.write("mallory", `${MARK}\nmine`);
    for (let number = 0; number < 250; number++) standIn.write("alice", "…");
    standIn.write("github-actions[bot]", `> ${MARK}\nquoted`);
    assert.equal(await putComment(github(), "12", `${MARK}\none`), "added");
    assert.equal(await putComment(github(), "12", `${MARK}\ntwo`), "updated");
    assert.equal(await putComment(github(), "12", "<!-- seapath-preview: grid/test -->\nother"), "added");
    assert.deepEqual(
      standIn.comments.slice(251).map(({ body }) => body.split("\n")[1]),
      ["quoted", "two", "other"],
    );
    assert.equal(standIn.comments[0]?.body, `${MARK}\nmine`);
    assert.equal(standIn.asked.filter((line) => line.startsWith("GET") && line.endsWith("comments")).length, 9);
  });

  it("is told who writes, where the token is an app's", async () => {
    standIn.write("grid-app[bot]", `${MARK}\nold`);
    await putComment(github("grid-app[bot]"), "12", `${MARK}\nnew`);
    assert.deepEqual(
      standIn.comments.map(({ body }) => body),
      [`${MARK}\nnew`],
    );
    assert.match(
      await putComment(github("nobody"), "12", `${MARK}\nnew`),
      /^added by github-actions\[bot\], while those of nobody are looked for: give --author/,
    );
  });

  it("is asked again when it is busy, and looked at again before something is made twice", async () => {
    standIn.next.push(
      { status: 429, headers: { "retry-after": "0" } },
      { status: 403, headers: { "retry-after": "0" } },
      { status: 503, headers: { "retry-after": "0" } },
    );
    await putComment(gitlab(), "3", `${MARK}\none`);
    assert.equal(standIn.comments.length, 1);
    // The note is there, and the answer is lost: it is found, not written again.
    const before = standIn.asked.length;
    const post = standIn.write("project_7_bot", "<!-- x -->\nold");
    standIn.next.push({ status: 200, body: { username: "project_7_bot" } }, { status: 200, body: [] }, { status: 502 });
    await putComment(gitlab(), "3", "<!-- x -->\nnew");
    assert.equal(post.body, "<!-- x -->\nnew");
    assert.deepEqual(
      standIn.asked.slice(before).map((line) => line.split(" ")[0]),
      ["GET", "GET", "POST", "GET", "PUT"],
    );
  });

  it("says what it refused, without the token", async () => {
    await assert.rejects(
      putComment(github(undefined, "wrong-token"), "12", `${MARK}\nx`),
      (error: Error) =>
        /GET .*\/user: HTTP 401: Bad credentials/.test(error.message) && !error.message.includes("wrong-token"),
    );
    await assert.rejects(
      putComment(github("me"), "12", `${MARK}\n${"x".repeat(70_000)}`),
      /HTTP 422: body is too long/,
    );
    assert.throws(
      () => connect("github", { GITHUB_REPOSITORY: "a/b" }),
      /GITHUB_TOKEN is not set\n {2}→ .*pull-requests: write/,
    );
    assert.throws(
      () => connect("gitlab", { CI_JOB_TOKEN: "x", CI_PROJECT_ID: "7" }),
      /GITLAB_TOKEN is not set\n {2}→ .*CI_JOB_TOKEN, may not write comments/,
    );
  });

  it("gives up in the end", async () => {
    const waits: number[] = [];
    standIn.next.push(
      { status: 500 },
      { status: 500 },
      { status: 429, headers: { "retry-after": "3600" } },
      { status: 500 },
    );
    const { request } = client({ base: `${standIn.url}/github`, headers: {}, wait: async (ms) => void waits.push(ms) });
    await assert.rejects(request("GET", "/user"), /HTTP 500, 4 times/);
    assert.deepEqual(waits, [1000, 2000, 60_000]);
  });

  it("opens one issue a mark, and closes it with a note", async () => {
    for (const [forge, mark] of [
      [github(), "<!-- a -->"],
      [gitlab(), "<!-- b -->"],
    ] as const) {
      assert.equal(await putIssue(forge, "Drift", `${mark}\none`), "opened");
      assert.equal(await putIssue(forge, "Drift", `${mark}\ntwo`), "updated");
      assert.equal(await settleIssue(forge, mark, "gone"), true);
      assert.equal(await settleIssue(forge, mark, "gone"), false);
    }
    assert.deepEqual(
      standIn.issues.map(({ body, state, notes }) => [body.split("\n")[1], state, notes]),
      [
        ["two", "closed", ["gone"]],
        ["two", "closed", ["gone"]],
      ],
    );
  });
});

describe("what is made is not made again blindly", () => {
  const answer = (status: number, headers = {}) => ({ status, headers: new Headers(headers) });
  it("by waiting only for what surely was not done", () => {
    assert.equal(waitBefore(answer(429), "POST", 1), 1000);
    assert.equal(waitBefore(answer(502), "POST", 1), undefined);
    assert.equal(waitBefore(undefined, "POST", 1), undefined);
    assert.equal(waitBefore(undefined, "GET", 2), 2000);
    assert.equal(waitBefore(answer(403), "GET", 1), undefined);
    assert.equal(waitBefore(answer(403, { "x-ratelimit-remaining": "0", "retry-after": "2" }), "GET", 1), 2000);
    assert.equal(waitBefore(answer(404), "GET", 1), undefined);
    assert.equal(waitBefore(answer(500), "GET", 4), undefined);
  });
});

describe("a job", () => {
  it("is of a merge request, or of a fork's, or of none", () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-job-"));
    const event = (name: string | null) => {
      writeFileSync(
        join(folder, "event"),
        JSON.stringify({
          pull_request: { number: 4, head: { sha: "abc", repo: name === null ? null : { full_name: name } } },
        }),
      );
      return readJob("github", {
        GITHUB_EVENT_PATH: join(folder, "event"),
        GITHUB_REPOSITORY: "a/b",
        GITHUB_RUN_ID: "9",
        GITHUB_SHA: "merge",
      });
    };
    try {
      assert.deepEqual(event("a/b"), {
        commit: "abc",
        request: "4",
        url: "https://github.com/a/b/actions/runs/9",
        artifact: "seapath-ci",
        fork: false,
      });
      assert.equal(event("c/b").fork, true);
      assert.equal(event(null).fork, true, "the fork was deleted");
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.equal(readJob("github", { GITHUB_SHA: "abc", GITHUB_REPOSITORY: "a/b" }).request, undefined);
    const merge = {
      CI_MERGE_REQUEST_IID: "3",
      CI_MERGE_REQUEST_PROJECT_ID: "7",
      CI_JOB_URL: "https://g/-/jobs/1",
      CI_COMMIT_SHA: "abc",
    };
    assert.equal(readJob("gitlab", { ...merge, CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "7" }).fork, false);
    assert.equal(readJob("gitlab", { ...merge, CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "8" }).fork, true);
    assert.equal(readJob("gitlab", { ...merge, CI_JOB_URL: "javascript:x" }).url, undefined);
  });
});
