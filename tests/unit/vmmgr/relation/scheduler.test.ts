/** What each form of a colocation does, by Pacemaker's own scheduler on a cluster in a file: what docs/colocations.md says. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cluster, CibFile } from "../../cluster/fixtures.ts";

const require = createRequire(import.meta.url);
const { colocationRelation, orderRelation } =
  require("../../../../provider/dist/vmmgr/relation/index.js") as typeof import("../../../../provider/dist/vmmgr/relation/index.js");
type XmlElement = import("../../../../provider/dist/cluster/index.js").XmlElement;
type Spec = Parameters<typeof colocationRelation>[0];

const DIGEST = "f2317cad3d54cec5d7d7aa7d0bf35cf8";
const history = (vm: string, runs: boolean) => {
  const [operation, rc] = runs ? ["start", 0] : ["monitor", 7];
  return `<lrm_resource id="${vm}" class="ocf" provider="pacemaker" type="Dummy"><lrm_rsc_op id="${vm}_last_0"
    operation_key="${vm}_${operation}_0" operation="${operation}" crm_feature_set="3.16.1" transition-key="5:1:${rc}:x"
    transition-magic="0:${rc};5:1:${rc}:x" call-id="5" rc-code="${rc}" op-status="0" interval="0" op-digest="${DIGEST}"/></lrm_resource>`;
};

/** Three nodes of equal worth with VMs running on them, stickiness 1 as the lab has it, and constraints. */
function cib(at: Record<string, number>, constraints: readonly XmlElement[]): string {
  const vms = Object.keys(at);
  const primitive = (vm: string) =>
    `<primitive id="${vm}" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="${vm}-m"><nvpair id="${vm}-m1" name="allow-migrate" value="true"/></meta_attributes></primitive>`;
  const state = (
    node: number,
  ) => `<node_state id="${node}" uname="node${node}" in_ccm="true" crmd="online" join="member" expected="member">
    <lrm id="${node}"><lrm_resources>${vms.map((vm) => history(vm, at[vm] === node)).join("")}</lrm_resources></lrm></node_state>`;
  return `<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1" dc-uuid="1"><configuration>
    <crm_config><cluster_property_set id="cps"><nvpair id="cps-s" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
    <nodes>${[1, 2, 3].map((n) => `<node id="${n}" uname="node${n}"/>`).join("")}</nodes>
    <resources>${vms.map(primitive).join("")}</resources><constraints>${constraints.map((node) => cluster.renderXml(node)).join("")}</constraints>
    <rsc_defaults><meta_attributes id="rd"><nvpair id="rd-s" name="resource-stickiness" value="1"/></meta_attributes></rsc_defaults>
    </configuration><status>${[1, 2, 3].map(state).join("")}</status></cib>`;
}

/** Where each VM is when the scheduler has had its way; undefined for one that does not run. */
function settled(
  at: Record<string, number>,
  constraints: readonly XmlElement[],
  ...events: string[]
): Record<string, string | undefined> {
  const file = new CibFile(cib(at, constraints));
  try {
    assert.equal(file.run(["crm_verify", "-x", file.path]).code, 0);
    const { code, stdout } = file.run(["crm_simulate", "-x", file.path, "-S", ...events, "--output-as=xml"]);
    assert.equal(code, 0);
    const revised = cluster.descend(cluster.parseXml(stdout, "crm_simulate"), "revised_cluster_status", "resources");
    assert.ok(revised);
    return Object.fromEntries(
      [...cluster.readResources(revised)].map(([vm, { nodes, role }]) => [
        vm,
        role === "Stopped" ? undefined : nodes.at(-1),
      ]),
    );
  } finally {
    file.end();
  }
}

const colocation = (more: Partial<Spec>) =>
  colocationRelation({ vm: "a", with: ["b", "c"], strong: false, apart: false, owner: "p/s/n", ...more }).elements;
const count = (places: Record<string, string | undefined>) => new Set(Object.values(places)).size;

describe("what Pacemaker makes of a colocation", () => {
  it("strong: all of them gather", () => {
    assert.equal(count(settled({ a: 1, b: 2, c: 3 }, colocation({ strong: true }))), 1);
  });

  it("weak: the first goes to one of the others, who stay where they are", () => {
    const places = settled({ a: 1, b: 2, c: 3 }, colocation({}));
    assert.ok(places["a"] === places["b"] || places["a"] === places["c"]);
    assert.deepEqual([places["b"], places["c"]], ["node2", "node3"]);
  });

  for (const strong of [false, true]) {
    it(`apart, ${strong ? "strong" : "weak"}: each on a node of its own, while there are enough`, () => {
      assert.equal(count(settled({ a: 1, b: 1, c: 1 }, colocation({ apart: true, strong }))), 3);
    });

    it(`as one set, ${strong ? "strong" : "weak"}, it would leave the others together: that is why there are pairs`, () => {
      const [together] = colocation({});
      assert.ok(together);
      const oneSet = { ...together, attrs: { ...together.attrs, score: strong ? "-INFINITY" : "-700" } };
      const places = settled({ a: 1, b: 1, c: 1 }, [oneSet]);
      assert.equal(places["b"], places["c"]);
    });
  }

  it("apart with too few nodes: strong, the first does not run; weak, two share one", () => {
    const three = { a: 1, b: 2, c: 3 };
    const left = settled(three, colocation({ apart: true, strong: true }), "-f", "node3");
    assert.equal(left["a"], undefined);
    assert.equal(new Set([left["b"], left["c"]]).size, 2);
    assert.ok(!Object.values(settled(three, colocation({ apart: true }), "-f", "node3")).includes(undefined));
  });
});

describe("what Pacemaker makes of an order", () => {
  const stopped = (kind: "mandatory" | "optional") => {
    const { elements } = orderRelation({
      first: "a",
      then: ["b", "c"],
      sequential: true,
      kind,
      symmetrical: true,
      owner: "p/s/n",
    });
    const ban = cluster.element("rsc_location", { id: "nowhere", rsc: "a", score: "-INFINITY" }, [
      cluster.element("rule", { id: "nowhere-r", score: "-INFINITY" }, [
        cluster.element("expression", { id: "nowhere-e", attribute: "#uname", operation: "defined" }),
      ]),
    ]);
    const { score: _score, ...attrs } = ban.attrs;
    return settled({ a: 1, b: 2, c: 3 }, [...elements, { ...ban, attrs }]);
  };

  it("mandatory: when the first stops, so do the others", () => {
    assert.deepEqual(Object.values(stopped("mandatory")), [undefined, undefined, undefined]);
  });

  it("optional: the others run on", () => {
    assert.deepEqual(stopped("optional"), { a: undefined, b: "node2", c: "node3" });
  });
});
