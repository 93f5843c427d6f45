import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { cluster, fixture } from "./fixtures.ts";
import { errors, requestOf, ScriptedRunner } from "./runner.ts";

const files = (...paths: string[]) => paths.map((path) => cluster.nodeFile(path));
const { Cluster, CibConflict, ParseError, ProgramError, createChange, element, CONSTRAINTS } = cluster;
const write = (id: string) => [createChange(CONSTRAINTS, element("rsc_location", { id }))];
type Request = { writes: { storage: unknown[]; changes: string; commands: string[][] }[] };
const idsOf = ({ writes }: Request) => writes.map(({ changes }) => / id="([^"]*)"/.exec(changes)?.[1]);

/** A cluster that takes its time to write and refuses changes with an id "bad…". */
function slowCluster(broken?: () => Error | undefined) {
  const batches: (string | undefined)[][] = [];
  const runner = new ScriptedRunner({
    "the write program": async (request) => {
      const ids = idsOf(request as Request);
      batches.push(ids);
      await sleep(20);
      const error = broken?.();
      if (error !== undefined) throw error;
      return {
        ok: ids.map((id) => (id?.startsWith("bad") ? { error: { kind: "cib-78", message: "refused" } } : { ok: true })),
      };
    },
  });
  return { cluster: new Cluster(runner), batches, runner };
}

describe("writes of the CIB", () => {
  it("go out together when they waited together", async () => {
    const { cluster: made, batches } = slowCluster();
    const first = made.changeCib(write("a"));
    await sleep(12);
    await Promise.all([first, ...["b", "c", "d"].map((id) => made.changeCib(write(id)))]);
    assert.deepEqual(batches, [["a"], ["b", "c", "d"]]);
    await Promise.all(["e", "f"].map((id) => made.changeCib(write(id))));
    assert.deepEqual(batches.at(-1), ["e", "f"]);
  });

  it("have an answer each: one that is refused takes no other with it", async () => {
    const { cluster: made, batches } = slowCluster();
    const all = await Promise.allSettled(["a", "b", "bad", "c"].map((id) => made.changeCib(write(id))));
    assert.deepEqual(
      all.map((each) => each.status),
      ["fulfilled", "fulfilled", "rejected", "fulfilled"],
    );
    assert.ok((all[2] as PromiseRejectedResult).reason instanceof CibConflict);
    assert.deepEqual(batches, [["a", "b", "bad", "c"]]);
  });

  it("all fail with a broken link, and the next one is tried anew", async () => {
    let broken = true;
    const link = () => (broken ? new errors.ConnectionError("node1", "gone", { beforeSend: false }) : undefined);
    const { cluster: made } = slowCluster(link);
    const all = await Promise.allSettled(["a", "b", "c"].map((id) => made.changeCib(write(id))));
    assert.ok(all.every((each) => each.status === "rejected" && each.reason instanceof errors.ConnectionError));
    broken = false;
    await made.changeCib(write("d"));
  });

  it("cost nothing when there is nothing to change", async () => {
    const { cluster: made, batches } = slowCluster();
    await made.changeCib([]);
    await made.write({ storage: [], changes: [], commands: [] });
    assert.deepEqual(batches, []);
  });

  it("carry what is to be done to images, and the crm commands", async () => {
    const { cluster: made, runner } = slowCluster();
    const storage = [{ op: "setMetadata" as const, image: "system_a", set: { a: "1" } }];
    await made.write({ storage, changes: write("a"), commands: [["location", "x"]] });
    assert.deepEqual((requestOf(runner.asked[0]!) as Request).writes[0], {
      storage,
      changes: cluster.renderXml(write("a")[0]!),
      commands: [["location", "x"]],
    });
  });

  it("are never called conflicts when something else is wrong", async () => {
    const failing = (kind: string) =>
      new Cluster(new ScriptedRunner({ "the write program": () => ({ ok: [{ error: { kind, message: "words" } }] }) }));
    await assert.rejects(failing("crm").changeCib(write("a")), CibConflict);
    await assert.rejects(failing("command").changeCib(write("a")), ProgramError);
    await assert.rejects(failing("ImageExists").changeCib(write("a")), cluster.AlreadyExists);
    await assert.rejects(
      new Cluster(new ScriptedRunner({ "the write program": () => ({ ok: [] }) })).changeCib(write("a")),
      ParseError,
    );
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
      made.inventory({ sources: files("/a") }),
      made.inventory({ sources: files("/b", "/a"), cephHosts: true }),
    ]);
    assert.deepEqual(requests, [{ sources: files("/a", "/b"), cephHosts: true }]);
    assert.equal(first, second);
    assert.equal(first.images.get("system_fxrun")?.metadata?.["note"], "kept");
    assert.deepEqual(first.groups.get("fxrun"), ["system_fxrun"]);
    assert.deepEqual(first.sources.get(cluster.nodeFile("/nowhere").key), {
      ...cluster.nodeFile("/nowhere"),
      missing: true,
    });
    assert.match(first.secret ?? "", /^[0-9a-f-]{36}$/);
    assert.ok(runner.asked.every((command) => command.readOnly === true));
  });

  it("refuse an answer that is none, and say where", async () => {
    for (const [answer, says] of [
      ["no json", /no JSON/],
      ['{"ok":{"node":"n"}}', /cib/],
    ] as const) {
      const runner = new ScriptedRunner({});
      runner.run = () => Promise.resolve({ node: "node1", exitCode: 0, stdout: answer, stderr: "" });
      await assert.rejects(
        new Cluster(runner).inventory(),
        (error: Error) => error instanceof ParseError && says.test(error.message),
      );
    }
  });

  it("have operations done before, and each caller is told of its own", async () => {
    const answer = JSON.parse(fixture("inventory.json")) as { ok: object };
    const runner = new ScriptedRunner({
      "the inventory program": () => ({
        ok: { ...answer.ok, before: [{ ok: null }, { error: { kind: "ImageNotFound", message: "words" } }] },
      }),
    });
    const made = new Cluster(runner);
    const unset = (image: string) => [{ op: "setMetadata" as const, image, unset: ["x"] }];
    const [good, bad] = await Promise.allSettled([
      made.changeAndRead(unset("system_a")),
      made.changeAndRead(unset("system_b")),
    ]);
    assert.equal(good.status, "fulfilled");
    assert.ok(bad.status === "rejected" && bad.reason instanceof ProgramError && bad.reason.kind === "ImageNotFound");
    assert.deepEqual(
      runner.asked.map((command) => command.readOnly),
      [false],
    );
  });

  it("watch the cluster by one program for all who wait", async () => {
    const runner = new ScriptedRunner({ "the watch program": () => ({ ok: fixture("crm_mon.xml") }) });
    const made = new Cluster(runner);
    const seen = cluster.parseStatus(fixture("crm_mon-standby.xml"));
    const [one, two] = await Promise.all([made.nextStatus(seen), made.nextStatus(seen)]);
    assert.equal(one, two);
    assert.notEqual(one.digest, seen.digest);
    assert.deepEqual(runner.asked.map(requestOf), [{ seen: seen.digest, seconds: 5 }]);
    await made.nextStatus(one);
    assert.equal(runner.asked.length, 2);
  });

  it("share what crm_mon says", async () => {
    const runner = new ScriptedRunner({ crm_mon: () => fixture("crm_mon.xml") });
    const made = new Cluster(runner);
    const all = await Promise.all([made.status(), made.status(), made.status()]);
    assert.equal(all[0].resources.get("fxrun")?.role, "Started");
    assert.equal(runner.asked.length, 1);
  });
});
