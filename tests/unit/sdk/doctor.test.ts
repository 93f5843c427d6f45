// How a diagnosis is printed, and that its page has every finding that there is.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { diagnosisText } from "../../../sdk/dist/cli/doctor.js";

const require = createRequire(import.meta.url);
const { FINDINGS } =
  require("../../../provider/dist/vmmgr/doctor/index.js") as typeof import("../../../provider/dist/vmmgr/doctor/index.js");

const fault = {
  id: "no-quorum",
  level: "fault",
  seen: "the cluster has no quorum, so nothing is done",
  remedy: "Bring back nodes.",
} as const;
const advice = { id: "fencing-off", level: "advice", seen: "fencing is off", remedy: "Add a device." } as const;

describe("what a doctor prints", () => {
  it("is each finding with what to do, and a line that judges", () => {
    assert.equal(
      diagnosisText({ fit: false, examined: ["node1", "node2"], findings: [fault, advice] }, { color: false }),
      "fault: no-quorum\n  the cluster has no quorum, so nothing is done\n  → Bring back nodes.\n\nadvice: fencing-off\n  fencing is off\n  → Add a device.\n\nThe cluster is not fit: 1 fault and 1 piece of advice (examined: node1, node2)\n",
    );
    assert.equal(
      diagnosisText({ fit: true, examined: ["node1"], findings: [] }, { color: false }),
      "The cluster is fit (examined: node1)\n",
    );
    assert.match(
      diagnosisText({ fit: true, examined: ["node1"], findings: [advice, advice] }, { color: false }),
      /^The cluster is fit, 2 pieces of advice \(examined: node1\)$/m,
    );
    assert.match(
      diagnosisText({ fit: false, examined: [], findings: [fault] }, { color: false }),
      /^The cluster is not fit: 1 fault \(no node could be examined\)$/m,
    );
  });

  it("is no wider than the terminal", () => {
    const text = diagnosisText({ fit: false, examined: ["node1"], findings: [fault] }, { color: false, columns: 24 });
    assert.ok(
      text
        .split("\n")
        .slice(0, -2)
        .every((line) => line.length <= 24),
      text,
    );
  });
});

describe("docs/doctor.md", () => {
  it("has each finding with its level, and none that there is not", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/doctor.md"), "utf8");
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (fault|advice) \|/gm)].map(([, id, level]) => [id, level]);
    assert.deepEqual(Object.fromEntries(rows), FINDINGS);
    assert.equal(rows.length, Object.keys(FINDINGS).length);
  });
});
