import assert from "node:assert/strict";
import { cluster, inventory } from "../../cluster/fixtures.ts";
import { fullSpec, primitives, spec } from "./specs.ts";

const { readPrimitive, vmPrimitive } = primitives;
const { canonicalXml, child, children, nvpairs, parseXml } = cluster;
const asked = (from: ReturnType<typeof spec>) => from.pacemaker;
const lab = () => inventory().cib.primitives;

/** What the lab's fxrun, which crm made, is asked to be. */
const asLab = spec({ liveMigration: true, pacemaker: { meta: {}, params: {}, utilization: { cpu: "1" } } });

describe("a primitive", () => {
  it("says all of a VM, and is read back", () => {
    for (const each of [spec(), fullSpec()]) {
      const read = readPrimitive(vmPrimitive(each, undefined), asked(each));
      for (const key of Object.keys(read) as (keyof typeof read)[]) assert.deepEqual(read[key], each[key], key);
    }
  });

  it("has what vm-mgr gives it", () => {
    const made = vmPrimitive(spec(), undefined);
    assert.deepEqual(made.attrs, { id: "fxrun", class: "ocf", provider: "seapath", type: "VirtualDomain" });
    const lab1 = lab().get("fxstop");
    assert.deepEqual(nvpairs(made, "instance_attributes"), {
      ...nvpairs(lab1, "instance_attributes"),
      config: "/etc/pacemaker/fxrun.xml",
    });
    assert.deepEqual(nvpairs(made, "meta_attributes"), {
      "allow-migrate": "false",
      priority: "0",
      "target-role": "Started",
    });
    const ops = (node: typeof made) =>
      children(child(node, "operations"), "op").map((op) => [
        op.attrs["name"],
        cluster.seconds(op.attrs["timeout"]),
        cluster.seconds(op.attrs["interval"]),
      ]);
    assert.deepEqual(ops(made), ops(lab1 as typeof made));
    assert.equal(child(made, "utilization"), undefined);
  });

  it('is left as it is when it says the same already, whoever made it: its ids, "30" for 30 s, what the agent sets', () => {
    const before = lab().get("fxrun");
    assert.ok(before);
    assert.deepEqual(cluster.diffElement(cluster.RESOURCES, before, vmPrimitive(asLab, before)), []);
    assert.ok(nvpairs(before, "utilization")["host_memory"], "the lab's agent has set it");
    assert.deepEqual(readPrimitive(before, asked(asLab)).pacemaker, asLab.pacemaker);
  });

  it("keeps the words of a time that means the same, and changes one that does not", () => {
    const made = vmPrimitive(spec({ stopTimeout: 120 }), undefined);
    const text = canonicalXml(made).replace('name="stop" timeout="120s"', 'name="stop" timeout="2min"');
    const before = parseXml(text, "test");
    assert.equal(canonicalXml(vmPrimitive(spec({ stopTimeout: 120 }), before)), canonicalXml(before));
    assert.equal(readPrimitive(before, asked(spec())).stopTimeout, 120);
    assert.match(canonicalXml(vmPrimitive(spec({ stopTimeout: 60 }), before)), /name="stop" timeout="60s"/);
  });

  it("keeps what a remote guest is made of, and does not show it", () => {
    const before = vmPrimitive(
      spec({ pacemaker: { meta: { "remote-node": "g", "remote-addr": "1.2.3.4" }, params: {}, utilization: {} } }),
      undefined,
    );
    const after = vmPrimitive(spec({ priority: 3 }), before);
    assert.deepEqual(nvpairs(after, "meta_attributes"), {
      "allow-migrate": "false",
      priority: "3",
      "target-role": "Started",
      "remote-node": "g",
      "remote-addr": "1.2.3.4",
    });
    assert.deepEqual(readPrimitive(after, asked(spec())).pacemaker.meta, {});
  });

  it("keeps operations of others and attributes that it does not know", () => {
    const text = canonicalXml(vmPrimitive(spec(), undefined))
      .replace("</operations>", '<op id="x" interval="1h" name="backup" timeout="5"/></operations>')
      .replace('<op id="fxrun-stop-0s"', '<op id="mine" on-fail="block"')
      .replace("<primitive ", '<primitive description="the gateway" ');
    const after = vmPrimitive(spec({ stopTimeout: 99 }), parseXml(text, "test"));
    const ops = children(child(after, "operations"), "op");
    assert.deepEqual(ops.find((op) => op.attrs["name"] === "backup")?.attrs, {
      id: "x",
      interval: "1h",
      name: "backup",
      timeout: "5",
    });
    assert.deepEqual(ops.find((op) => op.attrs["name"] === "stop")?.attrs, {
      id: "mine",
      interval: "0s",
      name: "stop",
      "on-fail": "block",
      timeout: "99s",
    });
    assert.equal(after.attrs["description"], "the gateway");
  });

  it("keeps a second monitor of somebody's, and does not take it for its own", () => {
    const text = canonicalXml(vmPrimitive(spec(), undefined)).replace(
      "<operations>",
      '<operations><op id="deep" interval="60s" name="monitor" timeout="5s"/>',
    );
    const before = parseXml(text, "test");
    const monitors = children(child(vmPrimitive(spec(), before), "operations"), "op").filter(
      (op) => op.attrs["name"] === "monitor",
    );
    assert.deepEqual(monitors.map((op) => [op.attrs["id"], op.attrs["interval"]]).sort(), [
      ["deep", "60s"],
      ["fxrun-monitor-10s", "10s"],
    ]);
  });

  it("changes the one monitor that there is, and the ids that it finds stay", () => {
    const text = canonicalXml(vmPrimitive(spec(), undefined))
      .replace('id="fxrun-monitor-10s" interval="10s"', 'id="mine" interval="20s"')
      .replace('id="fxrun-meta_attributes-priority"', 'id="odd"');
    const after = vmPrimitive(spec({ priority: 4 }), parseXml(text, "test"));
    const monitors = children(child(after, "operations"), "op").filter((op) => op.attrs["name"] === "monitor");
    assert.deepEqual(
      monitors.map((op) => [op.attrs["id"], op.attrs["interval"]]),
      [["mine", "10s"]],
    );
    const priority = children(child(after, "meta_attributes"), "nvpair").find(
      (pair) => pair.attrs["name"] === "priority",
    );
    assert.deepEqual(priority?.attrs, { id: "odd", name: "priority", value: "4" });
  });

  it("gives up settings that are no longer asked for", () => {
    const before = vmPrimitive(fullSpec(), undefined);
    const after = vmPrimitive(spec(), before);
    assert.equal(nvpairs(after, "meta_attributes")["migration-threshold"], undefined);
    assert.equal(nvpairs(after, "instance_attributes")["autoset_utilization_cpu"], undefined);
    assert.deepEqual(nvpairs(after, "utilization"), {});
  });

  it("shows what somebody else set, so that it is drift", () => {
    const text = canonicalXml(vmPrimitive(spec(), undefined)).replace(
      '<meta_attributes id="fxrun-meta_attributes">',
      '$&<nvpair id="m" name="is-managed" value="false"/>',
    );
    assert.deepEqual(readPrimitive(parseXml(text, "test"), asked(spec())).pacemaker.meta, { "is-managed": "false" });
  });

  it("shows what a user asked of the utilization that the agent sets as well", () => {
    const pacemaker = { meta: {}, params: {}, utilization: { cpu: "7" } };
    const made = vmPrimitive(spec({ pacemaker }), undefined);
    assert.deepEqual(readPrimitive(made, pacemaker).pacemaker.utilization, { cpu: "7" });
    assert.deepEqual(readPrimitive(made, asked(spec())).pacemaker.utilization, {});
  });
});
