import assert from "node:assert/strict";
import { cluster, inventory } from "../../cluster/fixtures.ts";
import { metadata, parked } from "./specs.ts";

const { forgetParked, keptByOthers, parkedWith, readParked, returningWith, standsInFor, without, writeParked } = parked;
const { PARKED_KEY } = metadata;

const set = (id: string, members: string[], more = "") =>
  `<resource_set id="${id}"${more}>${members.map((each) => `<resource_ref id="${each}"/>`).join("")}</resource_set>`;
const trio = cluster.parseXml(
  `<rsc_colocation id="t" score="700">${set("t-0", ["a"])}${set("t-1", ["b", "c"], ' sequential="false"')}</rsc_colocation>`,
  "test",
);
const chain = cluster.parseXml(`<rsc_order id="o" kind="Mandatory">${set("o-0", ["a", "b", "c"])}</rsc_order>`, "test");
const pair = cluster.parseXml('<rsc_colocation id="p" score="5" rsc="a" with-rsc="b"/>', "test");
const names = (node: ReturnType<typeof without>) =>
  node === undefined ? undefined : parked.referencesOf(node).join(" ");

/** A cluster with the VMs, those of `enabled` in the CIB, and what some of them keep. */
function lab(enabled: string[], disabled: string[], kept: Record<string, Parameters<typeof writeParked>[0]> = {}) {
  const found = inventory();
  found.cib.ids = new Set(enabled);
  for (const vm of [...enabled, ...disabled]) {
    const nodes = kept[vm];
    found.images.set(`system_${vm}`, {
      name: `system_${vm}`,
      size: 512,
      metadata: { vm_name: vm, ...(nodes === undefined ? {} : { [PARKED_KEY]: writeParked(nodes) }) },
    });
  }
  return found;
}
const back = (found: ReturnType<typeof lab>, vm: string) => readParked(returningWith(found, vm).constraints).map(names);

describe("constraints that wait", () => {
  it("go on for the others where that says something", () => {
    assert.equal(names(without(trio, ["c"])), "a b");
    assert.equal(names(without(chain, ["b"])), "a c");
    for (const [node, left] of [
      [trio, ["a"]],
      [trio, ["b", "c"]],
      [chain, ["a", "b"]],
      [pair, ["b"]],
    ] as const)
      assert.equal(without(node, left), undefined);
    assert.equal(without(trio, ["x"]), trio);
    const rest = without(trio, ["c"]);
    assert.ok(rest && standsInFor(rest, trio) && standsInFor(trio, trio) && !standsInFor(trio, rest));
    assert.ok(rest && !standsInFor({ ...rest, attrs: { ...rest.attrs, score: "9" } }, trio));
  });

  it("come back with the last VM that they wait for, and in part before", () => {
    assert.deepEqual(back(lab(["a", "b"], ["c"], { c: [trio] }), "c"), ["a b c"]);
    // a and b were disabled after c: whichever comes first finds what c keeps.
    assert.deepEqual(back(lab(["a"], ["b", "c"], { c: [trio] }), "b"), ["a b"]);
    assert.deepEqual(back(lab(["b"], ["a", "c"], { c: [trio] }), "c"), []);
    assert.deepEqual(returningWith(lab(["a"], ["b", "c"], { c: [trio] }), "b").storage, []);
    assert.deepEqual(returningWith(lab(["a", "b"], ["c"], { c: [trio] }), "c").storage, [
      { op: "setMetadata", image: "system_c", unset: [PARKED_KEY] },
    ]);
  });

  it("wait for nobody who is gone, and are put back where a change is", () => {
    const found = lab(["a"], ["b"], { b: [trio, pair] });
    assert.deepEqual(back(found, "b"), ["a b", "a b"]);
    const { storage, restore } = returningWith(found, "b");
    assert.deepEqual(storage, [{ op: "setMetadata", image: "system_b", unset: [PARKED_KEY] }]);
    assert.deepEqual(restore, [
      { op: "setMetadata", image: "system_b", set: { [PARKED_KEY]: writeParked([trio, pair]) } },
    ]);
  });

  it("are kept once, beside what is kept already", () => {
    const rest = without(trio, ["c"]);
    assert.ok(rest);
    assert.equal(parkedWith(lab(["a", "b"], ["c"], { c: [trio] }), "b", [rest]), undefined);
    assert.equal(parkedWith(lab(["a", "b"], ["c"], { c: [trio] }), "b", [rest, pair]), writeParked([pair]));
    assert.equal(parkedWith(lab(["a", "b"], [], { a: [chain] }), "a", [pair]), writeParked([chain, pair]));
  });

  it("are kept by another VM while theirs is made anew, and forgotten one by one", () => {
    assert.deepEqual(keptByOthers(lab(["a", "b"], [], { b: [chain] }), "a", [pair]), [
      { op: "setMetadata", image: "system_b", set: { [PARKED_KEY]: writeParked([chain, pair]) } },
    ]);
    const forget = forgetParked(lab(["a"], ["b"], { b: [chain, pair] }), (node) => node.attrs["id"] === "p");
    assert.deepEqual(forget, [{ op: "setMetadata", image: "system_b", set: { [PARKED_KEY]: writeParked([chain]) } }]);
  });
});
