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
