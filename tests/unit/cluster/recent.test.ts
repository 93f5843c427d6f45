import assert from "node:assert/strict";
import { mock } from "node:test";
import { cluster, fixture } from "./fixtures.ts";
import { ScriptedRunner } from "./runner.ts";

const files = (...paths: string[]) => paths.map((path) => cluster.nodeFile(path));
const { Cluster } = cluster;

/** A cluster that counts how often its inventory is read, and keeps what was asked. */
function counted(broken = 0, gate: Promise<void> = Promise.resolve()) {
  const answer: unknown = JSON.parse(fixture("inventory.json"));
  const requests: Record<string, unknown>[] = [];
  const runner = new ScriptedRunner({
    "the inventory program": async (request) => {
      requests.push(request as Record<string, unknown>);
      await gate;
      return requests.length > broken ? answer : { error: { kind: "command", message: "no" } };
    },
    touch: () => "",
    cat: () => "",
  });
  return { made: new Cluster(runner), requests };
}

describe("the inventory of a moment ago", () => {
  it("serves who comes later, who comes meanwhile, and no other kind of question", async () => {
    const { made, requests } = counted();
    const first = made.recentInventory();
    await new Promise((resolve) => setTimeout(resolve, 10)); // the read is under way
    assert.equal(await made.recentInventory(), await first);
    assert.equal(await made.recentInventory(), await first);
    assert.equal(requests.length, 1);
    assert.notEqual(await made.inventory(), await first, "who changes something gets one that is read now");
    assert.equal(requests.length, 2);
  });

  it("is read anew when it lacks an image file, and then has the files of before too", async () => {
    const { made, requests } = counted();
    await made.recentInventory({ sources: files("/a") });
    await made.recentInventory({ sources: files("/b") });
    await made.recentInventory({ sources: files("/a") });
    await made.recentInventory({ sources: files("/b", "/a") });
    await made.recentInventory();
    assert.deepEqual(
      requests.map(({ sources }) => sources),
      [files("/a"), files("/b", "/a")],
    );
    await made.recentInventory({ cephHosts: true });
    assert.equal(requests.length, 3);
  });

  it("is too old once this process may have changed something, and not because it has looked", async () => {
    const { made, requests } = counted();
    await made.recentInventory();
    await made.runner.run({ argv: ["cat"], readOnly: true });
    await made.recentInventory();
    assert.equal(requests.length, 1);
    await made.runner.run({ argv: ["touch"] });
    await made.recentInventory();
    assert.equal(requests.length, 2);
    await assert.rejects(made.runner.run({ argv: ["unknown"] })); // it may have been run all the same
    await made.recentInventory();
    assert.equal(requests.length, 3);
  });

  it("is too old when it was begun before a change ended, also when it is answered after it", async () => {
    let open = (): void => undefined;
    const { made, requests } = counted(0, new Promise((resolve) => (open = resolve)));
    const reading = made.recentInventory();
    while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await made.runner.run({ argv: ["touch"] });
    open();
    await reading;
    await made.recentInventory();
    assert.equal(requests.length, 2);
  });

  it("is too old after five seconds", async () => {
    const { made, requests } = counted();
    await made.recentInventory();
    const now = Date.now();
    const clock = mock.method(Date, "now", () => now + 4_900);
    await made.recentInventory();
    assert.equal(requests.length, 1);
    clock.mock.mockImplementation(() => now + 5_100);
    await made.recentInventory();
    clock.mock.restore();
    assert.equal(requests.length, 2);
  });

  it("is not kept when it could not be read", async () => {
    const { made, requests } = counted(1);
    await assert.rejects(made.recentInventory());
    await made.recentInventory();
    assert.equal(requests.length, 2);
  });
});
