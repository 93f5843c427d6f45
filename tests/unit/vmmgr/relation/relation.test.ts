import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cluster, CibFile, inventory } from "../../cluster/fixtures.ts";
import { metadata, parked } from "../form/specs.ts";

const require = createRequire(import.meta.url);
const relation =
  require("../../../../provider/dist/vmmgr/relation/index.js") as typeof import("../../../../provider/dist/vmmgr/relation/index.js");
const elements =
  require("../../../../provider/dist/vmmgr/relation/element.js") as typeof import("../../../../provider/dist/vmmgr/relation/element.js");
const {
  colocationRelation,
  readColocation,
  contradictions,
  colocationNotices,
  orderRelation,
  readOrder,
  orderRefusals,
  memberRefusals,
} = relation;
type Spec = Parameters<typeof colocationRelation>[0];
type OrderSpec = Parameters<typeof orderRelation>[0];

const spec = (more: Partial<Spec> = {}): Spec => ({
  vm: "fxrun",
  with: ["fxman", "fxstop"],
  strong: false,
  apart: false,
  owner: "shop/dev/pair",
  ...more,
});
const order = (more: Partial<OrderSpec> = {}): OrderSpec => ({
  first: "fxrun",
  then: ["fxstop", "fxfail"],
  sequential: true,
  kind: "mandatory",
  symmetrical: true,
  owner: "shop/dev/boot",
  ...more,
});
const ids = ({ elements: made }: { elements: { attrs: Record<string, string> }[] }) =>
  made.map(({ attrs }) => attrs["id"]);
const xml = (text: string) => cluster.parseXml(text, "the test");

/** The lab's fixture with constraints beside its own. */
function withConstraints(...texts: string[]) {
  const lab = inventory();
  // The fixture's own strong one is in the way of what is tried here.
  lab.cib.constraints = [...lab.cib.constraints.filter(({ attrs }) => attrs["id"] !== "fxset"), ...texts.map(xml)];
  return lab;
}

describe("what the CIB says of a colocation", () => {
  it("is what crmsh makes of vm-mgr's command, but for the ids of the sets", () => {
    const [made] = colocationRelation(spec()).elements;
    // As `crm configure colocation colocation-a-withb-c 700: a ( b c )` was seen to write it.
    const crm = xml(`<rsc_colocation id="colocation-fxrun-withfxman-fxstop" score="700">
      <resource_set id="colocation-fxrun-withfxman-fxstop-0"><resource_ref id="fxrun"/></resource_set>
      <resource_set sequential="false" id="colocation-fxrun-withfxman-fxstop-1"><resource_ref id="fxman"/><resource_ref id="fxstop"/></resource_set>
    </rsc_colocation>`);
    assert.ok(made && elements.saysTheSame(made, crm));
    const unowned = colocationRelation({ ...spec(), owner: undefined as unknown as string }).elements[0];
    assert.equal(unowned && cluster.canonicalXml(unowned), cluster.canonicalXml(crm));
  });

  it("has vm-mgr's ids, and one constraint for each pair apart", () => {
    assert.deepEqual(ids(colocationRelation(spec({ strong: true }))), ["colocation-strong-fxrun-withfxman-fxstop"]);
    assert.deepEqual(ids(colocationRelation(spec({ apart: true }))), [
      "apart-fxrun-withfxman",
      "apart-fxrun-withfxstop",
      "apart-fxman-withfxstop",
    ]);
    const scores = (more: Partial<Spec>) => colocationRelation(spec(more)).elements.map(({ attrs }) => attrs["score"]);
    assert.deepEqual(scores({}), ["700"]);
    assert.deepEqual(scores({ score: 55 }), ["55"]);
    assert.deepEqual(scores({ strong: true }), ["INFINITY"]);
    assert.deepEqual(scores({ apart: true }), ["-700", "-700", "-700"]);
    assert.deepEqual(scores({ apart: true, strong: true, with: ["fxman"] }), ["-INFINITY"]);
  });

  it("is taken by Pacemaker, also changed into another in one patch under the same id", () => {
    const file = new CibFile();
    try {
      const put = (...made: import("../../../../provider/dist/cluster/index.js").XmlElement[]) =>
        file.apply(made.map((node) => cluster.createChange(cluster.CONSTRAINTS, node)));
      put(
        ...colocationRelation(spec({ apart: true })).elements,
        ...orderRelation(order()).elements,
        ...orderRelation(order({ first: "fxfail", then: ["fxman"], sequential: false, kind: "serialize" })).elements,
      );
      const [before] = colocationRelation(spec({ apart: true, with: ["fxman"] })).elements;
      const [after] = colocationRelation(spec({ apart: true, with: ["fxman"], score: 5 })).elements;
      assert.ok(before && after);
      file.apply([
        cluster.deleteChange(cluster.pathOf(cluster.CONSTRAINTS, before)),
        cluster.createChange(cluster.CONSTRAINTS, after),
      ]);
      const now = elements.constraintOf(file.read(), "apart-fxrun-withfxman");
      assert.ok(now && elements.saysTheSame(now, after));
      assert.equal(elements.ownerOf(now), "shop/dev/pair");
    } finally {
      file.end();
    }
  });

  it("says whose it is, and nothing else is taken for a mark", () => {
    const [made] = colocationRelation(spec({ owner: "shop/dev/a pair: 1" })).elements;
    assert.ok(made);
    assert.ok(elements.isMarkedBy(made, "shop/dev/a pair: 1"));
    assert.ok(!elements.isMarkedBy(made, "shop/dev/other"));
    assert.ok(!elements.isMarkedBy(made, undefined));
    const foreign = inventory().cib.constraints.filter((node) => elements.ownerOf(node) !== undefined);
    assert.deepEqual(foreign, []);
  });
});

