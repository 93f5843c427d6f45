import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const load = <T>(file: string) => require(`../../../../provider/dist/resources/${file}.js`) as T;
const { providerOf } = load<typeof import("../../../../provider/dist/resources/engine/kind.js")>("engine/kind");
const { diskKind } = load<typeof import("../../../../provider/dist/resources/disk/kind.js")>("disk/kind");
const { UNKNOWN } = load<typeof import("../../../../provider/dist/resources/engine/unknowns.js")>("engine/unknowns");
const { DiskClaims } = load<typeof import("../../../../provider/dist/resources/disk/claims.js")>("disk/claims");
const { observedDisk } = load<typeof import("../../../../provider/dist/resources/disk/state.js")>("disk/state");
const { diskSchema } = load<typeof import("../../../../provider/dist/resources/disk/schema.js")>("disk/schema");
const { parseXml } =
  require("../../../../provider/dist/cluster/index.js") as typeof import("../../../../provider/dist/cluster/index.js");

type Raw = Record<string, unknown>;
const said: string[] = [];
const noCluster = () => {
  throw new Error("no cluster is asked here");
};
const provider = () =>
  providerOf(diskKind(), { cluster: noCluster, say: (text: string) => said.push(text) } as unknown as Parameters<
    typeof providerOf
  >[1]);
const disk = (more: Raw = {}): Raw => ({ vm: "web", size: "1GiB", ...more });

