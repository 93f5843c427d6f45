import assert from "node:assert/strict";
import { alignedLines, goalLines, tableOf } from "../../../bench/report.ts";
import { floorOf, goalsOf, ownRatioOf, ratioOf, type Row } from "../../../bench/rows.ts";
import { sumOf } from "../../../bench/trace.ts";

const row = (more: Partial<Row>): Row => ({
  setting: "near",
  what: "up",
  vms: 10,
  by: "pulumi",
  seconds: 1,
  roundTrips: 1,
  programs: 1,
  ...more,
});
const near = [
  row({ what: "nothing", vms: 0, seconds: 2 }),
  row({ by: "one by one", seconds: 20, programs: 110 }),
  row({ by: "at once", seconds: 8 }),
  row({ seconds: 10, workSeconds: 7.5, roundTrips: 40, bytes: 2048 }),
  row({ what: "update", seconds: 2.6, workSeconds: 0.6 }),
  row({ what: "refresh", vms: 200, seconds: 3.5, workSeconds: 1 }),
];

describe("what the benchmark says", () => {
  it("measures an up by the quicker of the plain ways, with and without Pulumi's own start", () => {
    const up = near[3] ?? row({});
    assert.equal(floorOf(near, "near", 10)?.by, "at once");
    assert.equal(ratioOf(near, up), 10 / 8);
    assert.equal(ownRatioOf(near, up), (10 - 2) / 8);
    assert.equal(ratioOf(near, near[4] ?? row({})), undefined);
    assert.equal(ratioOf([up], up), undefined);
  });

  it("measures a preview with policies by the same one without", () => {
    const rows = [
      row({ what: "preview", vms: 100, seconds: 2 }),
      row({ what: "preview with policies", vms: 100, seconds: 3 }),
      row({ what: "nothing", vms: 0 }),
    ];
    assert.deepEqual(
      rows.map((each) => [ratioOf(rows, each), ownRatioOf(rows, each)]),
      [
        [undefined, undefined],
        [1.5, undefined],
        [undefined, undefined],
      ],
    );
    assert.match(tableOf(rows, "near", "Here"), /^pulumi: preview with policies, beside 100 VMs +3\.00 .* +1\.50$/m);
  });

  it("says of each goal whether it was met, and what was measured", () => {
    const goals = goalsOf(
      [
        ...near,
        row({ setting: "far", seconds: 11.9 }),
        row({ setting: "wide", seconds: 13 }),
        row({ setting: "wide", by: "at once", seconds: 12.5 }),
      ],
      50,
    );
    assert.deepEqual(
      goals.map(({ met }) => met),
      [true, false, true, true, false],
    );
    assert.equal(goals[0]?.measured, "1.25 times, 1.00 without the start of Pulumi");
    assert.equal(goals[1]?.measured, "3.50 s, 1.00 s of them on the cluster");
    assert.equal(goals[2]?.measured, "0.60 s, 2.60 s with it");
    assert.equal(goals[3]?.measured, "1.90 s");
    assert.equal(goals[4]?.measured, "3.00 s; it costs the plain commands 4.50 s");
  });

  it("calls nothing met that was not measured", () => {
    const goals = goalsOf([row({ vms: 1 })], 50);
    assert.ok(goals.every(({ met, measured }) => met === undefined && measured === undefined));
    assert.equal(goalLines(goals).match(/^not measured {2}/gm)?.length, 5);
    assert.match(
      goalLines(goalsOf(near, 50)),
      /^met {11}an up of 10 VMs.*: 1\.25 times.*\nnot met {7}a refresh of 200/,
    );
  });

  it("has a table for each setting, its numbers below each other", () => {
    const text = tableOf([...near, row({ setting: "far" })], "near", "Here");
    const lines = text.split("\n");
    assert.equal(lines[0], "Here");
    assert.equal(lines.length, 2 + near.length + 1);
    assert.match(text, /^plain commands, 10 VMs, one by one +20\.00 +1 +110$/m);
    assert.match(text, /^pulumi: up of 10 VMs +10\.00 +7\.50 +40 +1 +2 +1\.25 +1\.00$/m);
    assert.match(text, /^pulumi: update of one of 10 VMs /m);
    assert.deepEqual(
      alignedLines([
        ["a", "b"],
        ["long", "100"],
      ]),
      ["a       b", "long  100"],
    );
  });
});

describe("the sum of a trace", () => {
  it("counts programs, bytes, and the time from the first to the last", () => {
    const lines = [
      { at: 1000, ms: 500, what: "the inventory program", sent: 10, received: 20 },
      { at: 1200, ms: 100, what: "qemu-img", sent: 0, received: 5 },
      { at: 1300, ms: 900, what: "qemu-img", sent: 0, received: 5 },
    ];
    assert.deepEqual(sumOf(lines.map((line) => JSON.stringify(line)).join("\n") + "\n"), {
      roundTrips: 3,
      bytes: 40,
      workSeconds: 1.2,
      programs: { "the inventory program": 1, "qemu-img": 2 },
    });
  });

  it("of nothing is nothing", () => {
    assert.deepEqual(sumOf(""), { roundTrips: 0, bytes: 0, programs: {} });
  });
});
