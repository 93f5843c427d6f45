import assert from "node:assert/strict";
import { cluster, fixture } from "./fixtures.ts";

const { parseStatus, ParseError } = cluster;

describe("the state of the lab's cluster", () => {
  const status = parseStatus(fixture("crm_mon.xml"));

  it("has quorum, a node that decides, and the nodes", () => {
    assert.equal(status.withQuorum, true);
    assert.match(status.dc ?? "", /^node\d$/);
    assert.equal(status.maintenance, false);
    assert.deepEqual(
      status.nodes.map((node) => node.name),
      ["node1", "node2", "node3"],
    );
    assert.ok(status.nodes.every((node) => node.online && !node.standby && !node.unclean && node.type === "member"));
  });

  it("tells running, stopped, failed and unmanaged apart", () => {
    const { nodes, ...running } = status.resources.get("fxrun") ?? { nodes: [] };
    assert.equal(nodes.length, 1);
    assert.match(nodes[0] ?? "", /^node\d$/);
    assert.deepEqual(running, {
      id: "fxrun",
      role: "Started",
      targetRole: "Started",
      managed: true,
      failed: false,
      blocked: false,
      orphaned: false,
    });
    assert.deepEqual(status.resources.get("fxstop"), {
      id: "fxstop",
      role: "Stopped",
      targetRole: "Stopped",
      nodes: [],
      managed: true,
      failed: false,
      blocked: false,
      orphaned: false,
    });
    assert.equal(status.resources.get("fxfail")?.role, "Stopped");
    assert.equal(status.resources.get("fxman")?.managed, false);
  });

  it("has the agent's own reason for each failure", () => {
    const failed = status.failures.filter((each) => each.resource === "fxfail");
    assert.deepEqual(failed.map((each) => each.node).sort(), ["node1", "node2", "node3"]);
    for (const each of failed) {
      assert.equal(each.operation, "start");
      assert.equal(each.exit, "error");
      assert.match(each.reason, /No metadata xml could be read/);
    }
  });

  it("knows the resource of a failure whose operation has an underscore", () => {
    const found = parseStatus(fixture("crm_mon-migrate-failed.xml")).failures.find(
      (each) => each.resource === "fxslow",
    );
    assert.equal(found?.operation, "migrate_to");
    const key = (text: string) =>
      parseStatus(fixture("crm_mon.xml").replaceAll("fxfail_start_0", text)).failures.map(({ resource, operation }) => [
        resource,
        operation,
      ])[0];
    assert.deepEqual(key("a_b_migrate_from_0"), ["a_b", "migrate_from"]);
    assert.deepEqual(key("a_migrate_monitor_10000"), ["a_migrate", "monitor"]);
    assert.deepEqual(key("no key"), ["no key", "no key"]);
  });

  it("sees what is being started", () => {
    const slow = parseStatus(fixture("crm_mon-pending.xml")).resources.get("fxslow");
    assert.equal(slow?.role, "Starting");
    assert.equal(slow.nodes.length, 1);
  });

  it("sees a node in standby and a cluster in maintenance", () => {
    const standby = parseStatus(fixture("crm_mon-standby.xml")).nodes.map((node) => node.standby);
    assert.deepEqual(standby, [true, false, false]);
    assert.equal(parseStatus(fixture("crm_mon-maintenance.xml")).maintenance, true);
  });

  it("takes nothing for granted where nobody decides", () => {
    const nobody = fixture("crm_mon.xml").replace(/<current_dc [^>]*>/, '<current_dc present="false"/>');
    assert.equal(parseStatus(nobody).withQuorum, false);
    assert.equal(parseStatus(nobody).dc, undefined);
  });

  it("refuses what is no answer of crm_mon", () => {
    assert.throws(() => parseStatus("<pacemaker-result/>"), ParseError);
    assert.throws(() => parseStatus("crm_mon: Error: cluster is not available"), ParseError);
  });
});
