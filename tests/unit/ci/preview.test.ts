// What is read of Pulumi's output, and what comes of it.
import assert from "node:assert/strict";
import { readDrift, renderDrift } from "../../../ci/lib/drift.mjs";
import { clusterEnvironment, clustersOf, readPlan } from "../../../ci/lib/plan.mjs";
import { countOf, readChanged, readPreview } from "../../../ci/lib/preview.mjs";
import { changesOf, keysOf } from "../../../ci/lib/properties.mjs";
import { kindOf, nameOf, readEvents, readPrinted } from "../../../ci/lib/pulumi.mjs";

const URN = "urn:pulumi:prod::grid::pulumi-nodejs:dynamic/seapath:";
const state = (inputs: Record<string, unknown>, outputs = inputs) => ({
  type: "pulumi-nodejs:dynamic/seapath:Vm",
  inputs,
  outputs,
});
const step = (op: string, name: string, more: object = {}) => ({ op, urn: `${URN}${name}`, ...more });
const ran = (more: object) => ({
  ok: false,
  json: "",
  stderr: "",
  steps: [],
  diagnostics: [],
  violations: [],
  ...more,
});
const plainly = (text: string) => text;
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

describe("a preview in CI", () => {
  it("names each resource once, with what is lost", () => {
    const found = readChanged(
      [
        step("delete-replaced", "Disk::data"),
        step("delete-replaced", "Vm::web"),
        step("replace", "Vm::web"),
        step("create-replacement", "Vm::web"),
        step("delete", "Vm::kept", { oldState: { ...state({}), retainOnDelete: true } }),
        step("same", "Vm::still"),
        step("create", "Rollback::back"),
        step("update", "Vm::more"),
      ],
      plainly,
    );
    assert.deepEqual(
      found.map(({ verb, name, kind }) => `${verb} ${kind} ${name}`),
      ["replace Vm web", "delete Disk data", "delete Vm kept", "update Vm more", "create Rollback back"],
      "a disk that goes with a VM made anew, and is not made again, is deleted",
    );
    assert.deepEqual(
      found.filter(({ loses }) => loses !== undefined).map(({ name }) => name),
      ["web", "data", "back"],
    );
    assert.equal(countOf(found), "1 to create, 1 to update, 1 to replace, 2 to delete");
    assert.deepEqual(
      [
        kindOf(`${URN}Vm::a`),
        kindOf("urn:pulumi:p::g::my:Group$pulumi-nodejs:dynamic/seapath:Disk::b"),
        nameOf(`${URN}Vm::a`),
      ],
      ["Vm", "Disk", "a"],
    );
  });

  it("has properties as they were and will be, and no secret, and no stub", () => {
    const found = changesOf(
      step("update", "Vm::web", {
        oldState: state({
          __provider: "long",
          priority: 1,
          metadata: { token: "[secret]", "a.b": "old" },
          domain: { interfaces: [{ mac: "x" }] },
        }),
        newState: state({
          __provider: "longer",
          priority: 2,
          metadata: { token: "[secret]", "a.b": UNKNOWN },
          domain: { interfaces: [] },
          preferredHost: "node1",
        }),
        detailedDiff: {
          __provider: { kind: "update", inputDiff: true },
          __resource: { kind: "add", inputDiff: true },
          priority: { kind: "update", inputDiff: true },
          "metadata.token": { kind: "update", inputDiff: true },
          'metadata["a.b"]': { kind: "update-replace", inputDiff: true },
          "domain.interfaces[0]": { kind: "delete", inputDiff: true },
          preferredHost: { kind: "add", inputDiff: true },
        },
      }),
      plainly,
    );
    assert.deepEqual(Object.fromEntries(found.map(({ path, was, is, replaces }) => [path, [was, is, replaces]])), {
      "domain.interfaces[0]": ['{"mac":"x"}', undefined, false],
      'metadata["a.b"]': ["old", "known only in the up", true],
      "metadata.token": ["[secret]", "[secret]", false],
      preferredHost: [undefined, "node1", false],
      priority: ["1", "2", false],
      "the provider's version": [undefined, undefined, false],
    });
    assert.deepEqual(keysOf('a.b[0]["c.d"].e'), ["a", "b", "0", "c.d", "e"]);
  });

  it("says of what is made what it is, and never a secret", () => {
    const made = (type: string, inputs: Record<string, unknown>, op = "create") =>
      readChanged([step(op, `${type}::x`, { newState: state({ name: "x", ...inputs }) })], (text) =>
        text.replaceAll("hunter2", "[secret]"),
      )[0]?.made;
    const said = (type: string, inputs: Record<string, unknown>) =>
      made(type, inputs)
        ?.facts.map(({ word, value, after }) => [word, value, after].filter((each) => each !== undefined).join(" "))
        .join(", ");
    const source = { nodePath: "/images/a.qcow2" };
    assert.equal(
      said("Vm", {
        source,
        domain: { memory: 2048, vcpus: 2 },
        systemDisk: { size: "20GiB" },
        pinnedHost: "node1",
        metadata: { token: "deep" },
      }),
      "memory 2 GiB, vCPUs 2, image /images/a.qcow2, system disk 20GiB, pinned to node1",
    );
    assert.equal(
      said("Vm", { source: { path: "./hunter2.raw" }, domain: { memory: 96 }, preferredHost: "node2" }),
      "memory 96 MiB, image ./[secret].raw of the job's machine, prefers node2",
    );
    assert.equal(
      said("Vm", { source: { vm: "gold" }, domain: "[secret]" }),
      "memory [secret], vCPUs [secret], clone of gold",
    );
    assert.equal(
      said("Vm", { adopt: true, domain: { memory: UNKNOWN } }),
      "memory known only in the up, adopted as it is there",
    );
    const xml = (memory: string) =>
      `<domain><memoryBacking/><currentMemory>1</currentMemory>${memory}<vcpu placement='static'>4</vcpu></domain>`;
    for (const [memory, is] of [
      ["<memory unit='GiB'>3</memory>", "3 GiB"],
      ["<memory>524288</memory>", "512 MiB"],
      ['<memory dumpCore="on" unit="KiB">1048576</memory>', "1 GiB"],
    ] as const) {
      assert.equal(
        said("Vm", { source, xml: xml(memory) }),
        `memory ${is}, vCPUs 4, domain as XML, image /images/a.qcow2`,
      );
    }
    assert.equal(
      said("Vm", { source, xml: xml("<memory unit='acres'>3</memory>") }),
      "vCPUs 4, domain as XML, image /images/a.qcow2",
    );
    assert.equal(said("Vm", { source, xml: "[secret]" }), "domain as XML, image /images/a.qcow2");
    assert.equal(
      said("Disk", { vm: "web", size: "5GiB", source: { image: "gold" } }),
      "of web, size 5GiB, copy of gold",
    );
    assert.equal(said("Colocation", { vm: "a", with: ["b", "c"], apart: true }), "keeps apart a, and b, c");
    assert.equal(said("Metadata", { vm: "web", metadata: { a: "b" } }), "of web");
    assert.deepEqual(
      [made("RemoteKey", {}), made("Vm", {}, "update")],
      [undefined, undefined],
      "of what nothing is known, and of what was there, nothing is said",
    );
    assert.deepEqual(
      [
        made("Vm", { cluster: "north" })?.vm,
        made("Vm", { cluster: "north" })?.cluster,
        made("Disk", { vm: "web" })?.vm,
      ],
      ["x", "north", undefined],
    );
  });

  it("tells a refused input from what failed, without the value", () => {
    const error = (message: string) => ({ severity: "error", message });
    const found = readPreview(
      ran({
        diagnostics: [
          error(
            "error: pulumi-nodejs:dynamic/seapath:Vm resource 'web': property priority value {&{{hunter2}}} has a problem: must be a whole number\n",
          ),
          error(
            "error: pulumi-nodejs:dynamic/seapath:Vm resource 'web' has a problem: property domain.interfaces[0].mac: must be a MAC address: aa:bb\n",
          ),
          error(
            "error: pulumi-nodejs:dynamic/seapath:Vm resource 'web' has a problem: The setting seapath:port has the port \"x\"\n",
          ),
          error("error: preview failed\n"),
          {
            severity: "info",
            message: 'VM "web": its hosts, name and image were not checked: Unable to log in to 10.0.0.1\n\n',
          },
          {
            severity: "info",
            message:
              "The inputs of this snapshot (web) were not checked: Unable to reach 10.0.0.1: the message of another resource says why\n\n",
          },
          { severity: "info", message: 'VM "web": goes to node2\n\n' },
        ],
      }),
      plainly,
    );
    assert.deepEqual(found.invalid, [
      "web: priority must be a whole number",
      "web: domain.interfaces[0].mac must be a MAC address: aa:bb",
    ]);
    assert.deepEqual(
      [found.errors, found.notChecked.length, found.unreachable, found.remarks],
      [
        ["pulumi-nodejs:dynamic/seapath:Vm resource 'web' has a problem: The setting seapath:port has the port \"x\""],
        2,
        true,
        ['VM "web": goes to node2'],
      ],
    );
    assert.deepEqual(
      readPreview(
        ran({
          diagnostics: [
            error("error: Running program failed\nError: no\n    at x (y)\n\u001b[90m    at z\u001b[39m\n"),
          ],
        }),
        plainly,
      ).errors,
      ["Running program failed\nError: no"],
    );
    assert.deepEqual(readPreview(ran({ stderr: "the pack broke\n" }), plainly).errors, ["the pack broke"]);
    assert.deepEqual(
      readPreview(
        ran({
          diagnostics: [error("error: preview failed")],
          violations: [{ policy: "a", pack: "p", level: "mandatory", message: "m" }],
        }),
        plainly,
      ).errors,
      [],
    );
  });

  it("has a policy that could not look at a cluster as not checked", () => {
    const violation = (level: string, message: string) => ({ policy: "rule", pack: "p", level, message });
    const found = readPreview(
      ran({
        violations: [
          violation("advisory", "A report.\nnot checked: rule for web: unknown\nmore"),
          violation("mandatory", "A.\nNot checked, and nothing may pass"),
        ],
      }),
      plainly,
    );
    assert.deepEqual([found.notChecked, found.unreachable], [["not checked: rule for web: unknown"], false]);
  });

  it("reads violations from events, and nothing else of them", () => {
    const events = [
      { diagnosticEvent: { message: 'a secret, and the word "policyEvent"' } },
      {
        policyEvent: {
          resourceUrn: `${URN}Vm::web`,
          message: "M\n",
          policyName: "rule",
          policyPackName: "pack",
          enforcementLevel: "mandatory",
          severity: "high",
        },
      },
    ]
      .map((event) => JSON.stringify(event))
      .join("\n");
    assert.deepEqual(readEvents(`${events}\n`), [
      { policy: "rule", pack: "pack", level: "mandatory", severity: "high", urn: `${URN}Vm::web`, message: "M" },
    ]);
  });

  it("fails when there is nothing to read", () => {
    assert.throws(() => readPrinted("", "pulumi preview failed (exit 6): no stack"), /no stack/);
    assert.throws(() => readPrinted("{}", "pulumi preview failed (exit 1): no pack"), /no pack/);
    assert.deepEqual(readPrinted("{}", undefined), { steps: [], diagnostics: [] });
  });
});

