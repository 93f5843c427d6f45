// What a plan says in each of its forms, and what is read of a preview.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Planned } from "../../../sdk/dist/cli/plan/rows.js";

const require = createRequire(import.meta.url);
const { planMarkdown, planText } =
  require("../../../sdk/dist/cli/plan/text.js") as typeof import("../../../sdk/dist/cli/plan/text.js");
const { planSvg } = require("../../../sdk/dist/cli/plan/svg.js") as typeof import("../../../sdk/dist/cli/plan/svg.js");
const { terminalOf } = require("../../../sdk/dist/cli/print.js") as typeof import("../../../sdk/dist/cli/print.js");
const { readPreview } =
  require("../../../provider/dist/resources/preview/index.js") as typeof import("../../../provider/dist/resources/preview/index.js");
const { UNKNOWN } =
  require("../../../provider/dist/resources/engine/unknowns.js") as typeof import("../../../provider/dist/resources/engine/unknowns.js");
const { parseXml } =
  require("../../../provider/dist/cluster/index.js") as typeof import("../../../provider/dist/cluster/index.js");

const GIB = 1024 ** 3;
const taken = (vcpus: number, memory: number) => ({ vcpus, memoryBytes: memory * GIB });
const needUnknown: string[] = [];
const largest: Planned["rooms"][number]["largest"] = [];
const planned: Planned = {
  epoch: "1.7",
  verified: [],
  assumedRemoved: [],
  guests: [],
  open: [],
  declared: [],
  relations: [],
  nodes: [],
  inside: [],
  fencing: { enabled: false, property: "stonith-enabled", devices: [] },
  placementStrategy: "default",
  quorumPolicy: "stop",
  saved: { cib: "<cib/>", nodes: [] },
  hypervisors: ["node1", "node2"],
  placements: [
    { vm: "web", after: "node1", action: "start", planned: true, changed: true, candidates: ["node1", "node2"] },
    { vm: "pin", before: "node1", after: "node1", planned: true, changed: true, candidates: ["node1"] },
    {
      vm: "old",
      before: "node1",
      after: "node2",
      action: "migrate",
      planned: false,
      changed: false,
      candidates: ["node2"],
    },
    {
      vm: "big",
      planned: true,
      changed: true,
      candidates: [],
      unplaced: "node1 has no room for it; node2 is kept from it by a_b",
    },
  ],
  rooms: [
    { node: "node1", vcpus: 4, memoryBytes: 4 * GIB, taken: taken(3, 5), needUnknown, largest },
    { node: "node2", taken: taken(1, 1), needUnknown, largest },
  ],
  losses: [
    {
      node: "node1",
      fates: [
        { vm: "web", before: "node1", after: "node2", action: "start" },
        { vm: "pin", before: "node1", unplaced: "no node" },
        { vm: "old", before: "node2", after: "node2" },
      ],
      inside: [],
      rooms: [{ node: "node2", taken: taken(2, 2), needUnknown, largest }],
    },
    {
      node: "node2",
      fates: [
        { vm: "web", before: "node1", after: "node1" },
        { vm: "pin", before: "node1", after: "node1" },
        { vm: "old", before: "node2", after: "node1" },
      ],
      inside: [],
      rooms: [{ node: "node1", vcpus: 4, memoryBytes: 4 * GIB, taken: taken(4, 6), needUnknown, largest }],
    },
  ],
  unknown: ["late: `preferredHost` is not known before other resources are made; it is left out"],
  resources: {},
  digest: "0123456789ab",
  planned: "1.7:0123456789ab",
};

