// What a plan leaves behind in what the cluster is told: declared VMs, relations, guest nodes, settings.
import assert from "node:assert/strict";
import { cluster } from "../../cluster/fixtures.ts";
import { ask, empty, running, vm } from "./ask.ts";

const guest = { name: "g1", vm: "a", address: "10.0.0.1", port: 3121, timeout: 60 };
const service = (started = true) => ({
  name: "svc",
  guest: "g1",
  agent: "ocf:pacemaker:Dummy",
  params: {},
  meta: {},
  operations: { monitor: { interval: 10, timeout: 20 } },
  started,
});
const location = (id: string, rsc: string, more: string, inner = "") =>
  `<rsc_location id="${id}" rsc="${rsc}" ${more}>${inner}</rsc_location>`;
const rule = (id: string, attribute: string, operation: string, value: string) =>
  `<rule id="${id}-r" score="-INFINITY"><expression id="${id}-e" attribute="${attribute}" operation="${operation}" value="${value}"/></rule>`;

describe("after a plan", function () {
  this.timeout(30_000);

  it("every VM is declared as it will be, those of others by whatever says it", async () => {
    const constraints = [
      location("pin-b-onnode2", "b", 'node="node2" score="INFINITY" resource-discovery="exclusive"'),
      location("mine", "c", 'node="node1" score="INFINITY"'),
      location("off", "c", "", rule("off", "#uname", "eq", "node3")),
    ].join("");
    const stickiness =
      '<nvpair id="c-s" name="resource-stickiness" value="5"/><nvpair id="c-p" name="priority" value="INFINITY"/>';
    const { declared } = await ask(
      { vms: [vm("a", { preferredHost: "node1", priority: 3 }), vm("off", { enabled: false, pinnedHost: "node1" })] },
      running({ b: 2, c: 1 }, { constraints, meta: { c: stickiness } }),
    );
    const short = declared.map(({ vm: name, planned, enabled, ...each }) => [
      name,
      planned,
      enabled,
      each.pinnedHost,
      each.preferredHost,
      each.bannedFrom,
      each.priority,
      each.liveMigration,
      each.stickiness,
    ]);
    assert.deepEqual(short.sort(), [
      ["a", true, true, undefined, "node1", ["node3"], 3, false, undefined],
      ["b", false, true, "node2", undefined, [], 0, true, undefined],
      ["c", false, true, undefined, "node1", ["node3"], 1_000_000, true, "5"],
      ["off", true, false, "node1", undefined, ["node3"], 0, false, undefined],
    ]);
  });

  it("has the colocations of the plan and of others, pairs and sets, VMs apart pair by pair", async () => {
    const set = (id: string, members: string[], more = "") =>
      `<resource_set id="${id}" ${more}>${members.map((each) => `<resource_ref id="${each}"/>`).join("")}</resource_set>`;
    const constraints = [
      '<rsc_colocation id="pair" score="INFINITY" rsc="b" with-rsc="c"/>',
      `<rsc_colocation id="three" score="-INFINITY">${set("three-0", ["b", "c", "d"])}</rsc_colocation>`,
      `<rsc_colocation id="two" score="-700">${set("two-0", ["b"])}${set("two-1", ["c", "d"], 'sequential="false"')}</rsc_colocation>`,
      `<rsc_colocation id="none" score="INFINITY">${set("none-0", ["b", "c"], 'sequential="false"')}</rsc_colocation>`,
    ].join("");
    const made = cluster.element("rsc_colocation", { id: "made", score: "700", rsc: "a", "with-rsc": "b" });
    const { relations } = await ask(
      { vms: [vm("a")], constraints: [made] },
      running({ b: 1, c: 2, d: 1 }, { constraints }),
    );
    assert.deepEqual(relations.map(({ id, kind, strong, vms }) => [id, kind, strong, vms.join()]).sort(), [
      ["made", "together", false, "a,b"],
      ["pair", "together", true, "b,c"],
      ["three", "apart", true, "b,c"],
      ["three", "apart", true, "b,d"],
      ["three", "apart", true, "c,d"],
      ["two", "apart", false, "b,c"],
      ["two", "apart", false, "b,d"],
    ]);
  });

  it("a VM is a guest node, with what is inside of it, and VMs of others are kept out", async () => {
    const found = await ask(
      { vms: [vm("a", { preferredHost: "node1" })], guests: [guest], services: [service()] },
      running({ b: 2, c: 1 }),
    );
    assert.deepEqual([found.guests, found.open], [[{ guest: "g1", vm: "a" }], []]);
    assert.deepEqual(
      found.inside.map(({ vm: id, kind, after, action, planned }) => [id, kind, after, action, planned]),
      [
        ["g1", "guest node", "node1", "start", true],
        ["svc", "guest resource", "g1", "start", true],
      ],
    );
    const lost = found.losses.find(({ node }) => node === "node1");
    assert.deepEqual(
      lost?.inside.map(({ vm: id, after }) => [id, after]),
      [
        ["g1", "node2"],
        ["svc", "g1"],
      ],
    );
    assert.deepEqual(
      found.nodes.map(({ name, guest: isGuest, observer, online }) => [name, isGuest, observer, online]).sort(),
      [
        ["g1", true, false, false],
        ["node1", false, false, true],
        ["node2", false, false, true],
        ["node3", false, true, true],
      ],
    );
  });

  it("a VM of others is a guest node, or is none any more, and what was inside is gone", async () => {
    const settings = ["remote-node=g1", "remote-addr=10.0.0.1"].map((pair) => pair.split("="));
    const meta = {
      a: settings.map(([name, value]) => `<nvpair id="a-${name}" name="${name}" value="${value}"/>`).join(""),
    };
    const ban = location("cli-ban-b-on-g1", "b", 'node="g1" score="-INFINITY" role="Started"');
    const cib = running({ a: 1, b: 2 }, { meta, constraints: ban });
    const gone = await ask({ removedGuests: [{ vm: "a", name: "g1" }] }, cib);
    assert.deepEqual([gone.guests, gone.declared.find(({ vm: name }) => name === "b")?.bannedFrom], [[], []]);
    const service = await ask({ removedServices: ["svc"] }, running({ a: 1 }));
    assert.deepEqual(
      [...gone.inside, ...service.inside].map(({ vm: id, removed }) => [id, removed]),
      [
        ["g1", true],
        ["svc", true],
      ],
    );
    const made = await ask({ guests: [guest] }, running({ a: 1, b: 2 }));
    assert.deepEqual(
      [made.guests, made.open, made.declared.find(({ vm: name }) => name === "b")?.bannedFrom],
      [[{ guest: "g1", vm: "a" }], [], ["g1"]],
    );
    assert.ok(made.inside.every(({ kind, action }) => kind === "guest node" && action === "start"));
  });

  it("names the VMs that no rule keeps off a guest node, in whatever form the others are kept", async () => {
    const meta = { a: '<nvpair id="a-r" name="remote-node" value="g1"/>' };
    const constraints = [
      location("k1", "ban", 'node="g1" score="-INFINITY"'),
      location("k2", "kind", "", rule("k2", "#kind", "ne", "cluster")),
      location("k3", "container", "", rule("k3", "#kind", "eq", "container")),
      location("k4", "name", "", rule("k4", "#uname", "eq", "g1")),
      location("k5", "pin", 'node="node1" score="INFINITY" resource-discovery="exclusive"'),
      '<rsc_location id="k6" node="g1" score="-INFINITY"><resource_set id="k6-0"><resource_ref id="set"/></resource_set></rsc_location>',
      location("k7", "weak", 'node="g1" score="-500"'),
    ].join("");
    const names = ["ban", "kind", "container", "name", "pin", "set", "weak", "open"];
    const where = Object.fromEntries(["a", ...names].map((name) => [name, 1]));
    const { open } = await ask({}, running(where, { meta, constraints }));
    assert.deepEqual(open, [
      { vm: "weak", guest: "g1" },
      { vm: "open", guest: "g1" },
    ]);
  });

  it("has what the cluster is told as a whole", async () => {
    const found = await ask(
      { vms: [vm("a")] },
      empty("true").replace(
        "<resources/>",
        '<resources><primitive id="fence1" class="stonith" type="fence_dummy"/></resources>',
      ),
    );
    assert.deepEqual(
      [found.fencing, found.stickiness, found.placementStrategy, found.quorumPolicy],
      [{ enabled: true, property: "stonith-enabled", devices: ["fence1"] }, "1", "default", "stop"],
    );
    const wrong = await ask({ vms: [vm("a")] }, empty("true"));
    assert.deepEqual(wrong.fencing, { enabled: true, property: "stonith-enabled", devices: [] });
    assert.ok(
      wrong.verified.some((line) => /STONITH|fencing/i.test(line)),
      wrong.verified.join("\n"),
    );
    assert.equal(wrong.verified.join("\n").length > 0, wrong.invalid !== undefined);
  });
});