describe("the inputs of a disk", () => {
  const cases: [string, Raw, RegExp][] = [
    [
      "neither size nor source",
      disk({ size: undefined }),
      /^size: is missing: give the `size` of a blank disk, or a `source`$/,
    ],
    ["a size that is none", disk({ size: "lots" }), /^size: must be a size such as/],
    ["two sources", disk({ source: { nodePath: "/a", image: "system_b" } }), /^source: must have exactly one of/],
    [
      "an image with a pool, or a snapshot",
      disk({ source: { image: "rbd/x@y" } }),
      /^source\.image: must be the name of an RBD image/,
    ],
    ["a bus that there is not", disk({ bus: "floppy" }), /^bus: must be virtio, scsi, sata, usb or ide$/],
    ["a cache mode that there is not", disk({ cache: "some" }), /^cache: must be none, writeback/],
    ["a number beyond the letters", disk({ index: 25 }), /^index: must be at most 24$/],
    ["half a number", disk({ index: 0.5 }), /^index: must be a whole number/],
    ["adoption without a number", disk({ adopt: true }), /^index: is missing: a disk to adopt has a number$/],
    [
      "readOnly where QEMU has none",
      disk({ bus: "sata", readOnly: true }),
      /^readOnly: is not to be had on the bus sata/,
    ],
    ["a serial number with blanks", disk({ serial: "a b" }), /^serial: must have at most 20/],
    ["what is no input", disk({ format: "raw" }), /^format: is no input of seapath\.Disk$/],
  ];
  for (const [what, inputs, words] of cases) {
    it(`refuse ${what}`, async () => {
      const { failures = [] } = await provider().check!({}, inputs);
      assert.match(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"), words);
    });
  }

  it("get their defaults, and what is not known yet is let be", async () => {
    const { inputs, failures } = await provider().check!(
      {},
      disk({ size: UNKNOWN, source: UNKNOWN, cluster: UNKNOWN }),
    );
    assert.deepEqual(failures, []);
    const { bus, cache, readOnly, retain, adopt } = inputs as Raw;
    assert.deepEqual(
      { bus, cache, readOnly, retain, adopt },
      { bus: "virtio", cache: "writeback", readOnly: false, retain: false, adopt: false },
    );
  });
});

describe("a change of a disk", () => {
  const state = {
    ...disk({ index: 1, bus: "virtio", cache: "writeback", readOnly: false, source: { nodePath: "/a" } }),
    image: "data_web_1",
    attached: true,
  };
  const diff = async (more: Raw, from: Raw = state) => {
    said.length = 0;
    return (await provider().diff!("data_web_1", from, { ...state, ...more })) as {
      replaces: string[];
      deleteBeforeReplace: boolean;
    };
  };

  it("of its place or its origin makes a new one: the old one goes before, unless the new one stands beside it", async () => {
    assert.deepEqual(await diff({ source: { nodePath: "/b" } }), { replaces: ["source"], deleteBeforeReplace: true });
    assert.match(
      said.join(),
      /disk "data_web_1": a changed source makes a new disk; this one is deleted with all that is on it/,
    );
    assert.deepEqual(await diff({ index: 0 }), { replaces: ["index"], deleteBeforeReplace: true });
    assert.deepEqual(await diff({ vm: "other" }), { replaces: ["vm"], deleteBeforeReplace: false });
    await diff({ vm: "other" }, { ...state, retain: true });
    assert.match(said.join(), /the image of this one is kept under another name/);
  });

  it("with its VM makes a new one: the engine says so by a VM that is not known", async () => {
    assert.deepEqual((await diff({ vm: UNKNOWN })).replaces, ["vm"]);
    assert.match(said.join(), /its VM is made anew, and so is the disk/);
  });

  it("of an origin that was not known, or is not any more, does not", async () => {
    assert.deepEqual((await diff({ source: undefined })).replaces, []);
    assert.deepEqual((await diff({}, { ...state, source: undefined })).replaces, []);
  });

  it("that waits for the guest's next start is announced, where a guest has it", async () => {
    assert.deepEqual((await diff({ cache: "none", serial: "x" })).replaces, []);
    assert.match(
      said.join(),
      /disk "data_web_1": another cache, serial takes effect when VM "web" is next stopped and started/,
    );
    await diff({ cache: "none" }, { ...state, attached: false });
    assert.deepEqual(said, []);
  });
});

describe("a disk as it was observed", () => {
  const before = diskSchema.parse({
    ...disk({ index: 0 }),
    adopt: false,
    bus: "virtio",
    cache: "writeback",
    readOnly: false,
    retain: false,
    owner: "p/s/one",
    timeouts: { create: 1, update: 1, delete: 1 },
  });
  const stored = parseXml(`<disk><source name="rbd/data_web_0"/><target dev="vdb" bus="virtio"/></disk>`, "test");
  const whole = {
    image: "data_web_0",
    vm: "web",
    index: 0,
    bytes: 2 ** 30,
    inGroup: true,
    stored,
    running: true,
    live: stored,
    note: { image: "data_web_0", owner: "p/s/one" },
  };

  it("is what was asked when nothing was changed", () => {
    assert.deepEqual(observedDisk(before, whole), {
      inputs: before,
      outputs: { image: "data_web_0", target: "vdb", attached: true, restartRequired: false },
    });
  });

  it("says where it is missing", () => {
    const drift = (more: object, state: Raw = {}) => {
      const found = { ...whole, ...more } as Record<string, unknown>;
      for (const key of Object.keys(found)) if (found[key] === undefined) delete found[key];
      return (observedDisk(before, found as unknown as typeof whole, state).inputs as Raw)["drift"];
    };
    assert.equal(drift({ live: undefined }), "the running guest does not have it");
    assert.equal(drift({ live: undefined, running: false }), undefined);
    assert.equal(drift({ live: undefined }, { restartRequired: true }), undefined, "it was said that it waits");
    assert.equal(
      drift({ inGroup: false, stored: undefined }),
      "the RBD group web does not have it; the XML of VM web does not have it",
    );
  });

  it("says its size in the words that it was given, unless that is another", () => {
    assert.equal(observedDisk(before, { ...whole, bytes: 2 ** 31 }).inputs.size, "2GiB");
    const { inputs, outputs } = observedDisk({ ...before, size: undefined, source: { image: "data_db_0" } }, whole);
    assert.equal(inputs.size, undefined);
    assert.equal(outputs["size"], "1GiB", "what it is can be had all the same");
    assert.equal("size" in observedDisk(before, whole).outputs, false);
  });

  it("of the size of its source has that in its state, and nothing to change", async () => {
    const { size: _size, ...rest } = before;
    const { inputs, outputs } = observedDisk({ ...rest, source: { image: "data_db_0" } }, whole);
    const checked = (await provider().check!({ ...inputs, ...outputs }, { ...inputs, ...outputs })).inputs as Raw;
    assert.deepEqual([checked["size"], checked["__unsaid"]], [undefined, undefined]);
  });
});

describe("the disks of a program", () => {
  it("are told apart by VM, cluster and owner", () => {
    const claims = new DiskClaims();
    claims.check("web", undefined, 0, "p/s/one");
    assert.deepEqual(
      [
        claims.has("web", undefined, 0),
        claims.has("web", undefined, 0, "p/s/one"),
        claims.has("web", undefined, 0, "p/s/two"),
      ],
      [true, false, true],
    );
    assert.deepEqual(
      [claims.has("web", "north", 0), claims.has("web", undefined, 1), claims.has("web0", undefined, 0)],
      [false, false, false],
    );
    claims.replace("web", undefined, 0, true);
    assert.deepEqual(
      [
        claims.isReplaced("web", undefined, 0),
        claims.isReplaced("web", undefined, 1),
        claims.isLeaving("web", undefined),
      ],
      [true, false, true],
    );
  });
});
