import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cluster, inventory } from "../../cluster/fixtures.ts";
import { errors } from "../../cluster/runner.ts";

const require = createRequire(import.meta.url);
const { retryOnCibConflict } =
  require("../../../../provider/dist/vmmgr/core/cib-retry.js") as typeof import("../../../../provider/dist/vmmgr/core/cib-retry.js");
const { unsettled } =
  require("../../../../provider/dist/vmmgr/relation/settled.js") as typeof import("../../../../provider/dist/vmmgr/relation/settled.js");
type Cluster = Parameters<typeof retryOnCibConflict>[0];

const CHANGE = cluster.deleteChange("/cib/configuration/constraints/rsc_order[@id='o']");
const conflict = () => new cluster.CibConflict("the cluster refused it");
const broken = () => new errors.ConnectionError("node1", "the link broke", { beforeSend: false });

/** A cluster whose writes fail as told, in order, and which counts its reads and writes. */
function scripted(...failures: (Error | undefined)[]) {
  const counts = { reads: 0, writes: 0 };
  const made = {
    inventory: () => (counts.reads++, Promise.resolve(inventory())),
    changeCib: () => {
      const error = failures[counts.writes++];
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    },
  };
  return { counts, made: made as unknown as Cluster };
}

describe("a change of the CIB by what it says now", () => {
  it("is nothing where nothing is to be changed", async () => {
    const { counts, made } = scripted();
    await retryOnCibConflict(made, () => []);
    assert.deepEqual(counts, { reads: 1, writes: 0 });
  });

  it("is planned anew after a collision, with a bound, and not after a refusal of its own", async () => {
    const twice = scripted(conflict(), conflict());
    await retryOnCibConflict(twice.made, () => [CHANGE]);
    assert.deepEqual(twice.counts, { reads: 3, writes: 3 });
    const ever = scripted(...Array.from({ length: 50 }, conflict));
    await assert.rejects(
      retryOnCibConflict(ever.made, () => [CHANGE]),
      cluster.CibConflict,
    );
    assert.equal(ever.counts.writes, 8);
    let plans = 0;
    const refusing = scripted(conflict());
    const plan = () => {
      if (++plans > 1) throw new Error("taken by somebody else");
      return [CHANGE];
    };
    await assert.rejects(retryOnCibConflict(refusing.made, plan), /taken by somebody else/);
  }).timeout(20_000);

  it("is looked up when its answer was lost, once", async () => {
    let done = false;
    const lost = scripted(broken());
    await retryOnCibConflict(lost.made, () => {
      const changes = done ? [] : [CHANGE];
      done = true;
      return changes;
    });
    assert.deepEqual(lost.counts, { reads: 2, writes: 1 });
    const gone = scripted(broken(), broken());
    await assert.rejects(
      retryOnCibConflict(gone.made, () => [CHANGE]),
      errors.ConnectionError,
    );
    assert.equal(gone.counts.writes, 2);
  });
});

describe("what Pacemaker is still about to do with VMs", () => {
  const plan = (actions: string, resource = "") =>
    cluster.parseSimulation(`<pacemaker-result><cluster_status><nodes/><resources>
    <resource id="a" role="Started" active="true" managed="true" ${resource}><node name="node1"/></resource></resources></cluster_status>
    <actions>${actions}</actions><status code="0"/></pacemaker-result>`);

  it("is an action that it plans, or one that is under way", () => {
    assert.deepEqual(unsettled(plan(""), ["a"]), []);
    assert.deepEqual(
      unsettled(plan('<rsc_action action="migrate" resource="a" source="node1" dest="node2"/>'), ["a"]),
      ["a: migrate"],
    );
    assert.deepEqual(unsettled(plan("", 'pending="Migrating"'), ["a"]), ["a: Migrating"]);
  });

  it("is neither what is blocked nor what is done with others", () => {
    assert.deepEqual(
      unsettled(
        plan(
          '<rsc_action action="stop" resource="a" node="node1" blocked="true"/><rsc_action action="start" resource="b" node="node1"/>',
        ),
        ["a", "gone"],
      ),
      [],
    );
  });
});
