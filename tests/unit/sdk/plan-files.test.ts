// A plan as files, and as an exit code.
import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Planned } from "../../../sdk/dist/cli/plan/rows.js";

const require = createRequire(import.meta.url);
const { orUnreachable, UNREACHABLE, writePlan } =
  require("../../../sdk/dist/cli/plan/files.js") as typeof import("../../../sdk/dist/cli/plan/files.js");
const { writePrivate } =
  require("../../../sdk/dist/cli/plan/private.js") as typeof import("../../../sdk/dist/cli/plan/private.js");

describe("a plan as files", () => {
  it("is there in each form, without the cluster that it was made of and the metadata of VMs", () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-plan-"));
    try {
      const web = { vm: "web", before: "node1", after: "node1", planned: false, changed: false, candidates: ["node1"] };
      const whole = {
        hypervisors: ["node1", "node2"],
        placements: [web],
        losses: [{ node: "node1", fates: [{ vm: "web", before: "node1", unplaced: "no node" }], rooms: [] }],
        epoch: "1.7",
        saved: { cib: "<cib/>", nodes: [] },
        rooms: [],
        unknown: [],
        open: [],
        inside: [],
        declared: [{ vm: "web", priority: 3, metadata: { token: "hunter2" } }],
        resources: {},
      };
      writePlan(join(folder, "new"), whole as unknown as Planned, { made: new Date(0) });
      assert.deepEqual(readdirSync(join(folder, "new")).sort(), [
        "plan.json",
        "plan.md",
        "plan.mmd",
        "plan.svg",
        "plan.txt",
      ]);
      assert.doesNotMatch(readFileSync(join(folder, "new", "plan.json"), "utf8"), /<cib|hunter2/);
      assert.match(readFileSync(join(folder, "new", "plan.svg"), "utf8"), /made 1970-01-01 00:00 UTC/);
      assert.equal(statSync(join(folder, "new")).mode & 0o777, 0o700);
      for (const file of readdirSync(join(folder, "new")))
        assert.equal(statSync(join(folder, "new", file)).mode & 0o777, 0o600, file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is its owner's alone, also where anybody could read what was there, and through a link", () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-plan-"));
    const [file, link] = [join(folder, "cluster.json"), join(folder, "link.json")];
    try {
      writeFileSync(file, "old");
      chmodSync(file, 0o644);
      symlinkSync(file, link);
      for (const [path, text] of [
        [file, "new"],
        [link, "by the link"],
      ] as const) {
        chmodSync(file, 0o666);
        writePrivate(path, text);
        assert.equal(readFileSync(file, "utf8"), text);
        assert.equal(statSync(file).mode & 0o777, 0o600);
      }
      assert.ok(lstatSync(link).isSymbolicLink());
      assert.deepEqual(readdirSync(folder).sort(), ["cluster.json", "link.json"]);
      writePrivate("/dev/null", "a device stays one");
      assert.ok(!statSync("/dev/null").isFile());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says by its exit code that no node could be reached, and throws anything else", async () => {
    const said: string[] = [];
    assert.equal(
      await orUnreachable(
        () => Promise.reject(Object.assign(new Error("no way"), { code: "connection" })),
        (text) => said.push(text),
      ),
      UNREACHABLE,
    );
    assert.deepEqual(said, ["no way\n"]);
    await assert.rejects(
      orUnreachable(() => Promise.reject(Object.assign(new Error("no file"), { code: "ENOENT" }))),
      /no file/,
    );
    assert.equal(await orUnreachable(() => Promise.resolve()), undefined);
  });
});