describe("a plan", () => {
  it("is tables for a terminal", () => {
    const text = planText(planned);
    for (const line of [
      /^web {2}– {6}one of node1, node2 {2}node2 {10}node1 {10}is started$/m,
      /^pin {2}node1 {2}node1 +lost +node1$/m,
      /^old .*moves live, though it is not in this plan$/m,
      /^big .*nowhere .*finds no place: node1 has no room for it/m,
      /^node1 {2}5 GiB of 4 GiB, too much {2}3 of 4 +6 GiB of 4 GiB, too much {2}node2$/m,
      /^node2 {2}1 GiB +1 +2 GiB +node1$/m,
      /^Not known yet: late: /m,
      /^Without node1, pin runs nowhere: no node\.$/m,
      /configuration 1\.7; nothing was changed/,
      /^SEAPATH_PLANNED=1\.7:0123456789ab pulumi up$/m,
    ])
      assert.match(text, line);
  });

  it("says in MiB what would be no GiB, and of nothing that it is nothing", () => {
    const rooms = [0, 4 / 1024, 96 / 1024, 0.1, 1.25].map((memory, at) => ({
      ...planned.rooms[0]!,
      node: `n${at}`,
      taken: taken(1, memory),
    }));
    const text = planText({ ...planned, rooms, losses: [] });
    assert.deepEqual(
      [...text.matchAll(/^n\d +(\S+ \S+ of \S+ \S+)/gm)].map(([, memory]) => memory),
      ["0 GiB of 4 GiB", "4 MiB of 4 GiB", "96 MiB of 4 GiB", "0.1 GiB of 4 GiB", "1.3 GiB of 4 GiB"],
    );
  });

  it("has rows for guest nodes and what is inside of them, and says what returns do, who is open, and who was not counted", () => {
    const [one, two] = planned.losses;
    assert.ok(one !== undefined && two !== undefined);
    const text = planText({
      ...planned,
      inside: [
        {
          vm: "g1",
          kind: "guest node",
          after: "node1",
          action: "start",
          planned: true,
          changed: true,
          candidates: ["node1"],
        },
      ],
      open: [{ vm: "old", guest: "g1" }],
      rooms: planned.rooms.map((room) => ({ ...room, needUnknown: [`vmOn${room.node}`] })),
      losses: [
        {
          ...one,
          inside: [{ vm: "g1", before: "node1", after: "node2", action: "start" }],
          back: [
            { vm: "web", before: "node2", after: "node1", action: "migrate" },
            { vm: "old", before: "node2", after: "node2" },
          ],
        },
        { ...two, backNotSimulated: "it is too much" },
      ],
    });
    for (const line of [
      /^g1 \(guest node\) +– +node1 +node2 +– +is started$/m,
      /^Nothing keeps old off guest node g1: Pacemaker may move it into that VM\.$/m,
      /^When node1 returns, web moves live: node2, then node1\.$/m,
      /^What the return of node2 does was not simulated: it is too much\.$/m,
      /^How much memory vmOnnode1, vmOnnode2 takes is not known: it is not counted\.$/m,
    ])
      assert.match(text, line);
    assert.doesNotMatch(text, /When node1 returns, old/);
  });

  it("says of what the plan removes that it is deleted, and of what it stops that it is stopped", () => {
    const stops = { before: "node1", action: "stop" as const, planned: true, changed: true, candidates: [] };
    const changed: Planned = {
      ...planned,
      placements: [
        { vm: "gone", ...stops, removed: true },
        { vm: "idle", planned: true, changed: true, candidates: [], removed: true },
        { vm: "halted", ...stops },
      ],
      inside: [{ vm: "g1", kind: "guest node", ...stops, removed: true }],
    };
    for (const text of [planText(changed), planMarkdown(changed).replaceAll(" |", "")]) {
      assert.match(text, /gone .*is deleted *$/m);
      assert.match(text, /idle .*is deleted *$/m);
      assert.match(text, /halted .*is stopped *$/m);
      assert.match(text, /g1 \(guest node\) .*is deleted *$/m);
    }
  });

  it("is tables in Markdown, in which nothing of the cluster becomes markup", () => {
    const text = planMarkdown({ ...planned, invalid: "a | b <script>\nc" });
    const rows = text.split("\n").filter((line) => line.startsWith("|"));
    for (const row of rows.slice(0, 6)) assert.equal(row.replaceAll("\\|", "").split("|").length, 8, row);
    assert.match(text, /^- crm\\_verify says of this configuration: a \\\| b \\<script\\> c$/m);
    assert.match(text, /node2 is kept from it by a\\_b/);
  });

  it("is a picture with a row for now, after, and each loss, and well-formed whatever the names are", () => {
    const root = parseXml(
      planSvg({
        ...planned,
        placements: planned.placements.map((each) => (each.vm === "web" ? { ...each, vm: "<&\"'" } : each)),
      }),
      "the picture",
    );
    assert.equal(root.name, "svg");
    const texts = root.children.filter(({ name }) => name === "text").map(({ text }) => text);
    for (const title of ["now", "after", "without node1", "without node2", "nowhere"])
      assert.ok(texts.includes(title), title);
    assert.ok(texts.includes("<&\"' ?"), "it may come to run on either node");
  });

  it("is as wide as a terminal, red where something is lost, with a command that is one line; and plain elsewhere", () => {
    const plain = planText(planned);
    assert.equal(planText(planned, terminalOf({ columns: 40 }, {})), plain, "what is no terminal has no width");
    for (const columns of [120, 80, 60]) {
      const lines = planText(planned, { columns, color: false }).split("\n");
      assert.deepEqual(
        lines.filter((line) => line.length > columns),
        [],
        `${columns}`,
      );
      assert.ok(lines.includes("SEAPATH_PLANNED=1.7:0123456789ab pulumi up"));
      const words = (text: string) =>
        text
          .split(/[^\p{L}\p{N}_]+/u)
          .filter((word) => word !== "")
          .sort();
      assert.deepEqual(words(lines.join("\n")), words(plain), "nothing is left out, and no word is broken");
    }
    const narrow = planText({ ...planned, planned: `north=${"9".repeat(60)}` }, { columns: 30, color: false }).split(
      "\n",
    );
    assert.ok(narrow.includes(`SEAPATH_PLANNED=north=${"9".repeat(60)} pulumi up`));
    const red = [...planText(planned, { columns: 150, color: true }).matchAll(/\u001b\[31m(.*?)\u001b\[39m/g)].map(
      ([, text]) => text,
    );
    assert.deepEqual([...new Set(red)].sort(), [
      "5 GiB of 4 GiB, too much",
      "6 GiB of 4 GiB, too much",
      "lost",
      "nowhere",
    ]);
    assert.equal(planText(planned, { columns: 200, color: true }).replace(/\u001b\[(?:31|39)m/g, ""), plain);
    const hostile = planText(
      {
        ...planned,
        epoch: "\u001b[2J",
        placements: planned.placements.map((each) => ({ ...each, vm: `${each.vm}\u001b[2J`, reason: "\u009b1m" })),
      },
      { columns: 100, color: true },
    );
    assert.deepEqual(
      new Set(hostile.match(/[\u001b\u009b].../g)),
      new Set(["\u001b[31", "\u001b[39"]),
      "only colors of ours",
    );
  });

  it("has colors on a terminal alone, and none where NO_COLOR says so", () => {
    const of = (isTTY: boolean, env: NodeJS.ProcessEnv) => terminalOf({ isTTY, columns: 90 }, env);
    assert.deepEqual(of(true, {}), { color: true, columns: 90 });
    assert.deepEqual(of(true, { NO_COLOR: "" }), { color: true, columns: 90 });
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }])
      assert.deepEqual(of(true, env), { color: false, columns: 90 });
    assert.deepEqual(of(false, {}), { color: false });
    assert.deepEqual(terminalOf({ isTTY: true, columns: 0 }, {}), { color: true });
  });
});

