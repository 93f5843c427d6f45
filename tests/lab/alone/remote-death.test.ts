// The node that runs a guest node's VM loses its power: VM and service come back elsewhere.
import assert from "node:assert/strict";
import { kill, start } from "../../../lab/index.ts";
import { cibLines, httpd, remoteVm, served, serviceIn, serviceNow } from "../support/remote.ts";
import { eventually, nodes, qemu, traces } from "../support/cluster.ts";
import { TestStack, type Vms } from "../support/stack.ts";

const ADDRESS = "10.99.0.215";
const vm = "remotefalls";
const guest = "remotefallsinside";
const all: Vms = {
  [vm]: remoteVm(215, { preferredHost: "node3" }),
  [guest]: { $kind: "RemoteGuest", vm: `$ref:${vm}.name`, address: ADDRESS },
  remotefallsweb: httpd(`$ref:${guest}.name`),
};

describe("a guest node whose VM's node dies", function () {
  this.timeout(240_000);
  let stack: TestStack;
  before(async () => {
    stack = await TestStack.make("remote-death");
    await stack.up(all);
  });
  after(async () => {
    for (const node of nodes()) await start(node);
    await stack.destroy();
    assert.deepEqual(await cibLines(guest), []);
    assert.deepEqual(await traces(vm), []);
  });

  it("is there again with its service, on another node", async () => {
    const before = await serviceNow(ADDRESS);
    assert.match((await qemu(vm))[0] ?? "", /^node3:/);
    await kill("node3");
    const after = await eventually(
      () => serviceIn(ADDRESS),
      (now) => now !== undefined && now.boot !== before?.boot,
      120,
    );
    assert.ok(after !== undefined && after.boot !== before?.boot, "the service did not come back");
    assert.match((await served(ADDRESS)) ?? "", /inside of the guest/);
    await start("node3");
    const { text, changes } = await stack.preview(all, { refresh: true });
    assert.deepEqual(
      [changes["update"], changes["replace"], changes["create"]],
      [undefined, undefined, undefined],
      text,
    );
  });
});
