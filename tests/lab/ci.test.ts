// Previews and drift in CI, from the templates' own shell steps to what the forge has in the end.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { actionJob, gitlabJob, type Job } from "./support/ci-jobs.ts";
import { seapath, type Ended } from "./support/cli.ts";
import { on, traces } from "./support/cluster.ts";
import { StandIn, TOKENS } from "./support/forge.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const STACK = "ciprev";
const PROGRAM = join(import.meta.dirname, "program");
const PACK = join(import.meta.dirname, "policy-pack");
/** In the lab's network, and nobody has it. */
const NOBODY = { SEAPATH_HOSTS: "10.99.0.98", SEAPATH_CONNECT_TIMEOUT: "2" };
const SECRET = "hunter2-in-the-metadata";
const HEAD = "0123456789abcdef0123456789abcdef01234567";
const MARK = `<!-- seapath-preview: labtest/${STACK} -->`;

describe("previews in CI", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "seapath-ci-"));
  const out = join(folder, "out");
  const base: Vms = { ciold: tick({ preferredHost: "node1", metadata: { token: `$secret:${SECRET}` } }) };
  const planned: Vms = {
    ciold: tick({ preferredHost: "node1", priority: 3, metadata: { token: `$secret:${SECRET}3` } }),
    cinew: tick({ pinnedHost: "node2" }),
  };
  let forge: StandIn;
  let stack: TestStack;
  /** All that was printed or written in all of the runs. */
  let printed = "";

  before(async () => {
    forge = await StandIn.start();
    stack = await TestStack.make(STACK);
    await stack.up(base);
    // Ours is not on the first page, and not the one that somebody else wrote with our mark.
    forge.write("mallory", `${MARK}\nAll is well.`);
    for (let number = 0; number < 120; number++) forge.write("alice", `comment ${number}`);
    writeFileSync(
      join(folder, "event.json"),
      JSON.stringify({ pull_request: { number: 12, head: { sha: HEAD, repo: { full_name: "grid/platform" } } } }),
    );
    for (const file of ["output", "summary"]) writeFileSync(join(folder, file), "");
  });
  after(async () => {
    await stack.destroy();
    for (const vm of ["ciold", "cinew"]) assert.deepEqual(await traces(vm), []);
    await forge.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    assert.deepEqual(forge.unexpected, []);
    for (const entry of readdirSync(out, { withFileTypes: true, recursive: true })) {
      if (entry.isFile()) printed += readFileSync(join(entry.parentPath, entry.name), "utf8");
    }
  });

  /** Runs a job's script by bash as the forges do. */
  async function bash({ script, env }: Job, more: Record<string, string> = {}): Promise<Ended> {
    const own = Object.fromEntries(
      Object.entries(pulumiEnvironment()).filter(([name]) => !/^(CI|GITHUB|GITLAB)/.test(name)),
    );
    const ended = await new Promise<Ended>((resolve) => {
      const options = { cwd: folder, env: { ...own, ...env, ...more } };
      execFile("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
      });
    });
    printed += ended.stdout + ended.stderr;
    return ended;
  }

  const github = (inputs: Record<string, string>, more: Record<string, string> = {}) =>
    bash(actionJob({ stack: STACK, cwd: PROGRAM, out, ...inputs }, TOKENS.githubJob), {
      GITHUB_ACTIONS: "true",
      GITHUB_API_URL: `${forge.url}/github`,
      GITHUB_REPOSITORY: "grid/platform",
      GITHUB_RUN_ID: "77",
      GITHUB_SHA: "merged",
      GITHUB_SERVER_URL: "https://github.example",
      GITHUB_EVENT_PATH: join(folder, "event.json"),
      GITHUB_OUTPUT: join(folder, "output"),
      GITHUB_STEP_SUMMARY: join(folder, "summary"),
      ...more,
    });
  const gitlab = (job: string, more: Record<string, string> = {}) =>
    bash(gitlabJob(job, { SEAPATH_CI_STACK: STACK, SEAPATH_CI_CWD: PROGRAM, SEAPATH_CI_OUT: out }), {
      GITLAB_CI: "true",
      GITLAB_TOKEN: TOKENS.gitlab,
      CI_API_V4_URL: `${forge.url}/gitlab`,
      CI_PROJECT_ID: "7",
      CI_COMMIT_SHA: HEAD,
      CI_JOB_URL: "https://gitlab.example/grid/platform/-/jobs/5",
      ...more,
    });
  const inRequest = {
    CI_MERGE_REQUEST_IID: "3",
    CI_MERGE_REQUEST_PROJECT_ID: "7",
    CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "7",
  };
  const config = (...words: string[]) =>
    execFileSync("pulumi", ["config", ...words, "--stack", STACK], {
      cwd: PROGRAM,
      env: pulumiEnvironment(),
      stdio: "pipe",
    });
  const ours = () => forge.comments.filter(({ author, body }) => /bot/.test(author) && body.startsWith(MARK));
  const comment = () => ours()[0]?.body ?? "";
  /** The step's outputs, the last of each. */
  const outputs = () =>
    Object.fromEntries(
      [...readFileSync(join(folder, "output"), "utf8").matchAll(/^(\w+)<<(\S+)\n(.*)\n\2$/gm)].map(
        ([, name, , value]) => [name, value],
      ),
    );

  it("are a comment with what changes, where VMs will run, and the picture", async () => {
    await stack.configure(planned);
    const { code, stdout, stderr } = await github({ "policy-pack": PACK });
    assert.equal(code, 0, stdout + stderr);
    assert.equal(ours().length, 1);
    const text = comment();
    for (const part of [
      /^### SEAPATH preview of `labtest\/ciprev`: 1 to create, 1 to update$/m,
      /^\| update \| `ciold` \| Vm \| `metadata\.token`: `\[secret\]` → `\[secret\]`<br>`priority`: `0` → `3` \|$/m,
      /^\| create \| `cinew` \| Vm \| memory `4 MiB`, .*image `\/[^`]+`, .*pinned to `node2`, will run on `node2` \|$/m,
      /^\| cinew \| – \| node2 \| .* \| lost \| .*is started \|$/m,
      /```mermaid\nflowchart LR\n[^`]*\bcinew, new\b[^`]*```/,
      /planned on configuration `\d+\.\d+` · commit `0123456789ab` · \[the job\]\(https:\/\/github\.example\/grid\/platform\/actions\/runs\/77\)/,
      /<summary>Advice of policies \(1\)<\/summary>\n\n- `vm-report`: Says which VMs there are\.\n/,
    ])
      assert.match(text, part);
    assert.deepEqual(
      [outputs()["changed"], outputs()["refused"], outputs()["unreachable"], outputs()["code"]],
      ["true", "false", "false", "2"],
    );
    assert.match(outputs()["planned"] ?? "", /^\d+\.\d+:[0-9a-f]+$/);
    assert.equal(readFileSync(join(out, "planned.env"), "utf8"), `SEAPATH_PLANNED=${outputs()["planned"]}\n`);
    assert.equal(outputs()["summary"], join(out, "report.md"));
    assert.match(readFileSync(join(folder, "summary"), "utf8"), /^### SEAPATH preview of/m);
    assert.match(
      readFileSync(join(out, "plan.svg"), "utf8"),
      /^<svg [^]*<text class="made"[^>]*>of the cluster&#39;s configuration \d+\.\d+, made \d{4}-\d\d-\d\d \d\d:\d\d UTC</,
    );
    assert.ok(
      text.includes(`SEAPATH_PLANNED=${outputs()["planned"]} pulumi up`),
      "it is plain text, and can be copied",
    );
    assert.deepEqual(await traces("cinew"), [], "nothing was changed");
  });

  it("update that comment, and are refused by a mandatory policy", async () => {
    await stack.configure({ ...planned, cinew: tick({ metadata: { owner: "forbidden" } }) });
    const id = ours()[0]?.id;
    const { code, stdout, stderr } = await github({ "policy-pack": PACK });
    assert.equal(code, 3, stdout + stderr);
    assert.deepEqual(
      ours().map((each) => each.id),
      [id],
    );
    assert.match(comment(), /1 to create, 1 to update, refused$/m);
    assert.match(
      comment(),
      /^- `vm-not-forbidden` \(high\): No VM is forbidden\.\n {2}- `cinew`: The owner &lt;b&gt;must&lt;\/b&gt; not be "forbidden", @\u200beveryone<br>\\\/close$/m,
    );
    assert.equal(outputs()["refused"], "true");
    assert.match(comment(), /^\| cinew \|/m, "where it would run is shown all the same");
    assert.equal(
      forge.comments[0]?.body,
      `${MARK}\nAll is well.`,
      "what somebody else wrote with our mark is not touched",
    );
  });

  it("say so when a check refuses an input, without its value, which may be secret", async () => {
    await stack.configure({ ciold: tick({ priority: `$secret:${SECRET}4` }) });
    const { code } = await github({ "fail-on": "refused,changed" });
    assert.equal(code, 3);
    assert.match(comment(), /^- ciold: priority must be a whole number$/m);
    assert.match(comment(), /Not simulated/);
  });

  it("are 0 when nothing changes, and the comment says it", async () => {
    await stack.configure(base);
    const { code, stdout, stderr } = await github({ "fail-on": "refused,changed,unreachable" });
    assert.equal(code, 0, stdout + stderr);
    assert.match(comment(), /^### SEAPATH preview of `labtest\/ciprev`: nothing changes$/m);
    assert.equal(outputs()["changed"], "false");
  });

  it("are 4 when the cluster cannot be reached, and the comment says what was not checked", async () => {
    await stack.configure(planned);
    const { code } = await github({ "fail-on": "refused,unreachable" }, NOBODY);
    assert.equal(code, 4);
    assert.match(comment(), /^### SEAPATH preview of `labtest\/ciprev`: 1 to create, 1 to update, not checked$/m);
    assert.match(
      comment(),
      /^- \*\*Not checked\*\*: where VMs will run, as no node could be reached\. Unable to log in to 10\.99\.0\.98/m,
    );
    assert.match(comment(), /^- \*\*Not checked\*\*: VM "cinew": its hosts, name and image were not checked/m);
    assert.equal(ours().length, 1);
    assert.equal(outputs()["unreachable"], "true");
  });

  it("take saved clusters where none can be reached, and no comment comes from a fork", async () => {
    await stack.configure({ ...planned, cinew: tick({ pinnedHost: "node2", cluster: "north" }) });
    const saved = join(folder, "cluster.json");
    assert.equal((await seapath("plan", "--no-preview", "--save", saved)).code, 0);
    const fork = join(folder, "fork.json");
    writeFileSync(
      fork,
      JSON.stringify({ pull_request: { number: 12, head: { sha: HEAD, repo: { full_name: "mallory/platform" } } } }),
    );
    const before = forge.asked.length;
    config("set", "--path", "seapath:clusters.north.hosts", NOBODY.SEAPATH_HOSTS);
    const { code, stdout } = await github({ cib: `north=${saved}\n${saved}` }, { ...NOBODY, GITHUB_EVENT_PATH: fork });
    config("rm", "seapath:clusters");
    assert.equal(code, 0, stdout);
    assert.equal(outputs()["code"], "4");
    assert.match(stdout, /comes from a fork, whose jobs may not write here/);
    assert.equal(forge.asked.length, before);
    const report = readFileSync(join(out, "report.md"), "utf8");
    assert.match(
      report,
      /^- Where VMs will run was simulated on a cluster that was written down earlier on `north`, not on the one of now\.$/m,
    );
    // Clusters by name, the one without a name last.
    const [, north = "", own = ""] = report.split(/^#### Where VMs will run/m);
    assert.match(north, /^ on `north`\n[^]*^\| cinew \| – \| node2 \|/m);
    assert.match(own, /^\n[^]*^\| ciold \| node1 \| node1 \|/m);
  });

  it("are a note with the uploaded picture on GitLab, which asks to wait now and then", async () => {
    forge.comments.length = 0;
    await stack.configure(planned);
    forge.next.push({ status: 429, headers: { "retry-after": "0" } }, { status: 502 });
    const first = await gitlab(".seapath-preview", inRequest);
    assert.equal(first.code, 2, first.stdout + first.stderr);
    assert.match(comment(), /!\[plan\]\(\/uploads\/0{31}1\/plan\.svg\)/);
    const again = await gitlab(".seapath-preview", inRequest);
    assert.equal(again.code, 2, again.stdout + again.stderr);
    assert.equal(ours().length, 1);
    // Others are at work on the lab: where their VMs are is in the picture too.
    const pictures = new Set(
      forge.uploads.map((upload) => /<svg .*<\/svg>/s.exec(upload)?.[0].replace(/<text class="made".*/, "")),
    );
    assert.equal(forge.uploads.length, pictures.size, "the same picture is not uploaded again");
    assert.match(comment(), new RegExp(`!\\[plan\\]\\(/uploads/0{31}${pictures.size}/plan\\.svg\\)`));
  });

  it("end with 1 when the forge cannot be told, and have the report in the log", async () => {
    const wrong = "glpat-nobody-has-this";
    const { code, stdout, stderr } = await gitlab(".seapath-preview", { ...inRequest, GITLAB_TOKEN: wrong });
    assert.equal(code, 1);
    assert.match(stderr, /Unable to tell gitlab of it: GET .*: HTTP 401: Bad credentials/);
    assert.match(stdout, /^### SEAPATH preview of `labtest\/ciprev`: 1 to create, 1 to update$/m);
    assert.doesNotMatch(stdout + stderr, new RegExp(wrong));
  });

  it("find drift, keep one issue of it, and close it when it is gone", async () => {
    const priority = (value: string) =>
      on(
        "node1",
        "crm_resource",
        "--resource",
        "ciold",
        "--meta",
        "--set-parameter",
        "priority",
        "--parameter-value",
        value,
      );
    await priority("7");
    for (const was of ["opened", "updated"]) {
      const { code, stdout, stderr } = await gitlab(".seapath-drift");
      assert.equal(code, 2, stdout + stderr);
      assert.match(stdout, new RegExp(`The issue was ${was}\\.`));
    }
    assert.deepEqual(
      forge.issues.map(({ title, state }) => [title, state]),
      [[`Drift of labtest/${STACK}`, "open"]],
    );
    assert.match(forge.issues[0]?.body ?? "", /^\| `ciold` \| Vm \| `priority` \| `0` \| `7` \|$/m);
    // What is not asked says nothing of the issue.
    const blind = await gitlab(".seapath-drift", NOBODY);
    assert.equal(blind.code, 4, blind.stdout + blind.stderr);
    assert.equal(forge.issues[0]?.state, "open");
    await priority("0");
    const { code, stdout, stderr } = await gitlab(".seapath-drift");
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(
      forge.issues.map(({ state }) => state),
      ["closed"],
    );
    assert.match(forge.issues[0]?.notes?.[0] ?? "", /^The cluster is as the state of `labtest\/ciprev` has it again\./);
  });

  it("find what is gone from the cluster, on GitHub", async () => {
    forge.issues.length = 0;
    await seapath("remove", "-n", "ciold");
    const { code, stdout, stderr } = await github(
      { command: "drift", "fail-on": "changed" },
      { GITHUB_EVENT_PATH: "" },
    );
    assert.equal(code, 2, stdout + stderr);
    assert.match(forge.issues[0]?.body ?? "", /^\| `ciold` \| Vm \|  \|  \| \*\*it is gone from the cluster\*\* \|$/m);
  });

  it("have shown no secret anywhere", () => {
    const all = [
      printed,
      ...forge.comments.map(({ body }) => body),
      readFileSync(join(folder, "summary"), "utf8"),
    ].join("\n");
    for (const secret of [SECRET, ...Object.values(TOKENS), pulumiEnvironment()["PULUMI_CONFIG_PASSPHRASE"] ?? "?"])
      assert.ok(!all.includes(secret), secret);
    assert.match(printed, /Previewing labtest\/ciprev/);
  });
});