describe("what a plan only names", function () {
  this.timeout(30_000);
  const ban = location("cli-ban-a-on-node3", "a", 'node="node3" score="-INFINITY" role="Started"');
  const short = (found: Awaited<ReturnType<typeof ask>>) =>
    found.declared
      .map(({ vm: name, pinnedHost, bannedFrom, planned }) => [name, pinnedHost, bannedFrom.join(), planned])
      .sort();

  it("stays as the cluster has it, and is not taken as removed; what the cluster lacks is made", async () => {
    const vms = [vm("a", { pinnedHost: "node2" }), vm("fresh")];
    const cib = running({ a: 1 });
    const changed = await ask({ vms }, cib, { owner: "p/s" }, { owners: { a: "p/s" } });
    assert.deepEqual(short(changed), [
      ["a", "node2", "node3", true],
      ["fresh", undefined, "node3", true],
    ]);
    const named = await ask({ vms, unchanged: ["a", "fresh"] }, cib, { owner: "p/s" }, { owners: { a: "p/s" } });
    assert.deepEqual(short(named), [
      ["a", undefined, "", true],
      ["fresh", undefined, "node3", true],
    ]);
    assert.deepEqual(named.placements.map(({ vm: name, changed: is, action }) => [name, is, action]).sort(), [
      ["a", false, undefined],
      ["fresh", true, "start"],
    ]);
  });

  it("is a constraint that is there, with the score that it has there", async () => {
    const weak = cluster.element("rsc_colocation", { id: "own", score: "INFINITY", rsc: "a", "with-rsc": "b" });
    const cib = running(
      { a: 1, b: 2 },
      { constraints: `${ban}<rsc_colocation id="own" score="5" rsc="a" with-rsc="b"/>` },
    );
    const strong = async (more: object) =>
      (await ask({ constraints: [weak], ...more }, cib)).relations.map(({ id, strong: is }) => [id, is]);
    assert.deepEqual([await strong({}), await strong({ unchanged: ["own"] })], [[["own", true]], [["own", false]]]);
  });
});

