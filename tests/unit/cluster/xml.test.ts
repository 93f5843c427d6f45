import assert from "node:assert/strict";
import { cluster } from "./fixtures.ts";

const { canonicalXml, element, parseXml, renderPretty, renderXml, ParseError, child, descend, findAll } = cluster;
const parse = (text: string) => parseXml(text, "test");

describe("XML", () => {
  it("brings attributes through a round trip, whatever is in them", () => {
    for (const value of [`a"b'c`, "a<b>&c", "é漢😀", " leading and trailing ", "&amp;", "&#10;", "", "]]>", "a=b/c"]) {
      const tree = element("x", { value, id: "i" }, [element("y", { value })]);
      assert.deepEqual(parse(renderXml(tree)), tree, JSON.stringify(value));
    }
  });

  it("brings line breaks and tabs in attributes through a round trip", () => {
    const tree = element("x", { value: "two\nlines\tand\r\nmore" });
    assert.deepEqual(parse(renderXml(tree)), tree);
    assert.doesNotMatch(renderXml(tree), /[\n\r\t]/, "a conforming parser would read them as blanks");
  });

  it("brings text through a round trip", () => {
    for (const text of ["a<b>&c", `"quotes'`, "&lt;", "two\nlines", "é😀", "1.0", "007", "true"]) {
      const tree = element("x", {}, text);
      assert.deepEqual(parse(renderXml(tree)), tree, JSON.stringify(text));
    }
  });

  it("reads entities once", () => {
    assert.equal(parse("<a>&amp;lt;</a>").text, "&lt;");
    assert.equal(parse('<a b="&amp;quot;"/>').attrs["b"], "&quot;");
    assert.equal(parse("<a>&#65;&#x42;</a>").text, "AB");
    assert.equal(parse('<a b="x&#10;y"/>').attrs["b"], "x\ny");
  });

  it("reads CDATA as text, and passes comments, the declaration and instructions over", () => {
    const tree = parse('<?xml version="1.0"?><!-- c --><a><!-- d --><?pi x?><b><![CDATA[<&>]]></b></a>');
    assert.deepEqual(tree, element("a", {}, [element("b", {}, "<&>")]));
    assert.equal(renderXml(tree), "<a><b>&lt;&amp;&gt;</b></a>");
  });

  it("takes a bare line break in an attribute for a blank, as every reader of XML does", () => {
    assert.equal(parse('<a b="x\ny"/>').attrs["b"], "x y");
  });

  it("leaves what CDATA says as it is", () => {
    assert.equal(parse("<a><![CDATA[&amp;&#65;]]></a>").text, "&amp;&#65;");
  });

  it("refuses names that JavaScript keeps for its own objects, or leaves the objects alone", () => {
    for (const text of ['<a constructor="1"/>', '<a __proto__="1"/>', "<a><__proto__/></a>", '<a><b hasOwnProperty="1"/></a>']) {
      try {
        renderXml(parse(text));
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error));
      }
      assert.equal(Object.getPrototypeOf({}), Object.prototype);
    }
  });

  const malformed: [string, RegExp][] = [
    ["<a>\n<b>\n</a>", /line 3|line 2/],
    ["<a", /line 1/],
    ["<a b=c/>", /line 1/],
    ["<a></a><b></b>", /root|line 1/],
    ["<a b='1' b='2'/>", /line 1/],
    ["", /root|line 1/],
    ["only words", /line 1|root/],
    ["<a>\n\n<b></c></a>", /line 3/],
  ];
  for (const [text, says] of malformed) {
    it(`refuses ${JSON.stringify(text)} and says where`, () => {
      assert.throws(() => parse(text), (error: Error) => error instanceof ParseError && says.test(error.message));
    });
  }

  it("is not hurt by entities of entities, or by files that entities name", () => {
    const bomb = `<!DOCTYPE a [<!ENTITY x "${"y".repeat(1000)}">${Array.from({ length: 9 }, (_, i) =>
      `<!ENTITY x${i} "${`&x${i === 0 ? "" : i - 1};`.repeat(10)}">`).join("")}]><a>&x8;</a>`;
    const begun = Date.now();
    let size = 0;
    try {
      size = renderXml(parse(bomb)).length;
    } catch (error) {
      assert.ok(error instanceof ParseError, String(error));
    }
    assert.ok(size < 1_000_000 && Date.now() - begun < 2000);
    let told = "";
    try {
      told = renderXml(parse('<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/hostname">]><a>&f;</a>'));
    } catch (error) {
      assert.ok(error instanceof ParseError, String(error));
    }
    assert.doesNotMatch(told, /root|\w{4,}\n/);
  });

  it("reads or refuses a document of any depth, and never breaks down", () => {
    const deep = (levels: number) => "<a>".repeat(levels) + "</a>".repeat(levels);
    assert.equal(findAll(parse(deep(60)), "a").length, 60);
    assert.throws(() => parse(deep(100_000)), ParseError);
  });

  it("canonical text ignores layout and the order of attributes", () => {
    const a = parse('<d>\n  <x b="2" a="1"/>\n  <y>\n t \n</y>\n</d>');
    const b = parse('<d><x a="1" b="2"></x><y>t</y></d>');
    assert.equal(canonicalXml(a), canonicalXml(b));
  });

  it("canonical text sees the order of elements, their text and every attribute", () => {
    const of = (text: string) => canonicalXml(parse(text));
    assert.notEqual(of("<d><x/><y/></d>"), of("<d><y/><x/></d>"));
    assert.notEqual(of("<d>1</d>"), of("<d>2</d>"));
    assert.notEqual(of('<d a="1"/>'), of('<d a="2"/>'));
    assert.notEqual(of('<d a="1"/>'), of("<d/>"));
    assert.notEqual(of("<d>1</d>"), of("<d/>"));
  });

  it("pretty text says the same, a level each two spaces", () => {
    const tree = element("d", { a: `"<` }, [element("x", {}, [element("y", {}, "t & u"), element("z")])]);
    const text = renderPretty(tree);
    assert.deepEqual(parse(text), tree);
    assert.equal(text.split("\n")[2], "    <y>t &amp; u</y>");
  });

  it("finds by name, by path and at any depth", () => {
    const tree = parse('<a><b id="1"><c/></b><b id="2"/><d><b id="3"/></d></a>');
    assert.equal(child(tree, "b")?.attrs["id"], "1");
    assert.equal(descend(tree, "b", "c")?.name, "c");
    assert.equal(descend(tree, "nothing", "c"), undefined);
    assert.deepEqual(findAll(tree, "b").map((node) => node.attrs["id"]), ["1", "2", "3"]);
  });
});