describe("a colocation that is read back", () => {
  const specs: [string, Partial<Spec>][] = [
    ["weak", {}],
    ["strong", { strong: true }],
    ["of a weight", { score: 12 }],
    ["apart", { apart: true }],
    ["strong and apart", { apart: true, strong: true }],
    ["of two", { with: ["fxman"] }],
  ];
  for (const [what, more] of specs) {
    it(`is as it was asked: ${what}`, () => {
      const asked = spec(more);
      const { owner: _owner, ...rest } = asked;
      assert.deepEqual(readColocation(colocationRelation(asked).elements, asked), rest);
    });
  }

  it("keeps the user's order of VMs whose order does not count", () => {
    const asked = spec({ with: ["fxstop", "fxman"] });
    assert.deepEqual(readColocation(colocationRelation(spec()).elements, asked).with, ["fxstop", "fxman"]);
  });

  it("is the same when it was written with two attributes", () => {
    const [found] = inventory().cib.constraints.filter(({ attrs }) => attrs["id"] === "colocation-fxrun-withfxman");
    assert.ok(found);
    assert.deepEqual(readColocation([found], spec({ with: ["fxman"] })), {
      vm: "fxrun",
      with: ["fxman"],
      strong: false,
      apart: false,
    });
  });

  it("shows another score, other members, a lost pair, and what no input can say", () => {
    const [one] = colocationRelation(spec()).elements;
    assert.ok(one);
    const scored = (score: string) => readColocation([{ ...one, attrs: { ...one.attrs, score } }], spec());
    assert.equal(scored("300").score, 300);
    assert.equal(scored("INFINITY").strong, true);
    assert.equal(scored("-700").apart, true);
    assert.deepEqual(readColocation(colocationRelation(spec({ with: ["fxman"] })).elements, spec()).with, ["fxman"]);
    const pairs = colocationRelation(spec({ apart: true })).elements;
    assert.match(
      readColocation(pairs.slice(0, 2), spec({ apart: true })).altered ?? "",
      /apart-fxman-withfxstop is missing/,
    );
    assert.deepEqual(readColocation(pairs.slice(0, 1), spec({ apart: true })), {
      vm: "fxrun",
      with: ["fxman"],
      strong: false,
      apart: true,
    });
    const chained = { ...one, children: one.children.map((set) => ({ ...set, attrs: { id: set.attrs["id"] ?? "" } })) };
    assert.match(readColocation([chained], spec()).altered ?? "", /says something else/);
  });
});

