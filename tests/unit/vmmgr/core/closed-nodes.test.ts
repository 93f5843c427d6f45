import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cluster } from "../../cluster/fixtures.ts";
import { counting } from "./counting.ts";
import { ask, empty, running, vm } from "../whatif/ask.ts";

const require = createRequire(import.meta.url);
const { closedNodes, closedWords } =
  require("../../../../provider/dist/vmmgr/core/closed-nodes.js") as typeof import("../../../../provider/dist/vmmgr/core/closed-nodes.js");

const nodesOf = (text: string, name = "web", now?: number) =>
  closedNodes(cluster.parseCib(text), name, now).map(({ node }) => node);

describe("nodes that are closed to a VM", () => {
  it("are those where a start has failed, also of one that is gone, and none of another's", () => {
    assert.deepEqual(nodesOf(counting(empty(), "web", { 1: "INFINITY", 2: "1000000", 3: "3" })), ["node1", "node2"]);
    assert.deepEqual(nodesOf(counting(empty(), "web2", { 1: "INFINITY" })), []);
    assert.deepEqual(nodesOf(counting(empty(), "web", { 1: "" })), []);
    assert.deepEqual(nodesOf(empty()), []);
  });

  it("are those where as much has failed as its migration-threshold says, until its failure-timeout is over", () => {
    const meta =
      '<nvpair id="t" name="migration-threshold" value="3"/><nvpair id="f" name="failure-timeout" value="2min"/>';
    const text = counting(running({ web: 1 }, { meta: { web: meta } }), "web", { 2: "3", 3: "2" }, "monitor_10000");
    assert.deepEqual(nodesOf(text, "web", 1100), ["node2"]);
    assert.deepEqual(nodesOf(text, "web", 1121), []);
  });

  it("are said with what has failed", () => {
    const closed = closedNodes(cluster.parseCib(counting(empty(), "web", { 1: "INFINITY", 2: "INFINITY" })), "web");
    assert.equal(closedWords(closed), "node1 and node2 are closed to it (failed start)");
  });

  it("leave a VM down when its node is lost, and the plan says why", async () => {
    const { losses } = await ask({}, counting(running({ web: 1 }), "web", { 2: "INFINITY", 3: "INFINITY" }));
    assert.equal(
      losses.find(({ node }) => node === "node1")?.fates[0]?.unplaced,
      "node2 is closed to it (failed start); node3 is closed to it (failed start)",
    );
  });

  it("are open to a VM that the plan makes: what an earlier one of its name has failed is forgotten", async () => {
    const { placements } = await ask({ vms: [vm("web")] }, counting(empty(), "web", { 1: "INFINITY", 2: "INFINITY" }));
    assert.equal(placements[0]?.unplaced, undefined);
    assert.match(placements[0]?.after ?? "nowhere", /^node[12]$/);
  });
});
