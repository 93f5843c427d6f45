import assert from "node:assert/strict";
import { formatSize, full, parseSize, typed, unknowns, withDefaults, xmlForm } from "../vm/vms.ts";

const { concernsUnknown, knownPart, UNKNOWN, unknownPaths } = unknowns;

describe("a size", () => {
  const sizes: [string | number, number | undefined][] = [
    ["20GiB", 20 * 2 ** 30],
    ["20G", 20 * 2 ** 30],
    ["20GB", 20e9],
    [" 1.5 GiB ", 1.5 * 2 ** 30],
    ["512", 512],
    [512, 512],
    ["1T", 2 ** 40],
    ["1KiB", 1024],
    ["1KB", 1000],
    ["7B", 7],
    ["0", undefined],
    [0, undefined],
    [-1, undefined],
    [1.5, undefined],
    ["1.5", undefined],
    ["", undefined],
    ["GiB", undefined],
    ["1XiB", undefined],
    ["1 2G", undefined],
    ["-1G", undefined],
    ["1e3", undefined],
    [2 ** 60, undefined],
    ["9999999TiB", undefined],
    [NaN, undefined],
    ["20gib", undefined],
    ["1constructor", undefined],
  ];
  for (const [text, bytes] of sizes) {
    it(`${JSON.stringify(text)} is ${bytes ?? "none"}`, () => assert.equal(parseSize(text), bytes));
  }

  it("is said in the largest unit that is exact, and read back the same", () => {
    assert.equal(formatSize(20 * 2 ** 30), "20GiB");
    assert.equal(formatSize(1536 * 2 ** 20), "1536MiB");
    assert.equal(formatSize(1000), "1000");
    for (const bytes of [1, 512, 1023, 1024, 2 ** 20 + 512, 3 * 2 ** 30, 2 ** 40, 20e9])
      assert.equal(parseSize(formatSize(bytes)), bytes);
  });
});

describe("unknown values", () => {
  const value = { a: UNKNOWN, b: { c: [1, UNKNOWN, { d: UNKNOWN }] }, e: "x", f: null };

  it("are found wherever they are", () => {
    assert.deepEqual(unknownPaths(value), [["a"], ["b", "c", 1], ["b", "c", 2, "d"]]);
    assert.deepEqual(unknownPaths({ e: "x" }), []);
    assert.deepEqual(unknownPaths(UNKNOWN), [[]]);
    assert.equal(knownPart(value), undefined);
    assert.deepEqual(knownPart({ x: 1 }), { x: 1 });
  });

  it("excuse what is said of them and of what holds them, and nothing beside them", () => {
    const paths = unknownPaths(value);
    for (const path of [["a"], ["b"], ["b", "c"], ["b", "c", 1], ["b", "c", 1, "x"]])
      assert.ok(concernsUnknown(path, paths), path.join());
    for (const path of [["e"], ["b", "x"], ["b", "c", 0], ["b", "c", 2, "e"]])
      assert.equal(concernsUnknown(path, paths), false, path.join());
  });
});

describe("defaults", () => {
  it("are put in, all of them", () => {
    const { domain, ...rest } = withDefaults(typed());
    const { interfaces, ...others } = domain as Record<string, unknown>;
    assert.deepEqual(others, {
      type: "kvm",
      memory: 64,
      vcpus: 1,
      machine: "q35",
      firmware: "efi",
      serialConsole: true,
      guestAgent: false,
    });
    assert.deepEqual(interfaces, []);
    assert.deepEqual(rest, {
      adopt: false,
      name: "web01",
      source: { nodePath: "/var/lib/seapath/images/tick.qcow2" },
      systemDisk: { bus: "virtio" },
      enabled: true,
      started: true,
      restart: "never",
      liveMigration: false,
      migrationUser: "root",
      migrationDowntime: 0,
      migrateToTimeout: 120,
      stopTimeout: 30,
      priority: 0,
      metadata: {},
      pacemaker: { meta: {}, params: {}, utilization: {} },
      crmConfigCommands: [],
      timeouts: { create: 300, update: 300, delete: 300 },
    });
  });

  it("change nothing that has them already", () => {
    for (const inputs of [typed(), xmlForm(), full()]) {
      const once = withDefaults(inputs);
      assert.deepEqual(withDefaults(once), once);
      assert.deepEqual(withDefaults(structuredClone(once)), once);
    }
  });

  it("overwrite nothing that is said, and make strings of numbers where the cluster has strings", () => {
    const filled = withDefaults(full());
    assert.deepEqual(filled["metadata"], { owner: "grid", floor: "3" });
    assert.deepEqual(filled["pacemaker"], {
      meta: { "migration-threshold": "3" },
      params: { autoset_utilization_cpu: "false" },
      utilization: { cpu: "2" },
    });
    assert.deepEqual(filled["timeouts"], { create: 900, update: 300, delete: 300 });
    assert.equal(filled["started"], false);
    const [first, second] = (filled["domain"] as { interfaces: Record<string, unknown>[] }).interfaces;
    assert.match(String(first?.["mac"]), /^52:54:00:/);
    assert.equal(second?.["mac"], "52:54:00:aa:00:01");
  });

  it("leave unknown and wrong values where they are", () => {
    for (const key of ["systemDisk", "domain", "pacemaker", "timeouts", "metadata", "enabled", "stopTimeout"]) {
      for (const value of [UNKNOWN, 7]) assert.equal(withDefaults(typed({ [key]: value }))[key], value, key);
    }
    const unnamed = withDefaults(typed({ name: UNKNOWN, domain: { memory: 1, interfaces: [{ bridge: "br0" }] } }));
    assert.equal((unnamed["domain"] as { interfaces: { mac: string }[] }).interfaces[0]?.mac, UNKNOWN);
  });

  it("do not take the serialized provider for an input, nor undefined for a value", () => {
    assert.deepEqual(
      withDefaults(typed({ __provider: "text", xml: undefined, pinnedHost: null })),
      withDefaults(typed()),
    );
  });
});
