// MAC addresses that other VMs of the cluster have.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Inventory } from "../../../../provider/dist/cluster/inventory.js";

const require = createRequire(import.meta.url);
const { macRefusals } =
  require("../../../../provider/dist/vmmgr/index.js") as typeof import("../../../../provider/dist/vmmgr/index.js");

const MAC = "52:54:00:00:00:01";
const xml = `<domain><devices><interface type="bridge"><mac address="${MAC}"/></interface></devices></domain>`;
const inventory = (owner: string) =>
  ({
    images: new Map([["system_one", { metadata: { vm_name: "one", xml, _seapath_owner: owner } }]]),
  }) as unknown as Inventory;

describe("a MAC address that another VM has", () => {
  it("is refused, unless that VM is of the same stack, whatever the stack was called before", () => {
    const spec = { name: "two", xml, owner: "shop/prod" };
    assert.match(macRefusals(inventory("lab/dev"), spec)[0]?.reason ?? "", /is that of VM "one"/);
    assert.deepEqual(macRefusals(inventory("shop/prod"), spec), []);
    assert.equal(macRefusals(inventory("shop/staging"), spec).length, 1);
    assert.deepEqual(macRefusals(inventory("shop/staging"), { ...spec, formerOwner: "shop/staging" }), []);
  });
});
