// A guest node whose VM is made anew: its place, and what is bound to it, come back by the same `up`. Nothing of it runs.
import assert from "node:assert/strict";
import { imageMeta, metaAttribute, on, traces } from "./support/cluster.ts";
import { httpd } from "./support/remote.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const VM = "anewguest";
const GUEST = "anewguestinside";
const SERVICE = "anewguesthttpd";

const all = (): Vms => ({
  [VM]: tick({ started: false }),
  [GUEST]: { $kind: "RemoteGuest", vm: `$ref:${VM}.name`, address: "10.99.0.249" },
  [SERVICE]: { ...httpd(`$ref:${GUEST}.name`), started: false },
});

describe("a guest node whose VM is made anew", function () {
  this.timeout(240_000);
  let stack: TestStack;
  before(async () => {
    stack = await TestStack.make("anewguest");
    await stack.up(all());
  });
  after(async () => {
    await stack.destroy();
    assert.deepEqual(await traces(VM), []);
  });

  // Tried: `--replace` of the VM of a guest node → the guest node and what is bound to it go first, and are made anew by the same `up`
  it("comes back with it, and so does what is bound to it", async () => {
    const { text } = await stack.replacing(all(), VM);
    assert.match(text, new RegExp(`Guest node "${GUEST}": its VM is made anew, and so is the guest node`));
    assert.match(text, new RegExp(`Guest resource "${SERVICE}": its guest node "${GUEST}" is made anew`));
    assert.equal(await metaAttribute(VM, "remote-node"), GUEST);
    assert.equal((await imageMeta(VM, "_remote_node")).trim(), GUEST);
    assert.match(await on("node1", "crm", "configure", "show"), new RegExp(`inside-${SERVICE}`));
  });
});
