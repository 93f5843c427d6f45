// Keys on a VM that another stack has: neither of the two undoes what the other does, and rbd sees it all.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { imageMeta, on } from "./support/cluster.ts";
import { clusterOn, FailingRunner, labRunner, type Moment } from "./support/failing.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { findKeys, removeKeys, setKeys } =
  require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");

const all = async () =>
  JSON.parse(await on("node1", "rbd", "image-meta", "list", "system_metavm", "--format", "json")) as Record<
    string,
    string
  >;
const marks = async () =>
  Object.keys(await all())
    .filter((key) => key.startsWith("_seapath_owner_"))
    .sort();
const vm = (metadata: Record<string, string> = { owner: "alice" }): Vms => ({
  metavm: tick({ started: false, metadata }),
});
const keys = (metadata: Record<string, unknown>, more: Record<string, unknown> = {}): Vms => ({
  keys: { $kind: "Metadata", vm: "metavm", metadata, ...more },
});

describe("metadata on a VM of another stack", function () {
  this.timeout(180_000);
  let owner: TestStack;
  let guest: TestStack;

  before(async () => {
    guest = await TestStack.make("metaguest");
    owner = await TestStack.make("metaowner");
    await owner.up(vm());
  });
  after(async () => {
    await guest.destroy();
    await owner.destroy();
  });

  it("are set, and are neither drift nor rubbish to the VM's own stack", async () => {
    await guest.up(keys({ backup: "nightly", tier: 2 }));
    assert.equal(await imageMeta("metavm", "backup"), "nightly");
    assert.equal(await imageMeta("metavm", "tier"), "2");
    assert.deepEqual(await marks(), ["_seapath_owner_backup", "_seapath_owner_tier"]);
    assert.deepEqual((await owner.preview(vm(), { refresh: true })).changes, { same: 2 });
    await owner.up(vm({ owner: "bob", site: "north" }));
    const now = await all();
    assert.deepEqual([now["owner"], now["site"], now["backup"], now["tier"]], ["bob", "north", "nightly", "2"]);
    assert.deepEqual((await guest.preview(keys({ backup: "nightly", tier: 2 }), { refresh: true })).changes, {
      same: 2,
    });
  });

  it("are refused by name where the VM, or another resource, has the key", async () => {
    const text = await guest.failing("preview", {
      ...keys({ backup: "nightly", tier: 2 }),
      more: { $kind: "Metadata", vm: "metavm", metadata: { owner: "x", backup: "y" } },
    });
    assert.match(text, /metadata\.owner.*VM "metavm" has the key already, as its own/s);
    assert.match(text, /metadata\.backup.*VM "metavm" has the key already, set by labtest\/metaguest\/keys/s);
  });

  it("are changed key by key, and mended when another tool has changed them", async () => {
    const asked = keys({ backup: "weekly", ticket: "4711" });
    await guest.up(asked);
    assert.deepEqual(await marks(), ["_seapath_owner_backup", "_seapath_owner_ticket"]);
    assert.equal("tier" in (await all()), false);
    await on("node1", "rbd", "image-meta", "set", "system_metavm", "backup", "never");
    await on("node1", "rbd", "image-meta", "remove", "system_metavm", "ticket");
    const { text } = await guest.preview(asked, { refresh: true });
    assert.match(text, /backup\s*:\s*"never" => "weekly"/);
    assert.match(text, /ticket\s*:\s*"4711"/);
    await guest.refresh();
    assert.deepEqual((await guest.up(asked)).changes, { same: 1, update: 1 });
    assert.deepEqual([await imageMeta("metavm", "backup"), await imageMeta("metavm", "ticket")], ["weekly", "4711"]);
  });

  // Tried: the link breaks in a write of metadata → all are set, or none; other writers' keys stay
  it("are all set or none, whenever the link breaks, and another writer's keys stay", async () => {
    const spec = { vm: "metavm", metadata: { linka: "1", linkb: "2" }, owner: "labtest/link/keys", adopt: false };
    for (const moment of ["before", "after", "for good"] as Moment[]) {
      const inner = labRunner();
      try {
        const cluster = clusterOn(new FailingRunner(inner, 1, moment));
        const outcome = await setKeys({ cluster }, { owners: [], keys: [] }, spec).then(
          () => "set",
          () => "failed",
        );
        const found = findKeys(await clusterOn(inner).inventory(), "metavm", { owners: [spec.owner], keys: [] });
        assert.deepEqual(found, outcome === "set" ? spec.metadata : undefined, moment);
        assert.equal(outcome, moment === "for good" ? "failed" : "set");
      } finally {
        inner.close();
      }
      for (const key of ["linka", "linkb"])
        for (const each of [key, `_seapath_owner_${key}`]) {
          if (each in (await all())) await on("node1", "rbd", "image-meta", "remove", "system_metavm", each);
        }
    }
    assert.equal(await imageMeta("metavm", "backup"), "weekly");
  });

  it("are one writer's when several come at once, and each has its own", async () => {
    const runners = Array.from({ length: 4 }, () => labRunner());
    try {
      const spec = (index: number) => ({
        vm: "metavm",
        metadata: { shared: String(index), [`own${index}`]: "x" },
        owner: `labtest/at/once${index}`,
        adopt: false,
      });
      const alone = (index: number) => ({ ...spec(index), metadata: { [`own${index}`]: "x" } });
      await Promise.all(
        runners.map((runner, index) => setKeys({ cluster: clusterOn(runner) }, { owners: [], keys: [] }, alone(index))),
      );
      const outcomes = await Promise.allSettled(
        runners.map((runner, index) => setKeys({ cluster: clusterOn(runner) }, { owners: [], keys: [] }, spec(index))),
      );
      const winners = outcomes.flatMap(({ status }, index) => (status === "fulfilled" ? [index] : []));
      assert.equal(winners.length, 1, JSON.stringify(outcomes.map(({ status }) => status)));
      const now = await all();
      assert.equal(now["shared"], String(winners[0]));
      assert.equal(now["_seapath_owner_shared"], `labtest/at/once${winners[0]}`);
      for (const index of [0, 1, 2, 3]) assert.equal(now[`own${index}`], "x");
      for (const [index, runner] of runners.entries())
        await removeKeys({ cluster: clusterOn(runner) }, "metavm", { owners: [`labtest/at/once${index}`], keys: [] });
      assert.deepEqual(
        Object.keys(await all()).filter((key) => /shared|own\d|once/.test(key)),
        [],
      );
    } finally {
      for (const runner of runners) runner.close();
    }
  });

  it("go with a delete, and nothing else does", async () => {
    await on("node1", "rbd", "image-meta", "set", "system_metavm", "hand", "made");
    await guest.up({});
    const now = await all();
    assert.deepEqual(await marks(), []);
    assert.deepEqual([now["backup"], now["ticket"], now["hand"], now["owner"]], [undefined, undefined, "made", "bob"]);
    // A key set by hand is taken over when that is asked for.
    assert.match(await guest.failing("up", keys({ hand: "taken" })), /adopt: true/);
    await guest.up(keys({ hand: "taken" }, { adopt: true }));
    assert.equal(await imageMeta("metavm", "hand"), "taken");
  });
});