describe("what speaks against a colocation", () => {
  const strong = (id: string, a: string, b: string, score = "INFINITY") =>
    `<rsc_colocation id="${id}" score="${score}" rsc="${a}" with-rsc="${b}"/>`;
  const refused = (lab: ReturnType<typeof inventory>, more: Partial<Spec>) =>
    contradictions(lab.cib.constraints, spec(more)).map(({ property, reason }) => `${property}: ${reason}`);

  it("is nothing where nothing does", () => {
    assert.deepEqual(refused(inventory(), { strong: true }), []);
    assert.deepEqual(
      refused(withConstraints(strong("t", "fxrun", "fxman", "500")), { strong: true, apart: true, with: ["fxman"] }),
      [],
    );
  });

  it("is a strong constraint to the contrary, also by way of others", () => {
    assert.match(
      refused(withConstraints(strong("t", "fxman", "fxrun")), { strong: true, apart: true }).join(),
      /^apart: "fxrun" and "fxman" cannot be kept apart: "t" keeps them together/,
    );
    const via = withConstraints(strong("t", "fxman", "fxfail"), strong("u", "fxfail", "fxrun"));
    assert.match(refused(via, { strong: true, apart: true }).join(), /"u" and "t" keeps/);
    assert.match(
      refused(withConstraints(strong("t", "fxman", "fxrun", "-INFINITY")), { strong: true }).join(),
      /^with: .*"t" keeps them apart/,
    );
    assert.match(
      refused(withConstraints(strong("t", "fxman", "fxstop", "-INFINITY")), { strong: true }).join(),
      /^with: "fxman" and "fxstop" cannot be kept together/,
    );
  });

  it("is not what it says itself, nor what is a wish", () => {
    const lab = withConstraints();
    lab.cib.constraints.push(...colocationRelation(spec({ strong: true, apart: true })).elements);
    assert.deepEqual(refused(lab, { strong: true }), []);
    assert.deepEqual(refused(withConstraints(strong("t", "fxman", "fxrun")), { apart: true }), []);
  });

  it("is a VM that is not there or not enabled, unless the program makes it", () => {
    const named = [
      { property: "vm", vm: "fxrun" },
      { property: "with[0]", vm: "web99" },
    ];
    assert.match(
      memberRefusals(inventory(), named, () => undefined)
        .map(({ property, reason }) => `${property}: ${reason}`)
        .join(),
      /^with\[0\]: VM "web99" does not exist: it is not on the cluster; one that this program makes is named by its output/,
    );
    assert.deepEqual(
      memberRefusals(inventory(), named, (vm) => (vm === "web99" ? { enabled: true } : undefined)),
      [],
    );
    assert.match(
      memberRefusals(inventory(), named, () => ({ enabled: false }))
        .map(({ reason }) => reason)
        .join(),
      /has `enabled: false` in this program/,
    );
    const disabled = inventory();
    disabled.cib.primitives.delete("fxrun");
    assert.match(
      memberRefusals(disabled, named.slice(0, 1), () => undefined)[0]?.reason ?? "",
      /VM "fxrun" is not enabled/,
    );
  });

  const planned = (pins: Record<string, string>) => (vm: string) =>
    pins[vm] === undefined ? undefined : { enabled: true, pinnedHost: pins[vm] };

  it("is warned of where pins or the number of nodes leave no room for a wish", () => {
    const notices = (more: Partial<Spec>, pins: Record<string, string>) =>
      colocationNotices(inventory(), spec(more), planned(pins)).join("\n");
    assert.match(
      notices({}, { fxrun: "node1", fxman: "node2" }),
      /"fxrun" is pinned to node1 and "fxman" to node2; it will have no effect on them/,
    );
    assert.match(notices({ apart: true }, { fxrun: "node1", fxman: "node1" }), /both pinned to node1/);
    assert.doesNotMatch(notices({ apart: true, with: ["fxman"] }, { fxrun: "node1", fxman: "node2" }), /pinned/);
    assert.match(
      notices({ apart: true, with: ["fxman", "fxstop", "fxfail"] }, {}),
      /4 VMs apart on 3 nodes: some will share one/,
    );
  });

  it("is refused where it is strong and could never hold", () => {
    const never = (more: Partial<Spec>, pins: Record<string, string>) =>
      relation
        .contradictionRefusals(inventory(), spec({ strong: true, ...more }), planned(pins))
        .map(({ property, reason }) => `${property}: ${reason}`)
        .join("\n");
    assert.match(
      never({}, { fxrun: "node1", fxman: "node2" }),
      /^with: "fxrun" is pinned to node1 and "fxman" to node2: "fxrun" would not run while "fxman" does\. Change a pin, or/,
    );
    assert.match(
      never({ apart: true }, { fxrun: "node1", fxman: "node1" }),
      /^apart: "fxrun" and "fxman" are both pinned to node1/,
    );
    assert.match(
      never({ apart: true, with: ["fxman", "fxfail", "web01"] }, { web01: "node3" }),
      /^with: 4 VMs cannot each have a node of their own: the cluster has the hypervisors node1, node2, node3, and fxrun would not run/,
    );
    assert.equal(never({ strong: false }, { fxrun: "node1", fxman: "node2" }), "");
    assert.equal(never({ apart: true, with: ["fxman"] }, { fxrun: "node1", fxman: "node2" }), "");
    // One that is not to run needs no node.
    const idle = relation.contradictionRefusals(
      inventory(),
      spec({ strong: true, apart: true, with: ["fxman", "fxfail", "web01"] }),
      (vm) => (vm === "web01" ? { enabled: true, started: false } : undefined),
    );
    assert.deepEqual(idle, []);
  });

  it("is a pin that strong colocations of others leave no room for", () => {
    const refused = (constraints: string[], pins: Record<string, string>, own: string[] = []) => {
      const isOwn: Parameters<typeof relation.pinRefusals>[4] = (what) =>
        own.includes(typeof what === "string" ? what : (what.attrs["id"] ?? ""));
      return relation
        .pinRefusals(withConstraints(...constraints), "fxrun", "node1", planned(pins), isOwn)
        .map(({ reason }) => reason)
        .join("\n");
    };
    assert.match(
      refused([strong("t", "fxrun", "fxman")], { fxman: "node2" }),
      /^"t" keeps "fxrun" with "fxman", strongly, which is pinned to node2: on node1 one of them would not run$/,
    );
    assert.match(
      refused([strong("t", "fxman", "fxrun", "-INFINITY")], { fxman: "node1" }),
      /^"t" keeps "fxrun" apart from "fxman"/,
    );
    assert.equal(refused([strong("t", "fxrun", "fxman")], { fxman: "node1" }), "");
    assert.equal(
      refused([strong("t", "fxrun", "fxman")], { fxman: "node2" }, ["t"]),
      "",
      "the program may change its own",
    );
  });
});