describe("a plan of a program that cannot say what it removes", function () {
  this.timeout(30_000);

  it("takes away what carries the program's mark, and nothing else", async () => {
    const owners = { old: "p/s", kept: "p/s", foreign: "p/other", notEnabled: "p/s" };
    const colocation = `<rsc_colocation id="together" score="INFINITY"><resource_set id="together-0.by.p..s..c"><resource_ref id="kept"/></resource_set><resource_set id="together-1.by.p..s..c"><resource_ref id="foreign"/></resource_set></rsc_colocation>`;
    const cib = running({ old: 1, kept: 1, foreign: 2 }, { constraints: colocation });
    const plan = { vms: [vm("kept", { preferredHost: "node1" })] };
    const found = await ask(plan, cib, { owner: "p/s" }, { owners });
    assert.deepEqual(found.assumedRemoved, ["old"]);
    assert.equal(found.placements.find(({ vm: name }) => name === "old")?.action, "stop");
    assert.deepEqual([found.relations, found.declared.map(({ vm: name }) => name).sort()], [[], ["foreign", "kept"]]);
    const unsaid = await ask(plan, cib, { owner: "p/s" });
    assert.deepEqual(unsaid.assumedRemoved, []);
    const unasked = await ask(plan, cib, {}, { owners });
    assert.deepEqual([unasked.assumedRemoved, unasked.relations.length], [[], 1]);
  });
});
