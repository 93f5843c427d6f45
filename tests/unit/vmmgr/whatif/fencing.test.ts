// Whether nodes are fenced: what the configuration says by either name of the property, and what Pacemaker makes of it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { CibFile, cluster } from "../../cluster/fixtures.ts";
import { ask, empty, vm } from "./ask.ts";

const { programSource } = createRequire(import.meta.url)(
  "../../../../provider/dist/cluster/program.js",
) as typeof import("../../../../provider/dist/cluster/program.js");

const OLDER = /<nvpair id="opt-stonith-enabled"[^>]*\/>/;
/** A cluster without devices that has the property under these names. */
const named = (properties: Record<string, string>) =>
  empty().replace(
    OLDER,
    Object.entries(properties)
      .map(([name, value]) => `<nvpair id="opt-${name}" name="${name}" value="${value}"/>`)
      .join(""),
  );

describe("fencing in a what-if", function () {
  this.timeout(60_000);

  it("is read from the configuration as Pacemaker reads it", () => {
    for (const value of ["true", "false", "FALSE", "Off", "no", "n", "0", "1", "maybe", ""]) {
      const file = new CibFile(named({ "stonith-enabled": value }));
      const status = cluster.parseStatus(file.run(["crm_mon", "-1", "--output-as=xml"]).stdout);
      assert.equal(cluster.fencingOf(file.read()).enabled, status.fencing?.enabled, `"${value}"`);
      file.end();
    }
  });

  it("goes by the newer name on a saved cluster, also where the Pacemaker that is asked knows the older one alone", async () => {
    const off = await ask({ vms: [vm("a", { preferredHost: "node1" })] }, named({ "fencing-enabled": "false" }));
    assert.deepEqual(
      [off.fencing, off.invalid, off.placements[0]?.after],
      [{ enabled: false, property: "fencing-enabled", devices: [] }, undefined, "node1"],
    );
    const on = await ask({ vms: [vm("a")] }, named({ "stonith-enabled": "false", "fencing-enabled": "true" }));
    assert.deepEqual(on.fencing, { enabled: true, property: "fencing-enabled", devices: [] });
    assert.match(on.invalid ?? "", /STONITH|fencing/);
    assert.equal(on.placements[0]?.after, undefined);
  });

  it("is said by both names of a cluster that is written down, as the cluster itself reads it", () => {
    const written = (properties: Record<string, string>, fencing: "True" | "False" | "None") => {
      const code = `${programSource("simulate")}\nrun(lambda request: for_any_version(request["cib"], ${fencing}), "${Buffer.from(JSON.stringify({ cib: named(properties) })).toString("base64")}")\n`;
      const { stdout } = spawnSync("python3", ["-I", "-"], { input: code, encoding: "utf8" });
      const { properties: found } = cluster.parseCib((JSON.parse(stdout) as { ok: string }).ok);
      return [found["fencing-enabled"], found["stonith-enabled"]];
    };
    assert.deepEqual(written({ "fencing-enabled": "false" }, "None"), ["false", "false"]);
    assert.deepEqual(written({ "fencing-enabled": "false", "stonith-enabled": "true" }, "None"), ["false", "false"]);
    // A version that does not know the newer name reads the older one.
    assert.deepEqual(written({ "fencing-enabled": "false" }, "True"), ["true", "true"]);
    assert.deepEqual(written({ "fencing-enabled": "true", "stonith-enabled": "false" }, "False"), ["false", "false"]);
    assert.deepEqual(written({ "stonith-enabled": "false" }, "False"), [undefined, "false"]);
    assert.deepEqual(written({ "fencing-enabled": "", "stonith-enabled": "false" }, "None"), ["", "false"]);
    assert.deepEqual(written({}, "True"), [undefined, undefined]);
  });
});
