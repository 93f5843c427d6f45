// Turns of VMs that are kept apart: who waits for whom and for how long, on a clock and a cluster of the test's own.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { Turns, NotAtOnce } =
  require("../../../../provider/dist/vmmgr/rolling/turns.js") as typeof import("../../../../provider/dist/vmmgr/rolling/turns.js");
type State = "ready" | "coming" | "idle" | "down";

/** A clock that goes on when all have come to wait. */
class TestClock {
  time = 0;
  #waiting: { until: number; wake: () => void }[] = [];
  now = () => this.time;
  sleep = (milliseconds: number) =>
    new Promise<void>((wake) => this.#waiting.push({ until: this.time + milliseconds, wake }));

  /** Lets time pass in small steps, and everything that waits run. */
  async pass(seconds: number): Promise<void> {
    for (const end = this.time + seconds * 1000; this.time < end;) {
      await this.#breathe();
      this.time += 100;
      const due = this.#waiting.filter(({ until }) => until <= this.time);
      this.#waiting = this.#waiting.filter((each) => !due.includes(each));
      for (const { wake } of due) wake();
    }
    await this.#breathe();
  }

  #breathe = () => new Promise((resolve) => setImmediate(resolve));
}

/** VMs that are all kept apart from each other; the first is changed first. */
class TestCluster {
  readonly clock = new TestClock();
  readonly turns = new Turns(this.clock);
  readonly said: string[] = [];
  readonly log: string[] = [];
  readonly states: Map<string, State>;
  readonly order: string[];

  constructor(...vms: string[]) {
    this.order = vms;
    this.states = new Map(vms.map((vm) => [vm, "ready"]));
  }

  #look(vm: string) {
    const peers = this.order
      .filter((each) => each !== vm)
      .map((each) => {
        const state = this.states.get(each) ?? "down";
        return { vm: each, by: "apart", state, words: `is ${state}` };
      });
    return { node: "node1", runs: this.states.get(vm) !== "down", peers, order: this.order };
  }

  /** A change that stops a VM for ten seconds. */
  async change(
    vm: string,
    more: { outage?: boolean; fails?: boolean; readyAfter?: number; final?: boolean; deadline?: number } = {},
  ): Promise<void> {
    const { outage = false, fails = false, readyAfter = 0, final = false, deadline = 300 } = more;
    await this.turns.begin({
      vm,
      verb: "change",
      deadline,
      outage,
      final,
      say: (text) => void this.said.push(text),
      look: () => Promise.resolve(this.#look(vm)),
    });
    this.log.push(`-${vm}`);
    this.states.set(vm, "down");
    await this.clock.sleep(10_000);
    if (!final && !fails) this.states.set(vm, "ready");
    this.log.push(`+${vm}@${this.clock.time / 1000}`);
    this.turns.end(vm, !fails, readyAfter);
  }
}

const outcome = (work: Promise<void>) =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof NotAtOnce ? `${error.message} → ${error.hint}` : String(error)),
  );