describe("a colocation that is looked for", () => {
  const known = { noun: "colocation" as const, owners: ["shop/dev/pair"], ids: ["colocation-fxrun-withfxman-fxstop"] };
  const [whole] = colocationRelation(spec()).elements;
  const found = (change: (lab: ReturnType<typeof inventory>) => void) => {
    const lab = inventory();
    change(lab);
    const answer = relation.findRelation(lab, known);
    return answer && { ids: answer.elements.map(({ attrs }) => attrs["id"]), waitsFor: answer.waitsFor };
  };
  const park = (lab: ReturnType<typeof inventory>) => {
    assert.ok(whole);
    lab.images.set("system_fxstop", {
      name: "system_fxstop",
      size: 512,
      metadata: { [metadata.PARKED_KEY]: parked.writeParked([whole]) },
    });
  };
  const ID = "colocation-fxrun-withfxman-fxstop";

  it("is found by its mark, or by its id where it has none, and not when it is another's", () => {
    assert.ok(whole);
    assert.deepEqual(
      found((lab) => lab.cib.constraints.push({ ...whole, attrs: { ...whole.attrs, id: "renamed" } })),
      { ids: ["renamed"], waitsFor: [] },
    );
    const unmarked = colocationRelation({ ...spec(), owner: undefined as unknown as string }).elements;
    assert.deepEqual(
      found((lab) => lab.cib.constraints.push(...unmarked)),
      { ids: [ID], waitsFor: [] },
    );
    assert.equal(
      found((lab) => lab.cib.constraints.push(...colocationRelation(spec({ owner: "shop/prod/pair" })).elements)),
      undefined,
    );
    assert.equal(
      found(() => undefined),
      undefined,
    );
  });

  it("waits with a VM that is not enabled, whole, whatever stands in for it", () => {
    const away = (lab: ReturnType<typeof inventory>) => {
      lab.cib.primitives.delete("fxstop");
      park(lab);
    };
    assert.deepEqual(found(away), { ids: [ID], waitsFor: ["fxstop"] });
    const rest = whole && parked.without(whole, ["fxstop"]);
    assert.ok(rest);
    assert.deepEqual(
      found((lab) => (away(lab), lab.cib.constraints.push(rest))),
      { ids: [ID], waitsFor: ["fxstop"] },
    );
  });

  it("is gone when vm-mgr has enabled the VM without it", () => {
    assert.equal(found(park), undefined);
  });
});

