import assert from "node:assert/strict";
import { CibFile, cluster } from "../../cluster/fixtures.ts";
import { constraints, fullSpec, parked as parking, spec, sync } from "./specs.ts";
import type { VmSpec } from "../../../../provider/dist/vmmgr/form/model.js";

const { disableChanges, diffTargetRole, enableChanges, foreignConstraints, undoChanges } = sync;
const { writeParked } = parking;
const FOREIGN = ["colocation-fxrun-withfxman", "fxset", "fxorder", "fxorderset", "fxlocset"];

describe("what Pacemaker is told of a VM", function () {
  this.timeout(60_000);
  let cib: CibFile;
  beforeEach(() => {
    cib = new CibFile();
  });
  afterEach(() => cib.end());

  const ids = () => cib.read().constraints.map((node) => node.attrs["id"]);
  const none = (wanted: VmSpec, observer?: string) => {
    assert.deepEqual(enableChanges(cib.read(), wanted, observer).changes, []);
  };

  const cases: [string, VmSpec, string | undefined][] = [
    ["a new VM", spec({ name: "web01" }), undefined],
    ["a new VM that is pinned, beside an observer", fullSpec({ name: "web01", pinnedHost: "node1" }), "node3"],
    ["a VM that crm made", spec(), undefined],
    ["a VM that crm made, with all settings changed", fullSpec({ preferredHost: "node2" }), "node3"],
    ["a VM whose pin is given up", spec({ name: "fxstop" }), undefined],
    ["a VM that is pinned elsewhere", spec({ name: "fxstop", pinnedHost: "node1" }), undefined],
    ["a VM that is preferred and no longer pinned", spec({ name: "fxstop", preferredHost: "node1" }), undefined],
  ];
  for (const [name, wanted, observer] of cases) {
    it(`is told once, and can be taken back: ${name}`, () => {
      const before = cib.unordered();
      const told = enableChanges(cib.read(), wanted, observer);
      assert.notDeepEqual(told.changes, []);
      cib.apply(told.changes);
      none(wanted, observer);
      assert.deepEqual(constraints.readPlacement(cib.read(), wanted.name), {
        ...(wanted.pinnedHost ? { pinnedHost: wanted.pinnedHost } : {}),
        ...(wanted.preferredHost ? { preferredHost: wanted.preferredHost } : {}),
      });
      cib.apply(undoChanges(cib.read(), told));
      assert.ok(cib.unordered() === before, "the undo restores all of it");
      // It may be run twice, and when nothing was done.
      assert.deepEqual(undoChanges(cib.read(), told), []);
    });
  }

  it("is taken back without what others have changed meanwhile", () => {
    const told = enableChanges(
      cib.read(),
      spec({
        priority: 7,
        preferredHost: "node2",
        pacemaker: { meta: { "migration-threshold": "3" }, params: {}, utilization: {} },
      }),
      undefined,
    );
    cib.apply(told.changes);
    const path = `${cluster.RESOURCES}/primitive[@id='fxrun']/meta_attributes`;
    const { primitives } = cib.read();
    const set = cluster.child(primitives.get("fxrun"), "meta_attributes")?.attrs["id"] ?? "";
    cib.apply([
      cluster.createChange(
        `${path}[@id='${set}']`,
        cluster.element("nvpair", { id: "others", name: "resource-stickiness", value: "5" }),
      ),
    ]);
    cib.apply(undoChanges(cib.read(), told));
    const meta = cluster.nvpairs(cib.read().primitives.get("fxrun"), "meta_attributes");
    assert.equal(meta["resource-stickiness"], "5");
    assert.equal(meta["migration-threshold"], undefined);
    assert.notEqual(meta["priority"], "7");
  });

  it("leaves the constraints of others as they are", () => {
    const before = new Map(cib.read().constraints.map((node) => [node.attrs["id"], cluster.canonicalXml(node)]));
    cib.apply(enableChanges(cib.read(), fullSpec({ pinnedHost: "node2" }), undefined).changes);
    const after = new Map(cib.read().constraints.map((node) => [node.attrs["id"], cluster.canonicalXml(node)]));
    for (const id of [...FOREIGN, "fxrule", "pin-fxstop-onnode2", "cli-ban-fxstop-on-node3"]) {
      assert.equal(after.get(id), before.get(id), id);
    }
    assert.equal(after.has("cli-prefer-fxrun"), false);
  });

  it("gives up no ban, for that is somebody's deliberate one", () => {
    cib.apply(enableChanges(cib.read(), spec({ name: "fxstop" }), undefined).changes);
    assert.ok(ids().includes("cli-ban-fxstop-on-node3"));
    assert.equal(ids().includes("pin-fxstop-onnode2"), false);
  });

  it("does not touch the placement of a VM whose name begins alike", () => {
    cib.apply(enableChanges(cib.read(), spec({ name: "fxstop2", pinnedHost: "node1" }), undefined).changes);
    cib.apply(enableChanges(cib.read(), spec({ name: "fxstop" }), undefined).changes);
    assert.ok(ids().includes("pin-fxstop2-onnode1") && ids().includes("nodes-only-fxstop2"));
  });

  it("keeps a VM off guest nodes by a rule that Pacemaker takes", () => {
    cib.apply(enableChanges(cib.read(), spec({ name: "web01" }), "node3").changes);
    assert.ok(ids().includes("nodes-only-web01") && ids().includes("cli-ban-web01-on-node3"));
    assert.equal(cib.run(["crm_verify", "--xml-file", cib.path]).code, 0);
  });

  it("takes all of a VM out, names and all, and can put it back", () => {
    const before = cib.unordered();
    const out = disableChanges(cib.read(), "fxrun");
    cib.apply(out.changes);
    assert.deepEqual(
      [...cib.read().ids].filter((id) => id.split("-").includes("fxrun")),
      [],
    );
    assert.ok(ids().includes("pin-fxstop-onnode2"));
    assert.deepEqual(disableChanges(cib.read(), "fxrun").changes, []);
    cib.apply(undoChanges(cib.read(), out));
    assert.ok(cib.unordered() === before);
    assert.deepEqual(undoChanges(cib.read(), out), []);
  });

  it("takes out what was half put in: constraints without a primitive go too", () => {
    assert.deepEqual(
      disableChanges(cib.read(), "nobody"),
      Object.assign(disableChanges(cib.read(), "nobody"), { changes: [], elements: [] }),
    );
  });

  it("parks what others say of a VM, and has it again afterwards", () => {
    const asked = spec({ preferredHost: "node1" });
    const foreign = foreignConstraints(cib.read(), "fxrun", undefined);
    assert.deepEqual(foreign.map((node) => node.attrs["id"]).sort(), [...FOREIGN, "fxrule"].sort());
    const parked = writeParked(foreign);
    cib.apply(disableChanges(cib.read(), "fxrun").changes);
    const told = enableChanges(cib.read(), asked, undefined, parked);
    cib.apply(told.changes);
    const back = new Map(cib.read().constraints.map((node) => [node.attrs["id"], cluster.canonicalXml(node)]));
    for (const node of foreign) assert.equal(back.get(node.attrs["id"]), cluster.canonicalXml(node));
    assert.deepEqual(enableChanges(cib.read(), asked, undefined, parked).changes, []);
  });

  it("does not put back what names a resource that is gone, or stands there in other words", () => {
    const parked = writeParked(foreignConstraints(cib.read(), "fxrun", undefined));
    cib.apply(disableChanges(cib.read(), "fxrun").changes);
    cib.apply(disableChanges(cib.read(), "fxman").changes);
    cib.apply(enableChanges(cib.read(), spec(), undefined, parked).changes);
    assert.equal(ids().includes("fxset"), false);
    assert.ok(ids().includes("fxlocset") && ids().includes("fxrule"));
  });

  it("stops a VM, and has it managed again", () => {
    const { primitives } = cib.read();
    const man = primitives.get("fxman");
    assert.ok(man);
    cib.apply(diffTargetRole(man, "Stopped"));
    const after = cib.read().primitives.get("fxman");
    assert.deepEqual(cluster.nvpairs(after, "meta_attributes"), { "target-role": "Stopped" });
    assert.deepEqual(after && diffTargetRole(after, "Stopped"), []);
    const bare = cluster.element("primitive", { id: "bare", class: "ocf", provider: "heartbeat", type: "Dummy" });
    cib.apply([cluster.createChange(cluster.RESOURCES, bare)]);
    cib.apply(diffTargetRole(bare, "Stopped"));
    assert.equal(cluster.nvpairs(cib.read().primitives.get("bare"), "meta_attributes")["target-role"], "Stopped");
  });
});
