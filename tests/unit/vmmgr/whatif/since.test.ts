// Whether a cluster is still the one that a plan was made of.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cluster } from "../../cluster/fixtures.ts";
import { ask, running } from "./ask.ts";

const require = createRequire(import.meta.url);
const { changedSince, parsePlanned, plannedText } =
  require("../../../../provider/dist/vmmgr/whatif/index.js") as typeof import("../../../../provider/dist/vmmgr/whatif/index.js");

const utilization = (memory: number) => ({
  utilization: { a: `<utilization id="a-u"><nvpair id="a-u-m" name="host_memory" value="${memory}"/></utilization>` },
});
const later = (text: string) => text.replace('epoch="7"', 'epoch="9"');

describe("a cluster and a plan of it", function () {
  this.timeout(30_000);
  const before = running({ a: 1 }, utilization(64));
  const since = async (text: string) => {
    const { epoch, digest } = await ask({}, before);
    return changedSince(cluster.parseCib(text), { epoch, digest });
  };

  it("are of one another while the configuration is the same, and while only the agent has written what VMs take", async () => {
    assert.equal(await since(before), undefined);
    assert.equal(await since(later(running({ a: 1 }, utilization(128)))), undefined);
    assert.equal(
      await since(
        later(before).replace("</cluster_property_set>", '<nvpair id="l" name="last-lrm-refresh" value="1"/>$&'),
      ),
      undefined,
    );
  });

  it("are not once something has changed that decides where VMs run", async () => {
    const changes = [
      running({ a: 1, b: 2 }, utilization(64)),
      running(
        { a: 1 },
        { ...utilization(64), constraints: '<rsc_location id="x" rsc="a" node="node2" score="INFINITY"/>' },
      ),
      before.replace('name="allow-migrate" value="true"', 'name="allow-migrate" value="false"'),
      before.replace(
        '<node id="1" uname="node1"/>',
        '<node id="1" uname="node1"><instance_attributes id="n1"><nvpair id="n1-s" name="standby" value="on"/></instance_attributes></node>',
      ),
      before.replace('name="resource-stickiness" value="1"', 'name="resource-stickiness" value="0"'),
      before.replace('name="stonith-enabled" value="false"', 'name="stonith-enabled" value="true"'),
    ];
    for (const text of changes) {
      assert.match(
        (await since(later(text))) ?? "",
        /^The cluster has changed since the plan: that was made of configuration 1\.7, and now it is 1\.9\. .*run `npx seapath plan` again$/,
      );
    }
  });

  it("count by the version alone where the plan says no more", () => {
    const cib = cluster.parseCib(later(before));
    assert.match(changedSince(cib, { epoch: "1.7" }, "north") ?? "", /^The cluster "north" has changed/);
    assert.equal(changedSince(cib, { epoch: "1.9" }), undefined);
  });
});

describe("SEAPATH_PLANNED", () => {
  it("is what a plan prints, of one cluster or of several", () => {
    assert.equal(plannedText({ epoch: "1.7", digest: "0123456789ab" }), "1.7:0123456789ab");
    assert.equal(plannedText({ epoch: "1.7" }, "north"), "north=1.7");
    assert.deepEqual(
      [...parsePlanned("1.7:0123456789ab, north=0.3", ["north"])],
      [
        [undefined, { epoch: "1.7", digest: "0123456789ab" }],
        ["north", { epoch: "0.3" }],
      ],
    );
  });

  it("is refused when it is something else, with what it has to be", () => {
    for (const [text, says] of [
      ["yesterday", /seapath:planned has "yesterday", which is no version of a configuration/],
      ["1.7:xyz", /"1.7:xyz", which is no version/],
      ["1.7,", /has "", which/],
      ["south=1.7", /there is no cluster "south" in seapath:clusters/],
      ["1.7,1.8", /"1.8", a second version for one cluster/],
    ] as const) {
      assert.throws(
        () => parsePlanned(text, ["north"]),
        (error: Error & { hint?: string }) => says.test(error.message) && /npx seapath plan/.test(error.hint ?? ""),
        text,
      );
    }
  });
});
