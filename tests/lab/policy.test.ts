// The policy pack through the real CLI, beside what its rules say: levels, remediations, what is not known, clusters that do
// not answer, several of them, and what else is on a cluster. What each rule says is in policy-rules.test.ts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLab } from "../../lab/index.ts";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { seapath } from "./support/cli.ts";
import { savedClusters } from "./support/clusters.ts";
import { on, traces } from "./support/cluster.ts";
import { policed, type Policed, type Run } from "./support/policies.ts";
import { TestStack } from "./support/stack.ts";
import { tick, TICK, tickXml } from "./support/vms.ts";

const stackName = "policies";
const TESTPACK = join(import.meta.dirname, "pack");

/** What a rule says of a run. */
const saidBy = ({ said }: Policed, rule: string) => said.filter((each) => each.rule === rule);
const messages = (found: Policed, rule: string) =>
  saidBy(found, rule)
    .map(({ message }) => message)
    .join("\n");

describe("the policy pack", function () {
  this.timeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), "seapath-policies-"));
  const saved = savedClusters(folder);
  let stack: TestStack;
  const run = (more: Omit<Run, "stack">) => policed({ stack: stackName, ...more });
  /** On a cluster on which others are at work, whose VMs the rules are about as well. */
  const advisory = (config: object = {}) => ({ all: "advisory", ...config });

  before(async () => {
    stack = await TestStack.make(stackName);
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await stack.destroy();
    await seapath("remove", "-n", "polother");
    for (const vm of ["polheal", "polgone", "polwatch", "polother"]) assert.deepEqual(await traces(vm), [], vm);
  });

  describe("has levels", () => {
    const environment = { SEAPATH_SAVED_CLUSTER: saved.calm };
    const vms = { pollevel: tick() };
    const levels = (found: Policed) =>
      ["vm-stickiness", "vm-stop-timeout"].map((rule) =>
        saidBy(found, rule)
          .map(({ level }) => level)
          .join(),
      );

    it("and one that refuses lets the run fail, before anything is made, in an up that has no preview as well", async () => {
      const config = { "vm-off-observer": { observers: ["node1"] } };
      for (const each of ["preview", "up"] as const) {
        const found = await run({ run: each, vms: { polwatch: tick({ pinnedHost: "node1" }) }, config });
        assert.notEqual(found.code, 0);
        assert.match(messages(found, "vm-off-observer"), /VM "polwatch" must not have `pinnedHost: "node1"`/);
      }
      assert.deepEqual(await traces("polwatch"), []);
    });

    it("of all rules by `all`, of one by its name, in the pack", async () => {
      const pack = JSON.stringify({ all: "mandatory", "vm-stop-timeout": "disabled" });
      const found = await run({ vms, pack: TESTPACK, environment: { ...environment, SEAPATH_TEST_PACK: pack } });
      assert.deepEqual([levels(found), found.code === 0], [["mandatory", ""], false]);
    });

    it("and in a file, which counts more than the pack", async () => {
      const pack = JSON.stringify({ all: "mandatory", "vm-stop-timeout": "disabled" });
      const config = {
        "vm-stickiness": "advisory",
        "vm-stop-timeout": { enforcementLevel: "advisory", minSeconds: 31 },
        "placement-report": "disabled",
      };
      const found = await run({
        vms,
        pack: TESTPACK,
        config,
        environment: { ...environment, SEAPATH_TEST_PACK: pack },
      });
      assert.deepEqual(
        [levels(found), found.code, saidBy(found, "placement-report")],
        [["advisory", "advisory"], 0, []],
        found.text,
      );
    });

    it("and refuses configuration that has another type, or that means nothing to a rule", async () => {
      const typed = await run({ vms, config: { "vm-off-observer": { observers: "node3" } }, environment });
      assert.notEqual(typed.code, 0);
      assert.match(typed.text, /observers: Invalid type\. Expected: array, given: string/);
      const strange = await run({ vms, config: { "vm-off-observer": { observer: "node3" } }, environment });
      assert.notEqual(strange.code, 0);
      assert.match(
        messages(strange, "vm-off-observer"),
        /configuration of vm-off-observer must not have "observer".*it has observers/,
      );
    });
  });

  it("puts right what it can, so that the cluster gets it, and the next preview finds nothing to do", async () => {
    const config = advisory({
      "vm-stickiness": { enforcementLevel: "remediate", min: 7 },
      "vm-stop-timeout": "remediate",
    });
    const vms = {
      polheal: tick({ pacemaker: { meta: { "migration-threshold": "3" } }, metadata: { key: "$secret:polhidden" } }),
    };
    const made = await run({ run: "up", vms, config });
    assert.equal(made.code, 0, made.text);
    for (const rule of ["vm-stickiness", "vm-stop-timeout"])
      assert.deepEqual(
        saidBy(made, rule).filter(({ message }) => message.includes("polheal")),
        [],
      );
    const primitive = await on("node1", "crm", "configure", "show", "polheal");
    for (const wanted of [/resource-stickiness=7/, /migration-threshold=3/, /op stop [^\\]*timeout=90s?/])
      assert.match(primitive, wanted);
    // The state is exported with its secrets, which says of each that it is one.
    assert.doesNotMatch(await stack.state(), /(?<!\$secret:|"plaintext":"\\")polhidden/);
    const again = await run({ vms, config });
    assert.match(again.text, /Resources:\s+2 unchanged/, again.text);
  });

  it("says what it did not check for a value that is not known yet, and stays mandatory for all else", async () => {
    const vms = {
      polsource: tick(),
      polunknown: tick({ pinnedHost: "$ref:polsource.node" }),
      polwatch: tick({ $unchecked: true, name: "polwatch", pinnedHost: "node3" }),
    };
    const environment = { SEAPATH_SAVED_CLUSTER: saved.calm };
    const found = await run({ vms, environment });
    assert.notEqual(found.code, 0);
    assert.match(messages(found, "vm-off-observer"), /VM "polwatch" must not have/);
    assert.deepEqual(
      saidBy(found, "vm-off-observer").map(({ level }) => level),
      ["mandatory"],
    );
    assert.match(
      messages(found, "placement-report"),
      /not checked: .*vm-off-observer.* for VM "polunknown": `pinnedHost` is not known before other resources are made/,
    );
    assert.doesNotMatch(found.text, /can't run policy/);
    const failing = await run({
      vms: { polsource: tick(), polunknown: vms.polunknown },
      environment,
      config: { "vm-host-exists": { onUnknown: "fail" } },
    });
    assert.notEqual(failing.code, 0);
    assert.match(
      messages(failing, "vm-host-exists"),
      /VM "polunknown" must be known to vm-host-exists before an up: `pinnedHost`/,
    );
  });

  describe("asks a cluster that does not answer", () => {
    const gone = { SEAPATH_HOSTS: "10.99.0.98", SEAPATH_CONNECT_TIMEOUT: "1" };
    const vms = { polfar: tick({ preferredHost: "node1" }) };
    const rules = [
      "vm-host-exists",
      "vm-off-observer",
      "colocation-effective",
      "colocation-pins-agree",
      "separation-fits-hosts",
      "separation-contradiction",
      "redundant-vms-apart",
      "redundant-vms-not-at-once",
      "guest-node-closed",
      "cluster-config-valid",
      "cluster-odd-machines",
      "plan-places-all",
      "plan-leaves-others",
      "survives-node-failure",
      "memory-after-failure",
      "failback-quiet",
      "placement-report",
    ];
    const each = (onUnreachable: string) => Object.fromEntries(rules.map((rule) => [rule, { onUnreachable }]));

    it("and lets no mandatory rule of it pass", async () => {
      const found = await run({ vms, environment: gone });
      assert.notEqual(found.code, 0);
      for (const rule of ["vm-host-exists", "plan-places-all", "survives-node-failure", "memory-after-failure"]) {
        assert.match(
          messages(found, rule),
          /Not checked, and nothing may pass unchecked: the cluster does not answer: .*10\.99\.0\.98/,
          rule,
        );
      }
      assert.match(
        messages(found, "placement-report"),
        /not checked: .*failback-quiet.* for the cluster: the cluster does not answer/,
      );
    });

    it("and warns, or says it in the report alone, where the configuration has it", async () => {
      for (const [word, aloud] of [
        ["warn", true],
        ["skip", false],
      ] as const) {
        const found = await run({ vms, environment: gone, config: each(word) });
        assert.equal(found.code, 0, found.text);
        const report = messages(found, "placement-report");
        for (const rule of rules)
          assert.match(report, new RegExp(`not checked: .*\\b${rule}\\b.*does not answer: .*10\\.99\\.0\\.98`), rule);
        assert.equal(/^ *not checked for the cluster: /m.test(found.text), aloud, found.text);
      }
    });

    it("but for one that was saved", async () => {
      const found = await run({ vms, environment: { ...gone, SEAPATH_SAVED_CLUSTER: saved.calm } });
      assert.equal(found.code, 0, found.text);
      assert.match(messages(found, "placement-report"), /^polfar +– +node1 +node2 +node1/m);
    });
  });

  describe("knows what else is on the cluster", () => {
    it("a VM that the program no longer has is removed, and is not somebody else's", async () => {
      await stack.up({ polkept: tick(), polgone: tick({ pinnedHost: "node1" }) });
      const found = await run({ vms: { polkept: tick() }, config: advisory() });
      assert.match(
        messages(found, "placement-report"),
        /^polgone +node1 +– .*is deleted/m,
        messages(found, "placement-report"),
      );
      assert.doesNotMatch(
        ["survives-node-failure", "plan-leaves-others", "plan-places-all"].map((rule) => messages(found, rule)).join(),
        /"polgone"/,
      );
      const there = await run({ vms: { polkept: tick(), polgone: tick({ pinnedHost: "node1" }) }, config: advisory() });
      assert.match(messages(there, "survives-node-failure"), /VM "polgone" must outlive the failure of node1/);
      await stack.up({});
    });

    it("VMs of others count as the cluster has them", async () => {
      const xml = join(folder, "other.xml");
      writeFileSync(xml, tickXml());
      const made = await seapath(
        "create",
        "--image",
        `node:${TICK}`,
        "--xml",
        xml,
        "--pinned-host",
        "node2",
        "-n",
        "polother",
      );
      assert.equal(made.code, 0, made.stderr);
      const config = advisory({
        "vm-off-observer": { observers: ["node1"] },
        "redundant-vms-apart": { groups: [{ name: "pair", vms: ["polmine", "polother"] }] },
      });
      const vms = {
        polmine: tick({ preferredHost: "node2" }),
        polpair: { $kind: "Colocation", vm: "$ref:polmine.name", with: ["polother"], strong: true },
      };
      const found = await run({ vms, config });
      const words =
        /VM "polother" must outlive the failure of node2; without node2 it runs nowhere: it is pinned to node2/;
      assert.doesNotMatch(messages(found, "survives-node-failure"), words);
      const report = messages(found, "placement-report");
      assert.match(report.slice(report.indexOf("Wrong before this change, and not of this stack:")), words);
      const strict = await run({
        vms,
        config: { ...config, "survives-node-failure": { enforcementLevel: "advisory", others: "fail" } },
      });
      assert.match(messages(strict, "survives-node-failure"), words);
      assert.match(
        messages(found, "redundant-vms-apart"),
        /At most 1 of the group "pair" may be on one node; after this change node2 has polmine, polother/,
      );
      assert.match(messages(found, "vm-off-observer"), /VM "polmine" must be kept off node1/);
      assert.deepEqual(saidBy(found, "colocation-effective"), []);
    });
  });

  describe("has several clusters", () => {
    const at = ["--stack", stackName, "--cwd", join(import.meta.dirname, "program")];
    const config = (...words: string[]) =>
      execFileSync("pulumi", ["config", ...words, ...at], { env: pulumiEnvironment(), stdio: "pipe" });
    const set = (path: string, value: string) => config("set", "--path", `seapath:${path}`, value);
    after(() => void config("rm", "seapath:clusters"));

    it("and asks each about its own", async () => {
      set("clusters.north.hosts", String(readLab().nodes[0]?.address));
      set("clusters.south.hosts", "10.99.0.98");
      set("clusters.south.connectTimeout", "1");
      const vms = {
        polnorth: tick({ cluster: "north", pinnedHost: "node2" }),
        polsouth: tick({ cluster: "south", pinnedHost: "node2" }),
      };
      const found = await run({ vms, environment: { SEAPATH_HOSTS: "" }, config: advisory() });
      assert.match(messages(found, "survives-node-failure"), /VM "polnorth" must outlive the failure of node2/);
      assert.match(
        messages(found, "survives-node-failure"),
        /Not checked, and nothing may pass unchecked: cluster "south" does not answer/,
      );
      const report = messages(found, "placement-report");
      assert.match(report, /Where VMs will run on cluster "north":.*^polnorth +– +node2/ms);
      assert.doesNotMatch(report, /^polsouth/m);
      assert.match(report, /not checked: .*placement-report.* for cluster "south"/);
    });
  });

  describe("is not needed for what an up finds too late: the provider refuses what would stop VMs", () => {
    const colocation = (vm: string, other: string[], more: object = {}) => ({
      $kind: "Colocation",
      vm: `$ref:${vm}.name`,
      with: other.map((each) => `$ref:${each}.name`),
      strong: true,
      ...more,
    });
    const vms = {
      polup1: tick({ pinnedHost: "node1" }),
      polup2: tick({ pinnedHost: "node2" }),
      polup3: tick(),
      polup4: tick(),
    };
    const apart = colocation("polup3", ["polup4"], { apart: true });
    const cases: [string, Record<string, object>, RegExp][] = [
      [
        "a colocation that the pins do not allow",
        { polwith: colocation("polup1", ["polup2"]) },
        /"polup1" is pinned to node1 and "polup2" to node2/,
      ],
      [
        "more VMs apart than there are hosts",
        { polapart: colocation("polup1", ["polup2", "polup3", "polup4"], { apart: true }) },
        /4 VMs cannot each have a node of their own/,
      ],
      [
        "two colocations of one program that contradict each other",
        { polapart: apart, polwith: { ...colocation("polup3", ["polup4"]), $after: ["polapart"] } },
        /"polup3" and "polup4" cannot be kept together.*keeps them apart/,
      ],
      [
        "a pin that a colocation of the same program does not allow",
        { polfifth: tick({ pinnedHost: "node3" }), polmore: colocation("polfifth", ["polup1"]) },
        /"polfifth" .*pinned to node3/,
      ],
    ];
    before(async () => {
      await stack.up(vms);
    });

    for (const [what, more, words] of cases) {
      it(what, async () => {
        const text = await stack.failing("up", { ...vms, ...more });
        assert.match(text, words);
        assert.match(text, /has a problem/);
        const status = await on("node1", "crm", "status");
        for (const vm of Object.keys(vms)) assert.match(status, new RegExp(`${vm}\\s.*Started`));
        const made = await on("node1", "cibadmin", "--query", "--scope", "constraints");
        assert.doesNotMatch(made, /<rsc_colocation [^>]*score="INFINITY"[^>]*>(?:(?!<\/rsc_colocation>).)*polup/s);
      });
    }
  });
});
