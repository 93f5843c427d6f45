// examples/platform as it is: two stacks on one cluster, with their policies, as one would work with them in a terminal. It
// lies here because its policies look at each VM of the cluster, those of other tests too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { actionJob } from "../support/ci-jobs.ts";
import { imageMeta, on, qemu, traces } from "../support/cluster.ts";
import { previewInputs } from "../support/platform-ci.ts";
import { Project } from "../support/project.ts";
import { cibLines, served } from "../support/remote.ts";

const vms = ["stgprotection1", "stgprotection2", "stggateway", "stghmi", "stgrecorder"];
const guests = ["stggatewayinside", "stghmiinside"];
const services = ["stggatewayservice", "stghmiservice"];

const withPolicies = (stack: string) => [
  "--stack",
  stack,
  "--policy-pack",
  "policies",
  "--policy-pack-config",
  `policies/${stack}.json`,
];
const nodeOf = async (vm: string) => (await qemu(vm)).map((each) => each.split(":")[0]).join(" and ");
const running = () => Promise.all(vms.map(qemu));

describe("the example platform", function () {
  this.timeout(300_000);
  let project: Project;

  before(async () => {
    project = new Project("platform");
    await project.emptyStack("staging");
    await project.pulumi("stack", "select", "--create", "production");
  });
  after(async () => {
    const { exitCode, text } = await project.pulumi("destroy", "--yes", "--stack", "staging");
    assert.equal(exitCode, 0, text);
    for (const vm of vms) assert.deepEqual(await traces(vm), [], vm);
    for (const name of [...guests, ...services]) assert.deepEqual(await cibLines(name), [], name);
  });

  it("tells all that is wrong with a stack's file at once, before anything is planned", async () => {
    const back = project.edit(
      "Pulumi.staging.yaml",
      [/memory: 4,/, "memory: much,"],
      [/, address: 10.99.0.192/, ""],
      [/ {4}recorder/, "    recoder"],
    );
    const { exitCode, text } = await project.pulumi("preview", "--stack", "staging");
    back();
    assert.notEqual(exitCode, 0);
    assert.match(
      text,
      /Unable to use Pulumi\.staging\.yaml:\n.*platform:vms\.protection1\.memory must be a whole number above 0, and is "much"\n/,
    );
    assert.match(text, /- platform:vms\.hmi\.address is missing; it must be an IPv4 address\n/);
    assert.match(
      text,
      /- platform:vms\.recoder is not known; known are protection1, protection2, gateway, hmi, recorder\n/,
    );
  });

  it("comes up as its policies want it", async () => {
    const { exitCode, text } = await project.pulumi("up", "--yes", ...withPolicies("staging"));
    assert.equal(exitCode, 0, text);
    assert.doesNotMatch(text, /\[mandatory\]|not checked:/);
    assert.match(text, /placement-report[^]*stgprotection1 +– +node1 +node[23] /);

    assert.deepEqual(
      [await nodeOf("stgprotection1"), await nodeOf("stgprotection2"), await nodeOf("stgrecorder")],
      ["node1", "node2", "node3"],
    );
    assert.notEqual(await nodeOf("stggateway"), await nodeOf("stghmi"));
    assert.deepEqual(
      [await imageMeta("stghmi", "owner"), await imageMeta("stgprotection2", "redundancy")],
      ["scada", "stgprotection1"],
    );

    const status = await on("node1", "crm_mon", "-1");
    assert.match(status, /GuestOnline: \[ stggatewayinside stghmiinside \]/);
    for (const [index, service] of services.entries())
      assert.match(status, new RegExp(`${service}\\s.*Started ${guests[index]}`));
    assert.match((await served("10.99.0.191", 2404)) ?? "", /inside of the guest/);
    assert.match((await served("10.99.0.192")) ?? "", /inside of the guest/);

    const scores = await on("node1", "crm_simulate", "--live-check", "--show-scores");
    for (const vm of vms)
      for (const guest of guests) assert.match(scores, new RegExp(`${vm} allocation score on ${guest}: -INFINITY`));
  });

  it("has nothing to change then, also when the cluster is asked", async () => {
    const { exitCode, text } = await project.pulumi(
      "preview",
      "--refresh",
      "--expect-no-changes",
      ...withPolicies("staging"),
    );
    assert.equal(exitCode, 0, text);
    assert.match(text, /18 unchanged/);
  });

  it("has drifted when somebody changed a VM by hand", async () => {
    const set = (priority: string) => on("node1", "crm", "resource", "meta", "stghmi", "set", "priority", priority);
    await set("1");
    const { exitCode, text } = await project.pulumi(
      "preview",
      "--refresh",
      "--expect-no-changes",
      "--diff",
      "--stack",
      "staging",
    );
    await set("20");
    assert.notEqual(exitCode, 0);
    assert.match(text, /priority *: (20 => 1|1 => 20)\b/);
  });

  it("is refused when one node would have both of the pair, and then nothing was changed", async () => {
    const configuration = () => on("node1", "cibadmin", "--query", "--scope", "configuration");
    const before = [await running(), await configuration()];
    const pin = (name: string): [RegExp, string] => [
      new RegExp(`(${name}: .*)preferredHost: node\\d`),
      "$1pinnedHost: node1",
    ];
    const back = project.edit("Pulumi.staging.yaml", pin("protection1"), pin("protection2"), [
      'strictlyApart: "true"',
      'strictlyApart: "false"',
    ]);
    const { exitCode, text } = await project.pulumi("up", "--yes", ...withPolicies("staging"));
    back();
    assert.notEqual(exitCode, 0);
    assert.match(
      text,
      /\[mandatory\].*redundant-vms-apart[^]*At most 1 of the group "stgprotection1" may be on one node; after this change node1 has stgprotection/,
    );
    assert.deepEqual([await running(), await configuration()], before);
  });

  it("is refused when nobody answers for a VM", async () => {
    const back = project.edit("index.ts", [
      '"recorder", { image: "plain", owner: "protection"',
      '"recorder", { image: "plain", owner: "me"',
    ]);
    const { exitCode, text } = await project.pulumi("preview", ...withPolicies("staging"));
    back();
    assert.notEqual(exitCode, 0);
    assert.match(
      text,
      /\[mandatory\].*vm-owner[^]*VM "stgrecorder" must have an owner, one of protection, scada, and has me/,
    );
  });

  it("has a production that would run beside it, as the workflow says on a pull request, and counts what staging runs", async () => {
    const { script, env } = actionJob({ ...previewInputs("production"), out: "report", comment: "false" }, "no token");
    const { exitCode, text } = await project.run("bash", ["-eo", "pipefail", "-c", script], {
      ...env,
      SEAPATH_CI_FORGE: "none",
    });
    assert.equal(exitCode, 0, text);
    const report = readFileSync(join(project.folder, "report/report.md"), "utf8");
    assert.match(report, /^### SEAPATH preview of `platform\/production`: 18 to create$/m);
    assert.doesNotMatch(report, /refused|not checked:/i);
    for (const row of [
      /^\| stgprotection1 \| node1 \| node1 \|/m,
      /^\| prdprotection1 \| – \| node1 \|/m,
      /^\| prdrecorder \| – \| node3 \| node3 \| node3 \| lost \|/m,
    ])
      assert.match(report, row);
  });
});
