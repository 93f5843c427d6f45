// Values that are read without being looked at, configuration over its defaults, and what was not checked.
import assert from "node:assert/strict";
import { notes, policies, UNKNOWN, unknownCheckingProxy, values } from "./ask.ts";

describe("values of policies", () => {
  const raw = { a: { b: UNKNOWN, c: [1, UNKNOWN, { d: "x" }], e: null }, f: false };

  it("are read behind what throws at an unknown one", () => {
    const proxied = unknownCheckingProxy(raw) as typeof raw;
    assert.throws(() => proxied.a.b);
    assert.deepEqual(values.rawOf(proxied), raw);
  });

  it("are split into what is known, and the paths of what is not", () => {
    const unknown: string[] = [];
    assert.deepEqual(values.knownOf(raw, unknown), { a: { c: [1, { d: "x" }], e: null }, f: false });
    assert.deepEqual(unknown, ["a.b", "a.c.1"]);
  });

  it("lie at paths, which touch when one contains the other", () => {
    assert.deepEqual(
      [values.valueAt(raw, "a.c.2.d"), values.valueAt(raw, "f.x"), values.valueAt(raw, "no.no")],
      ["x", undefined, undefined],
    );
    const touching = [
      ["a", "a"],
      ["a.b", "a"],
      ["a", "a.b.c"],
      ["ab", "a"],
      ["a.b", "a.c"],
    ].map(([one = "", other = ""]) => values.touches(one, other));
    assert.deepEqual(touching, [true, true, true, false, false]);
  });

  it("of a configuration lie over the defaults of its schema", () => {
    const schema = policies.schemaOf(
      {
        many: policies.texts(""),
        most: policies.whole("", 1, 3),
        least: policies.whole("", 1),
        is: policies.flag("", true),
      },
      "skip",
    );
    assert.deepEqual(policies.configOf(schema, { most: 4 }), {
      many: [],
      most: 4,
      is: true,
      onUnknown: "warn",
      onUnreachable: "skip",
      others: "advise",
    });
    assert.deepEqual(policies.configOf(policies.schemaOf({}), {}), { onUnknown: "warn" });
  });

  it("are put into a map within, and nothing else is changed", () => {
    const inputs = { a: 1, b: { c: { d: "x" } } };
    assert.deepEqual(policies.withTexts(inputs, ["b", "c"], { e: "y" }), { a: 1, b: { c: { d: "x", e: "y" } } });
    assert.deepEqual(policies.withTexts(inputs, ["n", "m"], { e: "y" }), { ...inputs, n: { m: { e: "y" } } });
    assert.deepEqual(inputs, { a: 1, b: { c: { d: "x" } } });
  });
});

describe("what was not checked", () => {
  it("is a line for each thing and reason, with the rules that it is about, and is forgotten once it was told", () => {
    notes.takeNotes();
    for (const rule of ["one", "two", "one"]) notes.notChecked({ rule, about: "x", why: "w" }, false);
    notes.notChecked({ rule: "one", about: "y", why: "w" }, false);
    assert.deepEqual(notes.takeNotes(), ["not checked: one, two for x: w", "not checked: one for y: w"]);
    assert.deepEqual(notes.takeNotes(), []);
  });
});

describe("names that a rule is not for", () => {
  it("are those that are said, and what a * stands for", () => {
    const found = (names: string[]) =>
      ["lab1", "lab2x", "web", "xlab1"].filter((name) => policies.isNamed(names, name));
    assert.deepEqual(
      [found([]), found(["web"]), found(["lab*"]), found(["*1"]), found(["l.b1"])],
      [[], ["web"], ["lab1", "lab2x"], ["lab1", "xlab1"], []],
    );
  });
});
