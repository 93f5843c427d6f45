import assert from "node:assert/strict";
import { CibFile, cluster, unordered } from "./fixtures.ts";

const { CONSTRAINTS, RESOURCES, createChange, deleteChange, diffElement, element, pathOf } = cluster;
type XmlElement = import("../../../provider/dist/cluster/index.js").XmlElement;

/** The same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

// No line breaks among them: Pacemaker 2.1 itself cannot print those.
const VALUES = ["1", "", `"quoted"`, "it's", "<&>", "é漢😀", "a b", "&amp;", "]]>"];
const NAMES = ["cpu", "node-type", "x.y", "_under", "Größe", "note"];

/** A primitive with random parts: attributes with odd values, operations, utilization. */
function randomPrimitive(id: string, next: (below: number) => number): XmlElement {
  const some = <T>(all: readonly T[]) => all.filter(() => next(2) === 0);
  const pairs = (set: string) =>
    some(NAMES).map((name) =>
      element("nvpair", { id: `${id}-${set}-${name}`, name, value: VALUES[next(VALUES.length)] }),
    );
  const op = (name: string) =>
    element("op", {
      id: `${id}-${name}`,
      name,
      interval: `${next(3)}s`,
      timeout: next(2) === 0 ? undefined : `${next(90)}s`,
    });
  return element(
    "primitive",
    { id, class: "ocf", provider: "seapath", type: "VirtualDomain", description: VALUES[next(VALUES.length)] },
    [
      ...(next(4) === 0 ? [] : [element("instance_attributes", { id: `${id}-instance_attributes` }, pairs("i"))]),
      element("meta_attributes", { id: `${id}-meta_attributes` }, pairs("m")),
      ...(next(4) === 0 ? [] : [element("operations", {}, some(["start", "stop", "monitor"]).map(op))]),
      ...(next(2) === 0 ? [] : [element("utilization", { id: `${id}-utilization` }, pairs("u"))]),
    ],
  );
}

describe("a patch of the CIB", function () {
  this.timeout(60_000);
  let cib: CibFile;
  beforeEach(() => {
    cib = new CibFile();
  });
  afterEach(() => cib.end());

  it("makes any primitive into any other, and back, by the real cibadmin", () => {
    const next = numbers(7);
    let before: XmlElement | undefined;
    for (let round = 0; round < 25; round++) {
      const after = round % 6 === 5 ? undefined : randomPrimitive("web01", next);
      cib.apply(diffElement(RESOURCES, before, after));
      assert.equal(unordered(cib.read().primitives.get("web01")), unordered(after), `round ${round}`);
      cib.apply(diffElement(RESOURCES, after, before));
      assert.equal(unordered(cib.read().primitives.get("web01")), unordered(before), `undo of round ${round}`);
      cib.apply(diffElement(RESOURCES, before, after));
      before = after;
    }
  });

  it("leaves everything else as it is, and the undo restores it", () => {
    const before = cib.unordered();
    const known = cib.read().primitives.get("fxrun");
    assert.ok(known);
    const changed: XmlElement = { ...known, children: known.children.filter((each) => each.name !== "utilization") };
    cib.apply(diffElement(RESOURCES, known, changed));
    assert.equal(cib.read().primitives.get("fxrun")?.children.length, known.children.length - 1);
    cib.apply(diffElement(RESOURCES, changed, known));
    assert.ok(cib.unordered() === before);
  });

  it("names each changed attribute, and only those", () => {
    const [change, ...others] = diffElement(
      "/x",
      element("op", { id: "o", a: "1", b: "2", c: "3" }),
      element("op", { id: "o", a: "1", b: "4", d: "5" }),
    );
    assert.deepEqual(others, []);
    const named = change?.children[0]?.children.map((each) => [
      each.attrs["name"],
      each.attrs["operation"],
      each.attrs["value"],
    ]);
    assert.deepEqual(named, [
      ["b", "set", "4"],
      ["c", "unset", undefined],
      ["d", "set", "5"],
    ]);
    assert.equal(change?.attrs["path"], "/x/op[@id='o']");
  });

  it("has nothing to say of equal elements", () => {
    const known = cib.read().primitives.get("fxrun");
    assert.deepEqual(diffElement(RESOURCES, known, structuredClone(known)), []);
    assert.deepEqual(diffElement(RESOURCES, undefined, undefined), []);
  });

  it("is all or nothing: one bad element, and none is applied", () => {
    const before = cib.configuration();
    const good = createChange(
      RESOURCES,
      element("primitive", { id: "good", class: "ocf", provider: "heartbeat", type: "Dummy" }),
    );
    const bad = [
      createChange(RESOURCES, element("nonsense", { id: "bad" })),
      createChange(CONSTRAINTS, element("rsc_location", { id: "bad", rsc: "nobody", node: "node1", score: "many" })),
      createChange("/cib/configuration/nowhere", element("primitive", { id: "bad" })),
      createChange(
        RESOURCES,
        element("primitive", { id: "fxrun", class: "ocf", provider: "heartbeat", type: "Dummy" }),
      ),
    ];
    for (const each of bad) {
      const { code } = cib.patch([good, each]);
      assert.notEqual(code, 0, JSON.stringify(each));
      assert.ok(cib.configuration() === before);
    }
    assert.equal(cib.patch([good]).code, 0);
    assert.ok(cib.read().primitives.has("good"));
  });

  it("needs no version, and may remove what is gone", () => {
    cib.run(["crm_attribute", "--type", "crm_config", "--name", "cluster-name", "--update", "other"]);
    const change = deleteChange(`${CONSTRAINTS}/rsc_order[@id='fxorder']`);
    cib.apply([change]);
    assert.equal(
      cib.read().constraints.some((each) => each.attrs["id"] === "fxorder"),
      false,
    );
    cib.apply([change]);
  });

  it("takes ids as Pacemaker has them, with dots, dashes, underscores and letters of any script", () => {
    for (const id of ["a.b-c_d", "_x", "Größe", "漢字", "ns-1.2.3"]) {
      const rule = element("rsc_location", { id, rsc: "fxrun", node: "node1", score: "5" });
      cib.apply(diffElement(CONSTRAINTS, undefined, rule));
      const other = { ...rule, attrs: { ...rule.attrs, score: "6" } };
      cib.apply(diffElement(CONSTRAINTS, rule, other));
      assert.deepEqual(
        cib.read().constraints.find((each) => each.attrs["id"] === id),
        other,
      );
      cib.apply(diffElement(CONSTRAINTS, other, undefined));
      assert.equal(
        cib.read().constraints.some((each) => each.attrs["id"] === id),
        false,
      );
    }
  });

  it("refuses an id that would end the literal of a path", () => {
    assert.throws(() => pathOf(RESOURCES, element("primitive", { id: "a'] | //*['" })), /quote/);
    assert.equal(pathOf("/x", element("operations")), "/x/operations");
  });
});