describe("an order", () => {
  it("is one set of a chain, or two where they need not wait for each other", () => {
    const text = (more: Partial<OrderSpec>) =>
      cluster.renderXml(orderRelation(order({ ...more, owner: undefined as unknown as string })).elements[0]!);
    assert.equal(
      text({}),
      '<rsc_order id="order-fxrun-thenfxstop-fxfail" kind="Mandatory"><resource_set id="order-fxrun-thenfxstop-fxfail-0"><resource_ref id="fxrun"/><resource_ref id="fxstop"/><resource_ref id="fxfail"/></resource_set></rsc_order>',
    );
    assert.match(
      text({ sequential: false, kind: "optional", symmetrical: false }),
      /kind="Optional" symmetrical="false"><resource_set id="[^"]*-0"><resource_ref id="fxrun"\/><\/resource_set><resource_set id="[^"]*-1" sequential="false">/,
    );
    assert.doesNotMatch(text({ kind: "serialize", symmetrical: false }), /symmetrical/);
  });

  for (const more of [
    {},
    { sequential: false },
    { kind: "optional" },
    { kind: "serialize" },
    { symmetrical: false },
    { then: ["fxman"] },
    { then: ["fxman"], sequential: false },
  ] as Partial<OrderSpec>[]) {
    it(`is read back as it was asked: ${JSON.stringify(more)}`, () => {
      const { owner: _owner, ...rest } = order(more);
      assert.deepEqual(readOrder(orderRelation(order(more)).elements[0]!, order(more)), rest);
    });
  }

  it("is read from attributes as well, and shows what another tool made of it", () => {
    const asked = order({ then: ["fxstop"] });
    const read = (text: string) => readOrder(xml(text), asked);
    assert.deepEqual(read('<rsc_order id="o" first="fxrun" then="fxstop"/>').altered, undefined);
    assert.equal(read('<rsc_order id="o" score="0" first="fxrun" then="fxstop"/>').kind, "optional");
    assert.match(
      read('<rsc_order id="o" first="fxrun" first-action="promote" then="fxstop"/>').altered ?? "",
      /says something else/,
    );
  });

  it("that would make a ring is refused, by name", () => {
    const lab = withConstraints(
      '<rsc_order id="o1" kind="Mandatory" first="fxstop" then="fxman"/>',
      '<rsc_order id="o2" first="fxman" then="fxrun"/>',
    );
    assert.match(
      orderRefusals(lab.cib.constraints, order())
        .map(({ property, reason }) => `${property}: ${reason}`)
        .join(),
      /^then: "fxstop" cannot wait for "fxrun": by "o1" and "o2"/,
    );
    assert.deepEqual(orderRefusals(lab.cib.constraints, order({ kind: "optional" })), []);
    assert.deepEqual(orderRefusals(inventory().cib.constraints, order()), []);
  });
});
