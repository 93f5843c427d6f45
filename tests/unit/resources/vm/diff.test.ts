import assert from "node:assert/strict";
import { diffVm, full, type Raw, state, unknowns } from "./vms.ts";

const { readInputs } = state;

describe("which changes replace a VM", () => {
  const olds = { ...readInputs(full()), node: "node1", uuid: "u", status: "Started" };
  const diff = (more: Raw) => {
    const said: string[] = [];
    return { ...diffVm(olds, readInputs(full(more)), (text) => said.push(text)), said };
  };

  it("is its name, which leaves room for both, and its source, which does not", () => {
    const { said: _said, ...named } = diff({ name: "web02" });
    assert.deepEqual(named, { replaces: ["name"], deleteBeforeReplace: false });
    const source = diff({ source: { nodePath: "/other.qcow2" } });
    assert.deepEqual([source.replaces, source.deleteBeforeReplace], [["source"], true]);
    assert.match(source.said.join(), /VM "web01".*its disks are deleted/);
    assert.deepEqual(diff({ source: { path: "/etc/hostname" } }).replaces, ["source"]);
  });

  it("is nothing else", () => {
    const others = {
      stopTimeout: 5,
      started: true,
      enabled: false,
      metadata: {},
      priority: 1,
      systemDisk: { size: "40GiB" },
      domain: { memory: 1 },
      liveMigration: false,
      crmConfigCommands: [],
    };
    for (const [key, value] of Object.entries(others)) {
      const found = diff({ [key]: value });
      assert.deepEqual(
        [found.replaces, found.deleteBeforeReplace],
        [[], true],
        `${key}: where the engine replaces it, the old one goes first`,
      );
      assert.equal("changes" in found, false, "the engine compares the inputs itself only while this is unset");
    }
  });

  it("is nothing that a state of before an input existed does not have", () => {
    const { guestAgent: _guestAgent, ...domain } = readInputs(full({ domain: { memory: 64 } })).domain ?? {};
    const older = { ...readInputs(full()), domain, node: "node1", restart: "whenRequired" };
    const said: string[] = [];
    const found = diffVm(
      older,
      readInputs(full({ domain: { memory: 64 }, started: true, restart: "whenRequired" })),
      (text) => said.push(text),
    );
    assert.deepEqual([found.replaces, "changes" in found, said.filter((text) => /domain/.test(text))], [[], false, []]);
  });

  it("is nothing that is not known yet", () => {
    for (const news of [
      { ...olds, name: unknowns.UNKNOWN },
      { ...olds, source: unknowns.UNKNOWN },
      { ...olds, source: { nodePath: unknowns.UNKNOWN } },
    ]) {
      assert.deepEqual(diffVm(olds, news, () => undefined).replaces, []);
    }
  });

  it("and a move to another host says what it does to the guest", () => {
    assert.match(
      diff({ preferredHost: "node3", started: true }).said.join(),
      /runs on node1 and goes to node3; it is migrated live/,
    );
    assert.match(diff({ preferredHost: "node3", started: true, liveMigration: false }).said.join(), /it is stopped/);
    for (const more of [
      { preferredHost: "node1", started: true },
      { preferredHost: "node3", started: false },
      { preferredHost: "node3", started: true, enabled: false },
    ]) {
      assert.deepEqual(diff(more).said, []);
    }
  });

  it("and a changed domain says what becomes of the guest that runs", () => {
    const bus = { started: true, systemDisk: { size: "20 GiB", bus: "virtio" } };
    assert.match(diff(bus).said.join(), /its changed domain takes effect when it is next stopped and started/);
    const restarted = diff({ ...bus, restart: "whenRequired" });
    assert.match(
      restarted.said.join(),
      /its domain changes while it runs on node1, so it is stopped and started \(restart: "whenRequired"\)/,
    );
    assert.deepEqual(diff({ ...bus, started: false, restart: "whenRequired" }).said, []);
    const due = (more: Raw) => {
      const said: string[] = [];
      const before = { ...olds, started: true, restartRequired: true };
      return { ...diffVm(before, readInputs(full({ started: true, ...more })), (text) => said.push(text)), said };
    };
    assert.deepEqual([due({}).changes, due({}).said], [undefined, []]);
    assert.equal(due({ restart: "whenRequired" }).changes, true);
    assert.match(due({ restart: "whenRequired" }).said.join(), /it runs another domain than the one that is stored/);
  });

  it("and crm commands that are given up are named", () => {
    assert.match(
      diff({ crmConfigCommands: [] }).said.join(),
      /what the crm command "location x web01 5: node1" made stays in the CIB/,
    );
  });

  it("and a clone that is to have snapshots has none after it was made, which is said", () => {
    const of = (source: Raw) => ({ ...olds, source: { vm: "a", mode: "copy", ...source } });
    const said: string[] = [];
    const between = (before: Raw, after: Raw) => diffVm(of(before), of(after), (text) => said.push(text)).replaces;
    assert.deepEqual(
      [
        between({}, { snapshots: true }),
        between({ snapshots: true }, {}),
        between({ snapshots: true }, { snapshots: true }),
      ],
      [[], [], []],
    );
    assert.equal(said.length, 1);
    assert.match(said.join(), /VM "web01": `snapshots` counts when a clone is made; this one has been made without/);
  });

  it("and a linked clone becomes a copy in place, a copy no link", () => {
    const between = (before: Raw, after: Raw) => {
      const said: string[] = [];
      return {
        ...diffVm({ ...olds, source: { vm: "a", ...before } }, { ...olds, source: { vm: "a", ...after } }, (text) =>
          said.push(text),
        ),
        said,
      };
    };
    assert.deepEqual(between({ mode: "copy", inherited: {} }, {}).replaces, []);
    const alone = between({ mode: "linked" }, { mode: "copy" });
    assert.deepEqual(alone.replaces, []);
    assert.match(alone.said.join(), /what its disks share with VM "a" is copied, while it runs/);
    for (const [before, after] of [
      [{ mode: "copy" }, { mode: "linked" }],
      [{}, { snapshot: "s" }],
      [{}, { vm: "b" }],
    ] as const) {
      assert.deepEqual(between(before, after).replaces, ["source"]);
    }
  });
});
