// The pictures of a plan, as SVG and in Mermaid: what they show, in which order, and how large they get.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { timeless } from "../../../ci/lib/plan.mjs";
import type { Drawn } from "../../../sdk/dist/cli/plan/scenes.js";

const require = createRequire(import.meta.url);
const { planMermaid } =
  require("../../../sdk/dist/cli/plan/mermaid.js") as typeof import("../../../sdk/dist/cli/plan/mermaid.js");
const { planSvg } = require("../../../sdk/dist/cli/plan/svg.js") as typeof import("../../../sdk/dist/cli/plan/svg.js");
const { changesOf } =
  require("../../../sdk/dist/cli/plan/changes.js") as typeof import("../../../sdk/dist/cli/plan/changes.js");
const { MARKS, scenesOf, shortened, within } =
  require("../../../sdk/dist/cli/plan/scenes.js") as typeof import("../../../sdk/dist/cli/plan/scenes.js");
const { parseXml } =
  require("../../../provider/dist/cluster/index.js") as typeof import("../../../provider/dist/cluster/index.js");

type Placement = Drawn["placements"][number];

const GIB = 1024 ** 3;
const NODES = ["zeta", "node1", "alpha"];
const room = (node: string, taken: number) => ({
  node,
  vcpus: 8,
  memoryBytes: 32 * GIB,
  taken: { vcpus: 1, memoryBytes: taken * GIB },
  needUnknown: [],
  largest: [],
});

const vm = (name: string, more: Partial<Placement> = {}): Placement => {
  const { before = "node1", after = before } = more;
  return { vm: name, before, after, planned: true, changed: false, candidates: [after], ...more };
};
const nowhere = { before: undefined, after: undefined, candidates: [] } as unknown as Partial<Placement>;

/** Every kind of thing that can happen to a VM, and as many beside them as are asked for. */
function plan(others = 0, times = 1): Drawn & { epoch: string } {
  const kinds = Array.from({ length: times }, (_, at) => {
    const name = (text: string) => (at === 0 ? text : `${text}${at}`);
    return [
      vm(name("fresh"), { ...nowhere, after: "zeta", action: "start", changed: true, candidates: ["node1", "zeta"] }),
      vm(name("gone"), { after: undefined as never, action: "stop", changed: true, candidates: [] }),
      vm(name("again"), { action: "restart", changed: true }),
      vm(name("live"), { before: "node1", after: "alpha", action: "migrate", planned: false }),
      vm(name("moved"), { before: "alpha", after: "node1", action: "move", planned: false }),
      vm(name("reborn"), { action: "restart" }),
      vm(name("off"), { after: undefined as never, action: "stop", candidates: [] }),
      vm(name("woken"), { ...nowhere, after: "node1", action: "start" }),
      vm(name("tuned"), { changed: true }),
      vm(name("homeless"), { ...nowhere, unplaced: "no room", changed: true }),
    ];
  }).flat();
  const placements = [
    ...kinds,
    ...Array.from({ length: others }, (_, at) => vm(`vm${at}`, { before: NODES[at % 3] ?? "", planned: at % 2 === 0 })),
  ];
  const running = placements.filter(({ after }) => after !== undefined);
  return {
    epoch: "0.42",
    hypervisors: NODES,
    placements,
    rooms: NODES.map((node, at) => room(node, 10 * (at + 1))),
    declared: placements.filter((each) => !each.vm.startsWith("gone")).map((each) => ({ vm: each.vm })),
    losses: NODES.map((lost) => ({
      node: lost,
      rooms: NODES.filter((node) => node !== lost).map((node) => room(node, 33)),
      fates: running.map(({ vm: name, after = "" }, at) => {
        if (after !== lost) return { vm: name, before: after, after };
        return at % 4 === 0
          ? { vm: name, before: lost, unplaced: "it is pinned" }
          : { vm: name, before: lost, after: NODES.find((node) => node !== lost) ?? "", action: "start" };
      }),
    })),
  };
}

const changes = { created: new Set(["fresh", "homeless"]), replaced: new Set(["again"]) };

