// A what-if by Pacemaker's tools of other versions is the one of this machine's: by a crm_simulate that prints as much as 2.1.8
// to 3.0.3 do, and by those in SEAPATH_PACEMAKER_ROOTS, roots of other releases separated by colons (see tests/pacemaker.ts).
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { spawnSync } from "node:child_process";
import { savedCluster } from "../../../../bench/cib.ts";
import { program, toolsOf } from "../../../pacemaker.ts";
import { cluster, fixture } from "../../cluster/fixtures.ts";
import { ask, askOf, empty, running, vm, type Plan, type WhatIf } from "./ask.ts";

const ROOTS = (process.env["SEAPATH_PACEMAKER_ROOTS"] ?? "").split(":").filter((each) => each !== "");
const guest = { name: "g1", vm: "a", address: "10.0.0.1", port: 3121, timeout: 60 };
const service = {
  name: "svc",
  guest: "g1",
  agent: "ocf:pacemaker:Dummy",
  params: {},
  meta: {},
  operations: { monitor: { interval: 10, timeout: 20 } },
  started: true,
};
const move =
  '<rsc_location id="p1" rsc="b" node="node2" score="INFINITY"/><rsc_location id="o1" rsc="a" node="node3" score="-INFINITY"/>';
const remote =
  '<nvpair id="a-g" name="remote-node" value="g1"/><nvpair id="a-ga" name="remote-addr" value="10.0.0.1"/>';
const inside = '<primitive id="svc" class="ocf" provider="pacemaker" type="Dummy"/></resources>';
const bound = '<rsc_location id="svc-in" rsc="svc" node="g1" score="INFINITY"/>';
const fenced = (cib: string) =>
  cib
    .replace('name="stonith-enabled" value="false"', 'name="stonith-enabled" value="true"')
    .replace("<resources>", '<resources><primitive id="fence" class="stonith" type="fence_dummy"/>');

/** What is asked, of which CIB. */
const QUESTIONS: Record<string, [plan: Partial<Plan>, cib: string, options?: Parameters<typeof ask>[2]]> = {
  "new VMs, pinned, preferred and free": [
    { vms: [vm("a"), vm("b"), vm("c", { pinnedHost: "node2" }), vm("d", { preferredHost: "node1" })] },
    empty(),
  ],
  "VMs that run, move, and go": [
    { vms: [vm("n")], removed: ["c"] },
    running({ a: 1, b: 1, c: 2 }, { constraints: move }),
  ],
  "a node in standby": [{}, running({ a: 1, b: 1, c: 2 }, { constraints: move }), { standby: ["node1"] }],
  failures: [{ vms: [vm("n")] }, fixture("cib.xml")],
  fencing: [{}, fenced(savedCluster(6).cib)],
  "fencing without a device": [{ vms: [vm("a")] }, empty("true")],
  "many VMs": [{}, savedCluster(12).cib],
  "a guest node that is made": [
    { vms: [vm("a", { preferredHost: "node1" })], guests: [guest], services: [service] },
    running({ b: 2, c: 1 }),
  ],
  "a guest node that is there": [
    {},
    running(
      { a: 1, c: 2 },
      { meta: { a: remote }, constraints: `${move.replace('rsc="b"', 'rsc="c"')}${bound}` },
    ).replace("</resources>", inside),
  ],
};

/** All but Pacemaker's own words, which every version writes anew. */
const without = ({ invalid, verified: _verified, ...rest }: WhatIf) => ({ ...rest, isValid: invalid === undefined });

describe("a what-if by another version of Pacemaker", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "seapath-tools-"));
  const silent = join(folder, "silent");
  const versions: [string, () => string][] = [
    ["one that prints nothing behind an event", () => silent],
    ...ROOTS.map((root): [string, () => string] => [
      `the one in ${root}`,
      () => toolsOf(root, join(folder, basename(root))),
    ]),
  ];

  before(() => {
    const real = spawnSync("sh", ["-c", "command -v crm_simulate"], { encoding: "utf8" }).stdout.trim();
    const cut = `sed '/<modifications/,$d'; echo '<modifications/><modify_node action="Failing" node="n"/><status code="0" message="OK"/></pacemaker-result>'`;
    spawnSync("mkdir", [silent]);
    program(join(silent, "crm_simulate"), [
      `case " $* " in *" -f "*|*" -u "*) ${real} "$@" | { ${cut}; };; *) exec ${real} "$@";; esac`,
    ]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [name, tools] of versions) {
    it(`is the same by ${name}`, async () => {
      const path = tools();
      let [lost, back] = [0, 0];
      for (const [title, [plan, cib, options = {}]] of Object.entries(QUESTIONS)) {
        const asked = { failback: true, ...options };
        const [own, other] = [await ask(plan, cib, asked), await askOf(path, plan, cib, asked)];
        assert.deepEqual(without(other), without(own), title);
        lost += own.losses
          .flatMap(({ fates, inside: within }) => [...fates, ...within])
          .filter(({ action }) => action !== undefined).length;
        back += own.losses.filter(({ back: fates }) => fates !== undefined).length;
      }
      assert.ok(lost > 10 && back > 10, `${lost} actions after losses, ${back} returns`);
    });
  }

  it("prints as the captured ones do where it is a stand-in", () => {
    const run = spawnSync(
      join(silent, "crm_simulate"),
      ["-x", join(import.meta.dirname, "../../../fixtures/cib.xml"), "-R", "-f", "node2", "--output-as=xml"],
      { encoding: "utf8" },
    );
    const captured =
      (JSON.parse(fixture("pacemaker-3.0.0.json")) as Record<string, { stdout: string[] }>)[
        "simulate-lost"
      ]?.stdout.join("\n") ?? "";
    const parts = (text: string) => cluster.parseXml(text, "crm_simulate").children.map(({ name }) => name);
    assert.deepEqual(parts(run.stdout), parts(captured));
  });
});
