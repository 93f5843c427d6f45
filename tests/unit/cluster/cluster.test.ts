import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { cluster, fixture } from "./fixtures.ts";
import { errors, ScriptedRunner } from "./runner.ts";

const { Cluster, CibConflict, ParseError, ProgramError, changeCib, createChange, element, CONSTRAINTS } = cluster;
const write = (id: string) => [createChange(CONSTRAINTS, element("rsc_location", { id }))];
const idsOf = (request: unknown) => [...(request as { patch: string }).patch.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);

/** A cluster that takes its time to write and refuses patches with an id "bad…". */
function slowCluster(broken?: () => Error | undefined) {
  const patches: (string | undefined)[][] = [];
  const runner = new ScriptedRunner({
    "the configure program": async (request) => {
      const ids = idsOf(request);
      patches.push(ids);
      await sleep(10);
      const error = broken?.();
      if (error !== undefined) throw error;
      return ids.some((id) => id?.startsWith("bad")) ? { error: { kind: "cib-78", message: "refused" } } : { ok: true };
    },
  });
  return { cluster: new Cluster(runner), patches };
}

describe("writes of the CIB", () => {
  it("go out together when they waited together", async () => {
    const { cluster: made, patches } = slowCluster();
    await Promise.all(["a", "b", "c", "d"].map((id) => made.changeCib(write(id))));
    assert.deepEqual(patches, [["a"], ["b", "c", "d"]]);
    await made.changeCib(write("e"));
    assert.deepEqual(patches.at(-1), ["e"]);
  });

  it("are tried alone when Pacemaker refuses them together: one bad one harms no other", async () => {
    const { cluster: made, patches } = slowCluster();
    const all = await Promise.allSettled(["a", "b", "bad", "c"].map((id) => made.changeCib(write(id))));
    assert.deepEqual(all.map((each) => each.status), ["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    assert.ok((all[2] as PromiseRejectedResult).reason instanceof CibConflict);
    assert.deepEqual(patches, [["a"], ["b", "bad", "c"], ["b"], ["bad"], ["c"]]);
  });

  it("all fail with a broken link, and the next one is tried anew", async () => {
    let broken = true;
    const link = () => (broken ? new errors.ConnectionError("node1", "gone", { beforeSend: false }) : undefined);
    const { cluster: made, patches } = slowCluster(link);
    const all = await Promise.allSettled(["a", "b", "c"].map((id) => made.changeCib(write(id))));
    assert.ok(all.every((each) => each.status === "rejected" && each.reason instanceof errors.ConnectionError));
    assert.equal(patches.length, 2);
    broken = false;
    await made.changeCib(write("d"));
  });

  it("cost nothing when there is nothing to change", async () => {
    const { cluster: made, patches } = slowCluster();
    await made.changeCib([]);
    assert.deepEqual(patches, []);
  });

  it("are never called conflicts when something else is wrong", async () => {
    const failing = (kind: string) =>
      new ScriptedRunner({ "the configure program": () => ({ error: { kind, message: "words" } }) });
    await assert.rejects(changeCib(failing("crm"), write("a")), CibConflict);
    await assert.rejects(changeCib(failing("TimeoutExpired"), write("a")), ProgramError);
    await assert.rejects(changeCib(failing("command"), write("a")), ProgramError);
  });
});

describe("reads of a cluster", () => {
  it("ask for all sources that the callers ask for, in one program", async () => {
    const inventory: unknown = JSON.parse(fixture("inventory.json"));
    const requests: unknown[] = [];
    const runner = new ScriptedRunner({
      "the inventory program": (request) => {
        requests.push(request);
        return inventory;
      },
    });
    const made = new Cluster(runner);
    const [first, second] = await Promise.all([
      made.inventory({ sources: ["/a"] }),
      made.inventory({ sources: ["/b", "/a"], cephHosts: true }),
    ]);
    assert.deepEqual(requests, [{ sources: ["/a", "/b"], cephHosts: true }]);
    assert.equal(first, second);
    assert.equal(first.images.get("system_fxrun")?.metadata?.["note"], "kept");
    assert.deepEqual(first.groups.get("fxrun"), ["system_fxrun"]);
    assert.deepEqual(first.sources.get("/nowhere"), { path: "/nowhere", missing: true });
    assert.match(first.secret ?? "", /^[0-9a-f-]{36}$/);
    assert.ok(runner.asked.every((command) => command.readOnly === true));
  });

  it("refuse an answer that is none, and say where", async () => {
    for (const [answer, says] of [["no json", /no JSON/], ['{"ok":{"node":"n"}}', /cib/]] as const) {
      const runner = new ScriptedRunner({});
      runner.run = () => Promise.resolve({ node: "node1", exitCode: 0, stdout: answer, stderr: "" });
      await assert.rejects(new Cluster(runner).inventory(), (error: Error) => error instanceof ParseError && says.test(error.message));
    }
  });

  it("share what crm_mon says", async () => {
    const runner = new ScriptedRunner({ crm_mon: () => fixture("crm_mon.xml") });
    const made = new Cluster(runner);
    const all = await Promise.all([made.status(), made.status(), made.status()]);
    assert.equal(all[0].resources.get("fxrun")?.role, "Started");
    assert.equal(runner.asked.length, 1);
  });
});
