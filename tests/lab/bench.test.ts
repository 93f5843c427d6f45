// The benchmark in its short form: that it runs and counts. No time is asserted here or anywhere.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Goal, Row } from "../../bench/rows.ts";
import { run } from "../../bench/run.ts";
import { traces } from "./support/cluster.ts";

const bench = (...args: string[]) => run([process.execPath, join(import.meta.dirname, "../../bench/main.ts"), ...args]);

describe("the benchmark", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "seapath-bench-"));
  after(() => rmSync(folder, { recursive: true }));

  it("measures each part beside plain commands that make the same VM, counts round trips, and leaves nothing", async () => {
    const file = join(folder, "out.json");
    const { stdout } = await bench("--quick", "--images", "3", "--json", file);
    const { rows, goals } = JSON.parse(readFileSync(file, "utf8")) as { rows: Row[]; goals: Goal[] };
    assert.deepEqual(
      rows.map(({ what, vms, by }) => `${what} ${vms} ${by}`),
      [
        "nothing 0 pulumi",
        "up 1 one by one",
        "up 1 pulumi",
        "update 1 pulumi",
        "refresh 1 pulumi",
        "refresh 3 pulumi",
        "preview 10 pulumi",
        "preview with policies 10 pulumi",
      ],
    );
    for (const row of rows) assert.ok(row.seconds > 0, JSON.stringify(row));
    assert.deepEqual(
      rows.filter(({ what }) => what === "refresh").map(({ roundTrips }) => roundTrips),
      [1, 1],
    );
    const [, floor, up, update] = rows;
    assert.ok(
      (floor?.programs ?? 0) >= 11 &&
        (up?.roundTrips ?? 0) > (update?.roundTrips ?? 0) &&
        (update?.roundTrips ?? 0) > 0,
    );
    assert.ok(
      goals.every(({ met }) => met === undefined),
      "the goals are about more VMs",
    );
    assert.match(stdout, /^pulumi: up of 1 VM .*\d$/m);
    for (const vm of ["benchvm0", "benchfloor0", "benchtemplate", "benchimage0", "benchimage2"])
      assert.deepEqual(await traces(vm), [], vm);
  });

  it("refuses what it does not know", () => assert.rejects(bench("--fast"), /exit code 2[^]*--fast[^]*usage:/));
});