describe("what a preview plans", () => {
  const vm = (name: string, more: Record<string, unknown> = {}) => ({
    type: "pulumi-nodejs:dynamic/seapath:Vm",
    inputs: { __provider: "x", name, source: { nodePath: "/a" }, domain: { memory: 64 }, ...more },
  });
  const step = (op: string, name: string, newState?: unknown, oldState?: unknown) => ({
    op,
    urn: `urn:pulumi:s::p::pulumi-nodejs:dynamic/seapath:Vm::${name}`,
    newState,
    oldState,
  });
  const read = (steps: unknown[], cluster?: string) => readPreview({ steps }, cluster);

  it("is what its VMs will be, and which go", () => {
    const { plan, resources } = read([
      step("create", "One", vm("one", { pinnedHost: "node1" })),
      step("same", "two", vm("two")),
      step("delete", "three", undefined, vm("three")),
      step("create-replacement", "four", vm("four", { priority: 3 })),
      step("delete-replaced", "four", undefined, vm("four")),
      {
        op: "create",
        urn: "urn:pulumi:s::p::other:Thing::x",
        newState: { type: "other:Thing", inputs: { name: "x" } },
      },
    ]);
    assert.deepEqual(
      plan.vms.map(({ name, pinnedHost, priority }) => [name, pinnedHost, priority]),
      [
        ["one", "node1", 0],
        ["two", undefined, 0],
        ["four", undefined, 3],
      ],
    );
    assert.deepEqual(plan.removed, ["three"]);
    assert.equal(resources.get("one"), "One");
  });

  it("leaves what is retained on the cluster", () => {
    const gone = (retainOnDelete: boolean) =>
      read([step("delete", "a", undefined, { ...vm("a"), retainOnDelete })]).plan.removed;
    assert.deepEqual([gone(false), gone(true)], [["a"], []]);
  });

  it("has the VMs of the cluster that is asked about, and no others", () => {
    const steps = [
      step("create", "a", vm("a")),
      step("create", "b", vm("b", { cluster: "north" })),
      step("delete", "c", undefined, vm("c", { cluster: "north" })),
    ];
    assert.deepEqual(
      read(steps).plan.vms.map(({ name }) => name),
      ["a"],
    );
    assert.deepEqual(
      [read(steps, "north").plan.vms.map(({ name }) => name), read(steps, "north").plan.removed],
      [["b"], ["c"]],
    );
  });

  it("says which unknown values may change the answer, and takes the others as they come", () => {
    const { plan, unknown } = read([
      step("create", "a", vm("a", { preferredHost: UNKNOWN, metadata: { x: UNKNOWN } })),
      step("create", "b", vm("b", { domain: { memory: UNKNOWN }, source: UNKNOWN })),
      step("create", "c", vm(UNKNOWN)),
    ]);
    assert.deepEqual(
      plan.vms.map(({ name, preferredHost }) => [name, preferredHost]),
      [
        ["a", undefined],
        ["b", undefined],
      ],
    );
    assert.deepEqual(
      unknown.map((text) => text.split(" is ")[0]),
      ["a: `preferredHost`", "c: `name`"],
    );
  });

  it("has its colocations and orders, without those of which the VMs are not known, and takes away what they were before", () => {
    const relation = (op: string, type: string, name: string, inputs: Record<string, unknown>, ids: string[] = []) => ({
      op,
      urn: `urn:pulumi:s::p::pulumi-nodejs:dynamic/seapath:${type}::${name}`,
      ...(op === "delete" ? {} : { newState: { type: `pulumi-nodejs:dynamic/seapath:${type}`, inputs } }),
      ...(ids.length === 0
        ? {}
        : { oldState: { type: `pulumi-nodejs:dynamic/seapath:${type}`, inputs, outputs: { constraintIds: ids } } }),
    });
    const both = { vm: "a", with: ["b"], strong: true, apart: true };
    const { plan, unknown } = read([
      step("create", "a", vm("a")),
      step("create", "b", vm("b")),
      relation("update", "Colocation", "pair", both, ["colocation-a-withb"]),
      relation("create", "Order", "order", {
        first: "a",
        then: ["b"],
        sequential: true,
        kind: "optional",
        symmetrical: true,
      }),
      relation("create", "Colocation", "late", { ...both, with: [UNKNOWN] }),
      relation("delete", "Order", "old", { first: "x", then: ["y"] }, ["order-x-theny"]),
    ]);
    assert.deepEqual(
      plan.constraints?.map(({ attrs }) => [attrs["id"], attrs["score"] ?? attrs["kind"]]),
      [
        ["apart-strong-a-withb", "-INFINITY"],
        ["order-a-thenb", "Optional"],
      ],
    );
    assert.deepEqual(plan.removedConstraints, ["colocation-a-withb", "order-x-theny"]);
    assert.match(unknown.join(), /^late: which VMs it is about is not known/);
  });

  it("has its guest nodes and what runs inside of them, without what is not known, and those that go", () => {
    const of = (op: string, type: string, name: string, inputs: Record<string, unknown>) => {
      const state = { type: `pulumi-nodejs:dynamic/seapath:${type}`, inputs };
      return {
        op,
        urn: `urn:pulumi:s::p::${state.type}::${name}`,
        ...(op.startsWith("delete") ? { oldState: state } : { newState: state }),
      };
    };
    const inside = { name: "svc", guest: "g1", agent: "systemd:nginx" };
    const { plan, unknown } = read([
      step("create", "a", vm("a")),
      of("create", "RemoteGuest", "G1", { name: "g1", vm: "a", address: UNKNOWN }),
      of("create", "RemoteGuest", "G2", { name: "g2", vm: UNKNOWN, address: "x" }),
      of("delete", "RemoteGuest", "G3", { name: "g3", vm: "c", address: "x" }),
      of("delete-replaced", "RemoteGuest", "G1", { name: "g1", vm: "a", address: "x" }),
      of("create", "GuestResource", "S1", { ...inside, params: { x: UNKNOWN } }),
      of("create", "GuestResource", "S2", { ...inside, guest: UNKNOWN }),
      of("delete", "GuestResource", "S3", { ...inside, name: "old" }),
    ]);
    assert.deepEqual(plan.guests, [{ name: "g1", vm: "a", address: "g1", port: 3121, timeout: 60 }]);
    assert.deepEqual(plan.removedGuests, [{ vm: "c", name: "g3" }]);
    assert.deepEqual(
      plan.services?.map(({ name, guest, started }) => [name, guest, started]),
      [["svc", "g1", true]],
    );
    assert.deepEqual(plan.removedServices, ["old"]);
    assert.deepEqual(unknown, [
      "G2: `vm` is not known before other resources are made; it is left out",
      "S2: `guest` is not known before other resources are made; it is left out",
    ]);
  });

  it("has what is not changed with its outputs, as policies are told of it", () => {
    const of = (type: string, inputs: Record<string, unknown>) => ({
      op: "same",
      urn: `urn:${type}`,
      newState: { type: `seapath:${type}`, inputs },
    });
    const { plan, unknown } = readPreview(
      {
        steps: [
          of("Vm", { ...vm("a").inputs, uuid: "u", node: "node1", status: "Started", restartRequired: false }),
          of("RemoteGuest", { name: "g1", vm: "a", address: "x", authkey: "k", online: true, node: "node1" }),
          of("GuestResource", { name: "svc", guest: "g1", agent: "systemd:nginx", status: "Started" }),
        ],
      },
      undefined,
    );
    assert.deepEqual(unknown, []);
    assert.deepEqual(
      [plan.vms, plan.guests, plan.services].map((made) => made?.map(({ name }) => name)),
      [["a"], ["g1"], ["svc"]],
    );
  });

  it("is refused when it is no preview", () => {
    for (const wrong of ["text", { steps: {} }, { steps: [{ op: 1 }] }])
      assert.throws(() => readPreview(wrong, undefined));
    assert.deepEqual(readPreview({}, undefined).plan, {
      vms: [],
      removed: [],
      constraints: [],
      removedConstraints: [],
      guests: [],
      removedGuests: [],
      services: [],
      removedServices: [],
      unchanged: [],
    });
  });
});
