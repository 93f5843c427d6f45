import assert from "node:assert/strict";
import { CibFile, cluster, fixture } from "./fixtures.ts";

const { constraintsOn, parseCib, parseXml, seconds, nvpairs, ParseError } = cluster;
const ids = (nodes: { attrs: Record<string, string> }[]) => nodes.map((node) => node.attrs["id"]);

describe("the CIB of the lab", () => {
  const cib = parseCib(fixture("cib.xml"));

  it("has nodes, primitives, properties and an epoch", () => {
    assert.deepEqual(cib.nodes, ["node1", "node2", "node3"]);
    assert.deepEqual([...cib.primitives.keys()], ["fxrun", "fxstop", "fxfail", "fxman"]);
    assert.equal(cib.primitives.get("fxrun")?.attrs["type"], "VirtualDomain");
    assert.equal(cib.properties["cluster-name"], "seapath");
    assert.match(cib.epoch, /^\d+\.\d+$/);
    assert.deepEqual([...cib.standby], []);
    for (const id of ["fxrun", "fxrun-meta_attributes", "fxrule-rule", "fxset-0", "1"]) assert.ok(cib.ids.has(id), id);
  });

  it("finds each constraint that names a resource, in whatever form", () => {
    assert.deepEqual(ids(constraintsOn(cib, "fxrun")), [
      "cli-prefer-fxrun",
      "fxrule",
      "colocation-fxrun-withfxman",
      "fxset",
      "fxorder",
      "fxorderset",
      "fxlocset",
    ]);
    assert.deepEqual(ids(constraintsOn(cib, "fxman")), [
      "colocation-fxrun-withfxman",
      "fxset",
      "fxorder",
      "fxorderset",
    ]);
    assert.deepEqual(ids(constraintsOn(cib, "fxfail")), []);
    assert.deepEqual(ids(constraintsOn(cib, "node1")), []);
  });

  it("does not take what a rule speaks of for a resource", () => {
    const rule = '<rule id="r" score="1"><rsc_expression id="e" rsc="fxman"/></rule>';
    const text = fixture("cib.xml").replace('<rsc_location id="fxrule" rsc="fxrun">', `$&${rule}`);
    assert.deepEqual(ids(constraintsOn(parseCib(text), "fxman")), ids(constraintsOn(cib, "fxman")));
  });

  it("does not take a resource for another whose name begins alike", () => {
    assert.deepEqual(constraintsOn(cib, "fx"), []);
    assert.deepEqual(constraintsOn(cib, "fxru"), []);
  });

  it("sees members of groups and clones, and nodes in standby, but no remote nodes", function () {
    const file = new CibFile();
    try {
      assert.equal(file.run(["crm_attribute", "--node", "node2", "--name", "standby", "--update", "on"]).code, 0);
      const dummy = (id: string) => `<primitive id="${id}" class="ocf" provider="heartbeat" type="Dummy"/>`;
      const text = `<clone id="cl"><group id="gr">${dummy("member")}</group></clone>`;
      assert.equal(file.run(["cibadmin", "--create", "--scope", "resources", "--xml-text", text]).code, 0);
      file.run([
        "cibadmin",
        "--create",
        "--scope",
        "nodes",
        "--xml-text",
        '<node id="far" uname="far" type="remote"/>',
      ]);
      const read = file.read();
      assert.deepEqual([...read.standby], ["node2"]);
      assert.ok(read.primitives.has("member"));
      assert.ok(read.ids.has("far"));
      assert.deepEqual(read.nodes, ["node1", "node2", "node3"]);
    } finally {
      file.end();
    }
  });

  it("takes the first of several values of a name, as Pacemaker does", () => {
    const two = parseXml(
      '<p><m id="1"><nvpair name="a" value="first"/></m><m id="2"><nvpair name="a" value="x"/><nvpair name="b" value="2"/></m></p>',
      "test",
    );
    assert.deepEqual(nvpairs(two, "m"), { a: "first", b: "2" });
    assert.deepEqual(nvpairs(undefined, "m"), {});
  });

  it("refuses what is no CIB", () => {
    assert.throws(() => parseCib("<status/>"), ParseError);
    assert.throws(() => parseCib("<cib/>"), ParseError);
    assert.throws(() => parseCib(fixture("cib.xml").slice(0, 5000)), ParseError);
  });

  it("reads Pacemaker's times", () => {
    const times: [string | undefined, number | undefined][] = [
      ["120", 120],
      ["120s", 120],
      ["2min", 120],
      ["2m", 120],
      ["1500ms", 1.5],
      ["1h", 3600],
      ["0", 0],
      [" 30 s ", 30],
      ["1.5s", 1.5],
      [undefined, undefined],
      ["", undefined],
      ["soon", undefined],
      ["-1", undefined],
      ["5 days", undefined],
    ];
    for (const [text, expected] of times) assert.equal(seconds(text), expected, text);
  });
});