describe("a plan in CI", () => {
  it("is of the cluster that the stack's configuration has, which wins over the environment", () => {
    const config = {
      "seapath:hosts": { value: "node1" },
      "seapath:privateKeyFile": { value: "/k" },
      "seapath:clusters": { objectValue: { north: { hosts: "n1" } } },
      "grid:hosts": { value: "other" },
    };
    const env = clusterEnvironment(config, {
      SEAPATH_HOSTS: "old",
      SEAPATH_PRIVATE_KEY: "text",
      SEAPATH_KNOWN_HOSTS: "lines",
      HOME: "/root",
    });
    assert.deepEqual(env, {
      SEAPATH_HOSTS: "node1",
      SEAPATH_PRIVATE_KEY_FILE: "/k",
      SEAPATH_CLUSTERS: '{"north":{"hosts":"n1"}}',
      SEAPATH_KNOWN_HOSTS: "lines",
      HOME: "/root",
    });
  });

  it("is made for each cluster that a resource names", () => {
    const at = (name: string, cluster?: string) => step("create", `Vm::${name}`, { newState: state({ cluster }) });
    assert.deepEqual(clustersOf([at("a", "south"), at("b"), at("c", "north"), at("d", "north")]), [
      "north",
      "south",
      undefined,
    ]);
    assert.deepEqual(clustersOf([{ op: "same", urn: "urn:pulumi:p::g::pulumi:pulumi:Stack::g-p" }]), []);
  });

  it("names VMs without a place, and those of others to which something happens", () => {
    const placements = [
      { vm: "big", changed: true, unplaced: "full" },
      { vm: "other", changed: false, action: "migrate", after: "node2" },
      { vm: "new", changed: true, action: "start", after: "node1", candidates: ["node1", "node2"] },
      { vm: "off", changed: false },
    ];
    assert.deepEqual(readPlan(JSON.stringify({ epoch: "4.5", planned: "4.5:ab", placements })), {
      epoch: "4.5",
      planned: "4.5:ab",
      homeless: ["big"],
      moved: ["other"],
      places: { big: "nowhere", other: "node2", new: "one of node1, node2" },
    });
  });
});