describe("turns of VMs that are kept apart", () => {
  it("are taken in the order of the constraints, whoever comes first; one has to end before the next begins", async () => {
    const cluster = new TestCluster("b", "a", "c");
    const work = ["a", "c", "b"].map((vm) => outcome(cluster.change(vm)));
    await cluster.clock.pass(60);
    assert.deepEqual(await Promise.all(work), ["done", "done", "done"]);
    assert.deepEqual(
      cluster.log.map((each) => each.split("@")[0]),
      ["-b", "+b", "-a", "+a", "-c", "+c"],
    );
    assert.match(cluster.said.join("\n"), /a: waits until VM "b" is done, from which "apart" keeps it apart/);
  });

  it("wait for nobody whose change does not come: the one that comes first is waited for for two seconds", async () => {
    const cluster = new TestCluster("b", "a");
    const work = outcome(cluster.change("a"));
    await cluster.clock.pass(1.5);
    assert.equal(cluster.log.join(), "");
    await cluster.clock.pass(15);
    assert.equal(await work, "done");
    assert.ok(cluster.clock.time < 17_000 && cluster.log.some((each) => each.startsWith("+a@12")), String(cluster.log));
  });

  it("wait until the one before has had its time to come up, and until what is inside of it answers", async () => {
    const cluster = new TestCluster("a", "b");
    const work = [outcome(cluster.change("a", { readyAfter: 30 })), outcome(cluster.change("b"))];
    await cluster.clock.pass(39);
    assert.deepEqual(
      cluster.log.map((each) => each.split("@")[0]),
      ["-a", "+a"],
    );
    cluster.states.set("a", "coming");
    await cluster.clock.pass(20);
    assert.equal(cluster.log.length, 2, "its service is not up");
    cluster.states.set("a", "ready");
    await cluster.clock.pass(12);
    assert.deepEqual(await Promise.all(work), ["done", "done"]);
    assert.match(
      cluster.said.join("\n"),
      /b: waits until VM "a" has had its time to come up[^]*b: waits: VM "a", from which "apart" keeps it apart, is coming/,
    );
  });

  it("are refused at once while another is down, before anything is stopped, and say what to do", async () => {
    const cluster = new TestCluster("a", "b");
    cluster.states.set("b", "down");
    const said = await outcome(cluster.change("a"));
    assert.match(
      said,
      /^Unable to change VM "a" on node1: it would be stopped, and VM "b", from which "apart" keeps it apart, is down → Nothing was changed\. Bring "b" back first.*SEAPATH_OUTAGE=allowed/,
    );
    assert.deepEqual(cluster.log, []);
  });

  it("are had at once by who was told that none of them need run, and by a VM that does not run", async () => {
    const cluster = new TestCluster("a", "b");
    cluster.states.set("b", "down");
    const work = [outcome(cluster.change("a", { outage: true })), outcome(cluster.change("b"))];
    await cluster.clock.pass(11);
    assert.deepEqual(await Promise.all(work), ["done", "done"]);
  });

  it("end with an error when another does not come up: soon when nothing is seen to happen, else after the deadline", async () => {
    for (const [state, from, to] of [
      ["idle", 14, 17],
      ["coming", 58, 62],
    ] as const) {
      const cluster = new TestCluster("a", "b");
      cluster.states.set("b", state);
      const work = outcome(cluster.change("a", { deadline: 60 }));
      await cluster.clock.pass(from);
      assert.ok(!cluster.said.join().includes("after"));
      await cluster.clock.pass(to - from);
      assert.match(await work, new RegExp(`VM "b", from which "apart" keeps it apart, is ${state}, after \\d+ s`));
      assert.deepEqual(cluster.log, []);
    }
  });

  it("count the deadline from the end of the change before", async () => {
    const cluster = new TestCluster("a", "b", "c");
    const work = ["a", "b", "c"].map((vm) => outcome(cluster.change(vm, { deadline: 5 })));
    await cluster.clock.pass(45);
    assert.deepEqual(await Promise.all(work), ["done", "done", "done"]);
  });

  it("are not had by the next when a change has failed, though that VM runs as before", async () => {
    const cluster = new TestCluster("a", "b");
    const work = [outcome(cluster.change("a", { fails: true })), outcome(cluster.change("b"))];
    await cluster.clock.pass(10);
    cluster.states.set("a", "ready");
    await cluster.clock.pass(10);
    assert.match(
      (await Promise.all(work))[1]!,
      /VM "a", from which "apart" keeps it apart, could not be changed by this run → .*See what is said of "a"/,
    );
    assert.deepEqual(
      cluster.log.map((each) => each.split("@")[0]),
      ["-a", "+a"],
    );
  });

  it("last over a delete and the create after it, and are lost when that create does not come", async () => {
    const cluster = new TestCluster("a", "b");
    const look = () =>
      Promise.resolve({
        node: "node1",
        runs: true,
        order: ["a", "b"],
        peers: [{ vm: "b", by: "apart", state: "ready" as const, words: "" }],
      });
    await cluster.turns.begin({ vm: "a", verb: "delete", deadline: 300, outage: false, say: () => undefined, look });
    cluster.turns.deleted("a");
    cluster.states.set("a", "down");
    const work = outcome(cluster.change("b"));
    await cluster.clock.pass(50);
    assert.deepEqual([cluster.log, cluster.turns.isBusy("a")], [[], true]);
    cluster.turns.made("a");
    await cluster.clock.pass(100);
    assert.deepEqual(cluster.log, [], "a long import is no reason");
    cluster.turns.deleted("a");
    await cluster.clock.pass(61);
    assert.match(await work, /VM "a".* could not be changed by this run/);
  });

  it("of a stop for good wait for changes under way, and for nothing else", async () => {
    const cluster = new TestCluster("a", "b");
    const work = [outcome(cluster.change("a"))];
    await cluster.clock.pass(1);
    work.push(outcome(cluster.change("b", { final: true })));
    await cluster.clock.pass(30);
    assert.deepEqual(await Promise.all(work), ["done", "done"]);
    assert.deepEqual(
      cluster.log.map((each) => each.split("@")[0]),
      ["-a", "+a", "-b", "+b"],
    );
    assert.equal(
      await outcome(
        cluster.turns.begin({
          vm: "a",
          verb: "change",
          deadline: 1,
          outage: false,
          final: true,
          say: () => undefined,
          look: () =>
            Promise.resolve({
              node: "",
              runs: true,
              order: [],
              peers: [{ vm: "b", by: "apart", state: "down", words: "" }],
            }),
        }),
      ),
      "done",
    );
  });

  it("are announced by those that a diff has shown, and by no others", () => {
    const { turns } = new TestCluster("a", "b", "c");
    assert.deepEqual([turns.announce("a", ["b", "c"]), turns.announce("b", ["a", "c"])], [[], ["a"]]);
  });
});
