import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cluster, fixture } from "../../cluster/fixtures.ts";
import { requestOf, ScriptedRunner } from "../../cluster/runner.ts";
import { spec } from "../form/specs.ts";

const { updateVm } = createRequire(import.meta.url)(
  "../../../../provider/dist/vmmgr/vm/update.js",
) as typeof import("../../../../provider/dist/vmmgr/vm/update.js");

describe("an update of a VM that Pacemaker has given up", () => {
  it("lets Pacemaker forget the failures, or it would never start it again", async () => {
    // The lab's fxfail with the disk of fxstop: it failed on every node, and its image is whole now.
    const inventory = JSON.parse(
      fixture("inventory.json").replaceAll("fxstop", "XX").replaceAll("fxfail", "fxstop").replaceAll("XX", "fxfail"),
    ) as {
      ok: { cib: string; status: string; storage: unknown };
    };
    const original = JSON.parse(fixture("inventory.json")) as typeof inventory;
    inventory.ok.storage = original.ok.storage;
    let forgotten = false;
    const runner = new ScriptedRunner({
      "the inventory program": () => inventory,
      "the validate program": () => ({ ok: { domains: [{ ok: null }], lacks: [] } }),
      "the write program": () => ({ ok: [{ ok: true }] }),
      "crm_resource --cleanup --resource fxstop": () => {
        forgotten = true;
        return "";
      },
      crm_mon: () => {
        assert.ok(forgotten, "it was looked at before the failures were forgotten");
        return fixture("crm_mon.xml").replaceAll("fxstop", "XX").replaceAll("fxrun", "fxstop");
      },
    });
    await updateVm({ cluster: new cluster.Cluster(runner), deadline: 2 }, spec({ name: "fxstop" }));
    const cleanups = runner.asked.map((each) => each.label).filter((label) => label?.includes("--cleanup"));
    assert.deepEqual(cleanups, ["crm_resource --cleanup --resource fxstop"]);
    const patch = runner.asked.filter((each) => each.label === "the write program").map(requestOf);
    assert.equal(patch.length, 1);
  });
});

describe("an update that changes parameters of the agent and the pin at once", () => {
  it("pins last: Pacemaker probes a pinned VM on its pinned node alone, and would lose a guest that runs elsewhere", async () => {
    const inventory = JSON.parse(fixture("inventory.json")) as unknown;
    const runner = new ScriptedRunner({
      "the inventory program": () => inventory,
      "the validate program": () => ({ ok: { domains: [{ ok: null }], lacks: [] } }),
      "the write program": () => ({ ok: [{ ok: true }] }),
      "crm_resource --refresh --resource fxrun": () => "",
      crm_mon: () => fixture("crm_mon.xml"),
    });
    const context = { cluster: new cluster.Cluster(runner), deadline: 0 };
    // The double does not move it, so that the wait at the end is in vain.
    await updateVm(context, spec({ migrationDowntime: 100, pinnedHost: "node3" })).catch(() => undefined);
    const [first = "", second = "", ...more] = runner.asked
      .filter((each) => each.label === "the write program")
      .map((each) => JSON.stringify(requestOf(each)));
    assert.match(first, /migration_downtime/);
    assert.match(first, /is-managed/);
    assert.doesNotMatch(first, /resource-discovery/);
    assert.match(second, /resource-discovery/);
    assert.deepEqual(more, []);
  });
});