describe("drift", () => {
  const drift = readDrift(
    ran({
      ok: true,
      steps: [
        { op: "update", urn: "urn:pulumi:p::g::pulumi:pulumi:Stack::g-p" },
        step("update", "Vm::web", {
          oldState: state({ priority: 0 }),
          newState: state({ priority: 7 }),
          detailedDiff: { priority: { kind: "update", inputDiff: true } },
        }),
        step("update", "Vm::moved", {
          oldState: state({}, { node: "node1" }),
          newState: state({}, { node: "node2" }),
          detailedDiff: { node: { kind: "update" } },
        }),
        step("delete", "Vm::gone"),
        step("refresh", "Vm::same"),
        step("same", "Vm::too"),
      ],
    }),
    plainly,
  );

  it("is what is otherwise than asked for; where a VM runs is none", () => {
    assert.deepEqual(
      drift.drifted.map(({ name, gone }) => [name, gone]),
      [
        ["gone", true],
        ["web", false],
      ],
    );
    assert.deepEqual(
      drift.seen.map(({ name, properties }) => [name, properties[0]?.was, properties[0]?.is]),
      [["moved", "node1", "node2"]],
    );
  });

  it("is a table of what was and what is", () => {
    const text = renderDrift({ project: "grid", stack: "prod", drift, job: { fork: false } }, 65_000);
    assert.match(text, /^<!-- seapath-drift: grid\/prod -->\nOn the cluster 2 resources of `grid\/prod` are otherwise/);
    assert.match(text, /^\| `web` \| Vm \| `priority` \| `0` \| `7` \|$/m);
    assert.match(text, /^\| `gone` \| Vm \|  \|  \| \*\*it is gone from the cluster\*\* \|$/m);
  });

  it("is not known when a resource could not be read", () => {
    const failed = readDrift(
      ran({
        diagnostics: [
          { severity: "error", urn: `${URN}Vm::web`, message: "error: Preview failed: Unable to log in" },
          { severity: "error", message: "error: preview failed" },
        ],
      }),
      plainly,
    );
    assert.deepEqual(failed.errors, ["Preview failed: Unable to log in"]);
    assert.equal(readDrift(ran({}), plainly).errors.length, 1);
  });
});