/** A drawing in Mermaid as rows of boxes: the lines of each, and what it looks like. */
function rows(text: string): { look: string; lines: string[] }[][] {
  return text
    .split("\n")
    .filter((line) => line.includes('["'))
    .map((line) =>
      line.split(/ --- (?=\w+\[")/).map((box) => {
        const [, words = "", look = ""] = /^\w+\["(.*)"\]:::(\w+)$/.exec(box) ?? assert.fail(box);
        const plain = words.replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
        return { look, lines: plain.split("<br>") };
      }),
    );
}
const names = (row: ReturnType<typeof rows>[number] | undefined) =>
  row?.map(({ lines: [first = ""] }) => first.split(",")[0]);

describe("what is drawn of a plan", () => {
  it("is what happens to each VM, where it does", () => {
    const [now, after, loss] = scenesOf(plan(1), changes);
    const seen = (scene: typeof now) =>
      scene?.boxes.map(
        ({ name, vms }) =>
          `${name}: ${vms.map((each) => `${each.vm}${each.mark === undefined ? "" : ` ${each.mark}`}${each.unsure ? "?" : ""}`).join(", ")}`,
      );
    assert.deepEqual(seen(now), ["zeta: vm0", "node1: gone, again, live, reborn, off, tuned", "alpha: moved"]);
    assert.deepEqual(seen(after), [
      "zeta: fresh new?, vm0",
      "node1: gone deleted, again replaced, moved moved, reborn restarted, off stopped, woken started, tuned changed",
      "alpha: live live",
      "nowhere: homeless lost",
    ]);
    assert.deepEqual(seen(loss), [
      "zeta: ",
      "node1: again, moved, reborn, woken, tuned, vm0 moved",
      "alpha: live",
      "nowhere: fresh lost",
    ]);
    assert.deepEqual(
      after?.boxes.map(({ memory }) => memory?.words),
      ["10 GiB of 32 GiB", "20 GiB of 32 GiB", "30 GiB of 32 GiB", undefined],
    );
    assert.deepEqual(
      loss?.boxes.map(({ gone, memory }) => [gone, memory?.over]),
      [
        [true, undefined],
        [false, true],
        [false, true],
        [false, undefined],
      ],
    );
  });

  it("has guest nodes behind the cluster's, where one has a VM", () => {
    const [, after] = scenesOf({ ...plan(), placements: [vm("inside", { after: "guest1" })] }, changes);
    assert.deepEqual(
      after?.boxes.map(({ name, vms }) => [name, vms.length]),
      [
        ["zeta", 0],
        ["node1", 0],
        ["alpha", 0],
        ["guest1", 1],
      ],
    );
  });

  it("names what changes, the gravest first, and counts the others", () => {
    const box = scenesOf(plan(300), changes)[1]?.boxes[1]?.vms ?? [];
    const few = within(box, 5);
    assert.deepEqual(
      [few.named.map(({ mark }) => mark), few.rest.length, few.staying],
      [["deleted", "replaced", "moved"], 4, 100],
    );
    const none = within(box, 1);
    assert.deepEqual([none.named, none.rest.length, none.staying], [[], 7, 100]);
    assert.equal(within(box, 107).named.length, 107);
    assert.deepEqual([shortened("short", 8), shortened("a-long-name-12", 8)], ["short", "a-lo…-12"]);
  });

  it("takes what a preview makes from its steps, those of the cluster that is asked about", () => {
    const step = (op: string, name: string, more: object = {}, type = "pulumi-nodejs:dynamic/seapath:Vm") => ({
      op,
      urn: `urn:pulumi:s::p::${type}::${name}`,
      newState: { inputs: { name, ...more } },
    });
    const preview = {
      steps: [
        step("create", "a"),
        step("create", "b", { cluster: "north" }),
        step("create", "c", { adopt: true }),
        step("update", "d"),
        step("replace", "e"),
        step("create-replacement", "f"),
        step("create", "g", {}, "pulumi-nodejs:dynamic/seapath:Snapshot"),
        { op: "delete", urn: "urn:pulumi:s::p::x:Vm::h" },
      ],
    };
    const { created, replaced } = changesOf(preview, undefined);
    assert.deepEqual(
      [[...created], [...replaced], [...changesOf(preview, "north").created]],
      [["a"], ["e", "f"], ["b"]],
    );
    assert.equal(changesOf(undefined, undefined).created.size, 0);
  });
});

describe("a plan in Mermaid", () => {
  it("is a row for now, after, and each loss, with the nodes in the cluster's order in each", () => {
    const drawn = rows(planMermaid(plan(), changes));
    assert.deepEqual(drawn.map(names), [
      ["now", ...NODES],
      ["after", ...NODES, "nowhere"],
      ["without zeta", "zeta is lost", "node1", "alpha", "nowhere"],
      ["without node1", "zeta", "node1 is lost", "alpha", "nowhere"],
      ["without alpha", "zeta", "node1", "alpha is lost"],
    ]);
    assert.deepEqual(
      drawn[1]?.map(({ look }) => look),
      ["title", "changed", "changed", "changed", "lost"],
    );
    assert.deepEqual(drawn[1]?.[1]?.lines, ["zeta, 10 GiB of 32 GiB", "———", "fresh ?, new"]);
    assert.deepEqual(drawn[1]?.[2]?.lines.slice(2), [
      "gone, deleted",
      "again, made anew",
      "moved, from alpha",
      "reborn, restarted",
      "off, stopped",
      "woken, started",
      "tuned, changed in place",
    ]);
    assert.deepEqual(drawn[1]?.[3]?.lines.slice(2), ["live, from node1 live"]);
  });

  it("keeps that order by links, which nothing else has, and which are not seen", () => {
    const text = planMermaid(plan(40), changes);
    assert.doesNotMatch(text, /subgraph|~~~|-->/);
    assert.match(text, /^linkStyle default stroke:none$/m);
    for (const look of new Set([...text.matchAll(/:::(\w+)/g)].map(([, each]) => each)))
      assert.match(text, new RegExp(`^classDef ${look} `, "m"));
  });

  it("stays as small as forges draw it unasked, and spells out what changes", () => {
    for (const [others, times] of [
      [0, 1],
      [30, 1],
      [40, 3],
      [1000, 1],
      [2000, 50],
    ] as const) {
      const text = planMermaid(plan(others, times), changes);
      assert.ok(text.length <= 2000, `${others}: ${text.length}`);
      if (times === 1)
        for (const name of ["fresh", "gone", "again", "live", "moved", "homeless"])
          assert.ok(text.includes(name), `${others}: ${name}`);
    }
    const drawn = rows(planMermaid(plan(1000), changes));
    assert.deepEqual(drawn[1]?.[2]?.lines.at(-1), "333 stay");
    const [, , , losses] = rows(planMermaid(plan(2000, 50), changes)).map((row) => row[0]?.lines);
    assert.equal(losses, undefined);
    assert.match(
      rows(planMermaid(plan(2000, 50), changes))[2]?.[0]?.lines.join() ?? "",
      /^without zeta: \d+ lost,without node1: \d+ lost,without alpha: \d+ lost$/,
    );
  });

  it("has many nodes below each other, in order", () => {
    const nodes = Array.from({ length: 6 }, (_, at) => `n${at}`);
    const drawn = rows(planMermaid({ hypervisors: nodes, placements: [], rooms: [], declared: [], losses: [] }));
    assert.deepEqual(drawn.map(names), [
      ["now", "n0", "n1", "n2", "n3"],
      [" ", "n4", "n5"],
      ["after", "n0", "n1", "n2", "n3"],
      [" ", "n4", "n5"],
    ]);
  });

  it("has names as text, whatever they are", () => {
    const text = planMermaid({
      ...plan(),
      placements: [vm('a"]\nend\nx --- y'), vm('click x "javascript:1"'), vm("`b` <i>;%%{}")],
    });
    assert.doesNotMatch(text.replaceAll("<br>", ""), /^(?:click|end)|[<>`%{}]|javascript:/m);
    assert.equal(rows(text)[0]?.length, 4);
  });
});

describe("a plan as SVG", () => {
  const made = new Date("2026-11-27T14:50:59Z");
  const draw = (...args: Parameters<typeof plan>) => planSvg(plan(...args), { made, changes });
  const root = (text: string) => parseXml(text, "the picture");
  const texts = (text: string) =>
    root(text)
      .children.filter(({ name }) => name === "text")
      .map((each) => each.text ?? "");
  const size = (text: string) => Number(root(text).attrs["height"]);

  it("has a title, what it shows in words, and when it was made", () => {
    const text = draw(3);
    const [title, desc] = root(text).children;
    assert.deepEqual([title?.name, title?.text, desc?.name], ["title", "Where VMs will run", "desc"]);
    assert.match(
      desc?.text ?? "",
      /^now: 10 as before; after: 1 without a place, 1 deleted, 1 made anew, 1 new, .*; without zeta: /,
    );
    assert.equal(root(text).attrs["aria-labelledby"], `${title?.attrs["id"]} ${desc?.attrs["id"]}`);
    assert.ok(texts(text).includes("of the cluster's configuration 0.42, made 2026-11-27 14:50 UTC"));
    assert.ok(texts(planSvg(plan())).includes("of the cluster's configuration 0.42"), "no time was given");
    const later = planSvg({ ...plan(3), epoch: "0.43" }, { made: new Date(0), changes });
    assert.notEqual(later, text);
    assert.equal(timeless(later), timeless(text), "what is the same picture can be told");
  });

  it("has a letter for each thing that happens, and says in a legend what they mean", () => {
    const shown = texts(draw());
    for (const { letter, words } of Object.values(MARKS)) {
      assert.ok(shown.filter((each) => each === letter).length >= 2, `${letter} is in the picture and in its legend`);
      assert.ok(shown.includes(words), words);
    }
    assert.ok(shown.includes("of this program") && shown.includes("of others") && shown.includes("?"));
    const calm = texts(planSvg({ ...plan(), placements: [vm("web")], declared: [{ vm: "web" }], losses: [] }));
    for (const { letter, words } of Object.values(MARKS))
      assert.ok(!calm.includes(letter) && !calm.includes(words), "nothing that is not in the picture");
    assert.equal(new Set(Object.values(MARKS).map(({ letter }) => letter)).size, Object.keys(MARKS).length);
  });

  it("has each node's memory, after the change and after each loss", () => {
    const shown = texts(draw());
    for (const words of ["10 GiB of 32 GiB", "20 GiB of 32 GiB", "30 GiB of 32 GiB"])
      assert.equal(shown.filter((each) => each === words).length, 1, words);
    assert.equal(shown.filter((each) => each === "33 GiB of 32 GiB, too much").length, 6);
  });

  it("is as high as a page, however many VMs there are, and spells out what changes", () => {
    const few = size(draw());
    for (const [others, times] of [
      [30, 1],
      [1000, 1],
      [1000, 30],
    ] as const) {
      const text = draw(others, times);
      assert.ok(size(text) <= 1250, `${others}: ${size(text)}, ${few} without others`);
      const shown = texts(text);
      for (const name of times === 1
        ? ["fresh ?", "gone", "again", "live", "moved", "homeless"]
        : ["fresh ?", "gone", "homeless"])
        assert.ok(shown.includes(name), `${others}: ${name}`);
    }
    assert.ok(texts(draw(1000)).some((each) => /^333 stay/.test(each)));
    const sums = [...draw(0, 30).matchAll(/font-style="italic"[^>]*>([^<]*)<title>([^<]*)</g)];
    assert.ok(
      sums.some(
        ([, letters, words]) => / more: \d+ D, /.test(letters ?? "") && / more: \d+ deleted, /.test(words ?? ""),
      ),
      "letters, and the words for who points there",
    );
    for (const [, letters = ""] of sums) assert.ok(letters.length <= 26, letters);
  });

  it("has the whole of a name that is cut", () => {
    const long = `vm${"x".repeat(60)}`;
    const text = planSvg({ ...plan(), placements: [vm(long)], declared: [{ vm: long }] });
    assert.match(text, new RegExp(`…x+<title>${long}</title>`));
  });
});
