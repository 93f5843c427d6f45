import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { cluster } from "./fixtures.ts";

const { Coalesced } = cluster;
const union = (a: string[], b: string[]) => [...new Set([...a, ...b])];

describe("a read that callers share", () => {
  it("costs two reads for a burst of any size, and asks for all that was asked", async () => {
    const reads: string[][] = [];
    const shared = new Coalesced(async (request: string[]) => {
      reads.push(request);
      await sleep(20);
      return reads.length;
    }, union);
    const first = shared.ask(["a"]);
    await sleep(10); // the first read is under way
    const rest = Array.from({ length: 50 }, (_, index) => shared.ask([`r${index % 3}`]));
    assert.equal(await first, 1);
    assert.deepEqual([...new Set(await Promise.all(rest))], [2]);
    assert.deepEqual(reads, [["a"], ["r0", "r1", "r2"]]);
  });

  it("never gives an answer that was begun before the question", async () => {
    let now = 0;
    const shared = new Coalesced(
      async (_request: undefined) => {
        const seen = now;
        await sleep(5);
        return seen;
      },
      () => undefined,
    );
    const asked: Promise<void>[] = [];
    for (let round = 0; round < 60; round++) {
      const least = ++now;
      asked.push(shared.ask(undefined).then((seen) => assert.ok(seen >= least, `${seen} is older than ${least}`)));
      await sleep(round % 4);
    }
    await Promise.all(asked);
  });

  it("never reads twice at once", async () => {
    let running = 0;
    const shared = new Coalesced(
      async (_request: undefined) => {
        assert.equal(++running, 1);
        await sleep(8);
        running--;
      },
      () => undefined,
    );
    const asked: Promise<void>[] = [];
    for (let round = 0; round < 20; round++) {
      asked.push(shared.ask(undefined));
      await sleep(3);
    }
    await Promise.all(asked);
  });

  it("gives an error to those who asked for that read, and to nobody after them", async () => {
    let reads = 0;
    const shared = new Coalesced(
      async (_request: undefined) => {
        reads++;
        await sleep(10);
        if (reads === 1) throw new Error("broken link");
        return reads;
      },
      () => undefined,
    );
    const first = shared.ask(undefined);
    const both = Promise.allSettled([first, sleep(8).then(() => shared.ask(undefined))]);
    const [failed, after] = await both;
    assert.equal(failed.status, "rejected");
    assert.deepEqual(after, { status: "fulfilled", value: 2 });
    assert.equal(await shared.ask(undefined), 3);
  });

  it("survives a read that throws at once", async () => {
    let reads = 0;
    const shared = new Coalesced(
      (_request: undefined): Promise<number> => {
        if (++reads === 1) throw new Error("at once");
        return Promise.resolve(reads);
      },
      () => undefined,
    );
    await assert.rejects(shared.ask(undefined), /at once/);
    assert.equal(await shared.ask(undefined), 2);
  });
});
