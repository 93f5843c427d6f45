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
    for (const text of [
      '<a constructor="1"/>',
      '<a __proto__="1"/>',
      "<a><__proto__/></a>",
      '<a><b hasOwnProperty="1"/></a>',
    ]) {
      try {
        renderXml(parse(text));
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error));
      }
      assert.equal(Object.getPrototypeOf({}), Object.prototype);
    }
  });

  it("knows five entities, and none that every object of JavaScript has", () => {
    for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "nbsp", ""]) {
      assert.throws(() => parse(`<a>&${name};</a>`), ParseError, name);
      assert.throws(() => parse(`<a b="&${name};"/>`), ParseError, name);
    }
    const tree = element("nvpair", { name: "constructor", value: "v" });
    assert.equal(cluster.nvpairs(element("x", {}, [element("s", {}, [tree])]), "s")["constructor"], "v");
  });

  it("takes no character that XML cannot hold, written or referred to, and writes none", () => {
    for (const reference of [
      "#0",
      "#x1b",
      "#8",
      "#xD800",
      "#xDFFF",
      "#xFFFE",
      "#xFFFF",
      "#x110000",
      "#99999999999",
      "#xFFFFFFFFFFFFFFFFFFFF",
    ]) {
      assert.throws(() => parse(`<a>&${reference};</a>`), ParseError, reference);
      assert.throws(() => parse(`<a b="&${reference};"/>`), ParseError, reference);
    }
    for (const char of ["\u0000", "\u001b", "\u000b", "\ud800", "\udc00", "\ufffe"]) {
      assert.throws(() => parse(`<a>${char}</a>`), ParseError);
      assert.throws(() => parse(`<a b="${char}"/>`), ParseError);
      assert.throws(() => renderXml(element("a", { b: char })), /XML cannot hold the character U\+/);
      assert.throws(() => renderXml(element("a", {}, char)), /XML cannot hold the character U\+/);
    }
    assert.equal(parse("<a>&#x9;&#xD7FF;&#xE000;&#x10FFFF;\u0085</a>").text, "\t\ud7ff\ue000\u{10ffff}\u0085");
  });

  it("takes no document type, so that no entity grows and none names a file", () => {
    for (const text of [
      '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
      '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
      "<a><!ELEMENT b></a>",
    ]) {
      assert.throws(() => parse(text), /it has a document type, which is not taken/);
    }
    assert.equal(parse("<a><!-- <!DOCTYPE x> --><![CDATA[<!DOCTYPE y>]]></a>").text, "<!DOCTYPE y>");
  });

  it("takes documents of a shape that readers can bear, and tells the others soon", function () {
    this.timeout(60_000);
    const nested = (levels: number) => "<a>".repeat(levels) + "</a>".repeat(levels);
    assert.equal(findAll(parse(nested(100)), "a").length, 100);
    const begun = Date.now();
    for (const text of [
      nested(101),
      nested(200_000),
      "<a>".repeat(500_000),
      `<a>${"<a/>".repeat(1_600_000)}</a>`,
      `<a ${'b="" '.repeat(6_100_000)}/>`,
      "<!--".repeat(500_000),
      "<![CDATA[".repeat(300_000),
      "<?".repeat(500_000),
      '<a b="'.repeat(300_000),
      "<".repeat(500_000),
      "<a ".repeat(500_000),
    ]) {
      assert.throws(() => parse(text), ParseError, text.slice(0, 20));
    }
    assert.ok(Date.now() - begun < 30_000, `${Date.now() - begun} ms`);
  });

  it("reads the configuration of very many VMs", function () {
    this.timeout(60_000);
    const primitive = (at: number) =>
      `<primitive id="vm${at}"><meta_attributes id="m${at}">${Array.from({ length: 3 }, (_, pair) => `<nvpair id="vm${at}-${pair}" name="n${pair}" value="v"/>`).join("")}</meta_attributes></primitive>`;
    const text = `<cib><configuration><resources>${Array.from({ length: 20_000 }, (_, at) => primitive(at)).join("")}</resources></configuration></cib>`;
    assert.equal(cluster.parseCib(text).primitives.size, 20_000);
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
      assert.throws(
        () => parse(text),
        (error: Error) => error instanceof ParseError && says.test(error.message),
      );
    });
  }

  it("is not hurt by entities of entities, or by files that entities name", () => {
    const bomb = `<!DOCTYPE a [<!ENTITY x "${"y".repeat(1000)}">${Array.from(
      { length: 9 },
      (_, i) => `<!ENTITY x${i} "${`&x${i === 0 ? "" : i - 1};`.repeat(10)}">`,
    ).join("")}]><a>&x8;</a>`;
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

  it("keeps text beside elements byte for byte, with its place among them", () => {
    for (const text of [
      "<m>a <b/> &lt;c&gt;\n <b>t</b>\t</m>",
      "<m><b/>tail</m>",
      "<m>head<b/></m>",
      "<x><m>é<b><c/>d</b></m><y/></x>",
    ]) {
      assert.equal(renderXml(parse(text)), text);
      assert.deepEqual(parse(renderPretty(parse(text))), parse(text), text);
      assert.deepEqual(parse(canonicalXml(parse(text))), parse(text), text);
    }
    assert.equal(renderXml(parse("<m>a<![CDATA[<&]]><b/></m>")), "<m>a&lt;&amp;<b/></m>");
    assert.notEqual(canonicalXml(parse("<m>a<b/></m>")), canonicalXml(parse("<m><b/>a</m>")));
    assert.deepEqual(parse("<m>\n  <b/>\n</m>"), element("m", {}, [element("b")]), "layout alone is none");
  });

  it("finds by name, by path and at any depth", () => {
    const tree = parse('<a><b id="1"><c/></b><b id="2"/><d><b id="3"/></d></a>');
    assert.equal(child(tree, "b")?.attrs["id"], "1");
    assert.equal(descend(tree, "b", "c")?.name, "c");
    assert.equal(descend(tree, "nothing", "c"), undefined);
    assert.deepEqual(
      findAll(tree, "b").map((node) => node.attrs["id"]),
      ["1", "2", "3"],
    );
  });
});
