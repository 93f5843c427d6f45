// A cluster that is written down has no secrets, and the scheduler says the same of it. The CIB is the lab's, with a fencing
// device, an agent that calls its password private, and one that does not; their digests are Pacemaker's own.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ask, empty, vm } from "./ask.ts";

const { programSource } = createRequire(import.meta.url)(
  "../../../../provider/dist/cluster/program.js",
) as typeof import("../../../../provider/dist/cluster/program.js");
const fixture = readFileSync(join(import.meta.dirname, "../../../fixtures/cib-secrets.xml"), "utf8");
const SECRETS = ["dummyPassw0rd", "tok-abcdef", "fence&amp;Pass"];

const kept = async (cib: string) => {
  const found = await ask({}, cib, { keep: true });
  assert.ok(found.saved);
  return { found, saved: found.saved };
};

describe("a cluster that is written down", () => {
  it("has none of the secrets of its resources, whoever calls them so", async () => {
    const { saved } = await kept(fixture);
    const text = JSON.stringify(saved);
    for (const secret of SECRETS) assert.ok(fixture.includes(secret), secret);
    for (const secret of SECRETS) assert.ok(!text.includes(secret), secret);
    assert.match(saved.cib, /name="passwd" value="\*+"/);
    assert.match(saved.cib, /name="fake" value="--login admin --say \*+"/);
    assert.match(saved.cib, /name="state" value="\/run\/ci-tok.state"/);
  });

  it("is planned on as the cluster itself, with the same SEAPATH_PLANNED", async () => {
    const { found, saved } = await kept(fixture);
    assert.ok(found.placements.every(({ action }) => action === undefined));
    const plan = { vms: [vm("web01")] };
    const [live, later] = [await ask(plan, fixture), await ask(plan, saved.cib, {}, saved)];
    assert.deepEqual({ ...later, saved: undefined }, { ...live, saved: undefined });
    assert.equal(later.digest, found.digest);
    // Written down again it stays what it is.
    assert.equal((await kept(saved.cib)).saved.cib, saved.cib);
  });

  it("has the digests of Pacemaker 2.1 and of 3.0 renewed, which do not escape the same signs", () => {
    const request = (cib: string) => Buffer.from(JSON.stringify({ cib })).toString("base64");
    const masked = (cib: string) => {
      const input = `${programSource("simulate")}\nrun(lambda request: without_secrets(request["cib"])[0], "${request(cib)}")\n`;
      return (JSON.parse(spawnSync("python3", ["-I", "-"], { input, encoding: "utf8" }).stdout) as { ok: string }).ok;
    };
    // Of the device's start, with an apostrophe in its password, as `crm_resource --digests` of 2.1.5 and of 3.0.0 say it.
    const [older, newer] = ["3cbbec6d2637795dd11ad5f1da8b9704", "98d70a5c9053b5a60e7946b4dff7dc80"];
    assert.ok(fixture.includes(older));
    const renewed = masked(fixture);
    assert.ok(!renewed.includes(older));
    assert.equal(masked(fixture.replaceAll(older, newer)), renewed);
  });

  it("is not kept when a secret decides something", async () => {
    const cib = empty()
      .replace(
        '<node id="1" uname="node1"/>',
        '<node id="1" uname="node1"><instance_attributes id="n1"><nvpair id="n1-token" name="token" value="red-cable"/></instance_attributes></node>',
      )
      .replace(
        "<resources/><constraints/>",
        '<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources>' +
          '<constraints><rsc_location id="l" rsc="a"><rule id="r" score="-INFINITY"><expression id="e" attribute="token" operation="ne" value="red-cable"/></rule></rsc_location>' +
          '<rsc_location id="m" rsc="a"><rule id="r2" score="-INFINITY"><expression id="e2" attribute="token" operation="not_defined"/></rule></rsc_location></constraints>',
      );
    await assert.rejects(
      ask({}, cib, { keep: true }),
      /the cluster cannot be written down: without token the scheduler would do something else/,
    );
    assert.equal((await ask({}, cib)).saved, undefined);
  });

  it("does not tell a secret in an error either", async () => {
    const cib = fixture.replace(
      'name="passwd" value="dummyPassw0rd"',
      'name="passwd" value="dummyPassw0rd" bad="dummyPassw0rd"',
    );
    const said = await ask({}, cib).then(
      (found) => JSON.stringify(found),
      (error: Error) => error.message,
    );
    assert.ok(!said.includes("dummyPassw0rd"), said);
  });
});
