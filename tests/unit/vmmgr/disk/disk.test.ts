import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cluster, inventory } from "../../cluster/fixtures.ts";
import { domains } from "../form/specs.ts";

const require = createRequire(import.meta.url);
const load = <T>(file: string) => require(`../../../../provider/dist/vmmgr/disk/${file}.js`) as T;
const elements = load<typeof import("../../../../provider/dist/vmmgr/disk/element.js")>("element");
const model = load<typeof import("../../../../provider/dist/vmmgr/disk/model.js")>("model");
const observe = load<typeof import("../../../../provider/dist/vmmgr/disk/observe.js")>("observe");
const refusals = load<typeof import("../../../../provider/dist/vmmgr/disk/refusals.js")>("refusals");
type Inventory = ReturnType<typeof inventory>;
type DiskSpec = import("../../../../provider/dist/vmmgr/disk/model.js").DiskSpec;

const { parseXml, renderXml } = cluster;
const spec = (more: Partial<DiskSpec> = {}): DiskSpec => ({
  vm: "web",
  index: 0,
  bus: "virtio",
  cache: "writeback",
  readOnly: false,
  retain: false,
  owner: "p/s/one",
  size: 1024,
  ...more,
});
const DOMAIN = `<domain><name>web</name><devices><disk><source name="rbd/system_web"/><target dev="vda" bus="virtio"/></disk><serial type="pty"/></devices></domain>`;

/** A cluster with a VM and data images, as notes by number; `null` is an image without one. */
function withDisks(notes: Record<number, object | null>, xml = DOMAIN): Inventory {
  const found = inventory();
  const images = new Map(found.images);
  images.set("system_web", { name: "system_web", size: 1 << 20, metadata: { vm_name: "web", xml } });
  for (const [index, note] of Object.entries(notes)) {
    const name = `data_web_${index}`;
    images.set(name, { name, size: 4096, metadata: note === null ? {} : model.noteMetadata({ image: name, ...note }) });
  }
  return { ...found, images };
}

describe("the element of a data disk", () => {
  const found = { ...inventory(), secret: "s", cephHosts: [] };

  it("says what is asked, and is read back from it", () => {
    for (const bus of ["virtio", "scsi", "sata", "usb", "ide"]) {
      const asked = { bus, cache: "none", readOnly: bus === "virtio", serial: "a.b-1" };
      const node = elements.wantedElement({ vm: "web", index: 2, ...asked }, found);
      const { target, ...rest } = elements.readElement(node);
      assert.deepEqual(rest, asked);
      assert.equal(target, { virtio: "vdd", ide: "hdd" }[bus] ?? "sdd");
      assert.ok(elements.isSame(node, asked));
      for (const other of [{ bus: "x" }, { cache: "unsafe" }, { readOnly: bus !== "virtio" }, { serial: "b" }]) {
        assert.equal(elements.isSame(node, { ...asked, ...other }), false, JSON.stringify(other));
      }
    }
  });

  it("of another tool, without what is by default, is the same", () => {
    const node = parseXml(`<disk><source name="rbd/data_web_0"/><target dev="vdb" bus="virtio"/></disk>`, "test");
    assert.ok(elements.isSame(node, { bus: "virtio", cache: "writeback", readOnly: false }));
  });

  it("stands among the others by its number, and everything else stays as it is", () => {
    const names = (root: typeof empty) => cluster.findAll(root, "source").map((node) => node.attrs["name"]);
    const empty = parseXml(DOMAIN, "test");
    const put = (root: typeof empty, index: number) =>
      elements.withElement(root, "web", `data_web_${index}`, elements.wantedElement({ ...spec({ index }) }, found));
    const whole = [1, 10, 0, 2].reduce(put, empty);
    assert.deepEqual(names(whole), [
      "rbd/system_web",
      "rbd/data_web_0",
      "rbd/data_web_1",
      "rbd/data_web_2",
      "rbd/data_web_10",
    ]);
    assert.deepEqual(names(put(whole, 1)), names(whole), "twice is once");
    const back = [0, 1, 2, 10].reduce(
      (root, index) => elements.withElement(root, "web", `data_web_${index}`, undefined),
      whole,
    );
    assert.equal(renderXml(back), renderXml(empty));
    assert.equal(
      elements.withElement(empty, "web", "data_web_0", undefined),
      empty,
      "the same tree: nothing is to be written",
    );
  });

  it("names who has its target already", () => {
    const other = parseXml(
      DOMAIN.replace("<serial", `<disk device="cdrom"><source file="/a.iso"/><target dev="vdb"/></disk><serial`),
      "test",
    );
    const wanted = elements.wantedElement(spec(), found);
    assert.equal(elements.targetHolder(other, wanted), "/a.iso");
    assert.equal(
      elements.targetHolder(elements.withElement(parseXml(DOMAIN, "test"), "web", "data_web_0", wanted), wanted),
      undefined,
    );
  });

  it("is kept by the VM's own changes, which take no other disk in", () => {
    const stored = elements.withElement(
      parseXml(DOMAIN, "test"),
      "web",
      "data_web_0",
      elements.wantedElement(spec({ bus: "scsi", serial: "x" }), found),
    );
    const vm = { name: "web", uuid: "u", images: ["system_web", "data_web_0", "data_web_1"] };
    const final = domains.finalDomain(
      domains.baseDomain(stored, "web"),
      vm,
      { bus: "ide", secret: "s", cephHosts: [] },
      stored,
    );
    const targets = cluster.findAll(final, "target").map((node) => node.attrs["dev"]);
    assert.deepEqual(targets, ["hda", "sdb"]);
    assert.equal(cluster.findAll(final, "serial").at(-1)?.text, "x");
  });
});

describe("the note on a disk's image", () => {
  it("counts for that image alone: a copy carries it along", () => {
    const metadata = model.noteMetadata({ image: "data_web_0", owner: "p/s/one", retain: true });
    assert.deepEqual(model.readNote("data_web_0", metadata), { image: "data_web_0", owner: "p/s/one", retain: true });
    assert.equal(model.readNote("data_copy_0", metadata), undefined);
  });

  for (const text of ["", "{", "[]", "null", '"x"', '{"image":3}']) {
    it(`that says ${JSON.stringify(text)} says nothing`, () =>
      assert.equal(model.readNote("data_web_0", { [model.NOTE_KEY]: text }), undefined));
  }
});

describe("the number of a disk", () => {
  const next = (notes: Record<number, object | null>, planned: number[] = [], owner = "p/s/new") =>
    refusals.nextNumber(withDisks(notes), "web", owner, (index) => planned.includes(index));

  it("is the lowest that is free, of the cluster and of the program", () => {
    assert.equal(next({}), 0);
    assert.equal(next({ 0: null, 1: { owner: "p/s/one" } }), 2);
    assert.equal(next({ 0: null }, [1, 2]), 3);
    assert.equal(next({ 1: null }), 0);
  });

  it("is its own, where an earlier run lost track of it, and that of a deleted one", () => {
    assert.equal(next({ 0: { owner: "p/s/other" }, 1: { owner: "p/s/new" } }), 1);
    assert.equal(next({ 0: { deleted: true, owner: "p/s/new" }, 1: null }), 0);
  });

  it("of a deleted disk has no disk", () => {
    const found = withDisks({ 0: { deleted: true }, 1: null });
    assert.deepEqual(
      [0, 1, 2].map((index) => observe.findDisk(found, "web", index)?.image),
      [undefined, "data_web_1", undefined],
    );
    assert.deepEqual(observe.takenNumbers(found, "web"), [0, 1]);
  });
});

describe("what speaks against a disk", () => {
  const nothing = { vm: false, index: () => false };
  const refused = (
    found: Inventory,
    more: Partial<DiskSpec>,
    intent: "create" | "update" | "replace" = "create",
    planned: Parameters<typeof refusals.diskRefusals>[3] = nothing,
  ) =>
    refusals
      .diskRefusals(found, spec(more), intent, planned)
      .map(({ property, reason }) => `${property}: ${reason}`)
      .join("\n");

  it("a gap, unless this program fills it", () => {
    assert.match(
      refused(withDisks({ 0: null }), { index: 2 }),
      /^index: 2 would leave a gap: VM "web" has no data disk 1,/,
    );
    assert.equal(
      refused(withDisks({ 0: null }), { index: 2 }, "create", { vm: false, index: (index) => index === 1 }),
      "",
    );
  });

  it("a number that it leaves itself: the gap would be where it was", () => {
    assert.match(
      refused(withDisks({ 0: { owner: "p/s/one" } }), { index: 1 }, "replace", { ...nothing, leaves: 0 }),
      /has no data disk 0/,
    );
  });

  it("a VM that is not there, unless this program makes it", () => {
    assert.match(
      refused(withDisks({}), { vm: "nobody" }),
      /^vm: VM "nobody" does not exist: it is not on the cluster$/,
    );
    assert.equal(refused(withDisks({}), { vm: "nobody" }, "create", { ...nothing, vm: true }), "");
  });

  it("a disk of another resource, but not its own, nor one that is adopted", () => {
    assert.match(refused(withDisks({ 0: { owner: "p/s/two" } }), {}), /made by p\/s\/two/);
    assert.match(refused(withDisks({ 0: null }), {}), /made by another program/);
    assert.equal(refused(withDisks({ 0: { owner: "p/s/one" } }), { size: 4096 }), "");
    assert.equal(refused(withDisks({ 0: null }), { adopt: true, size: 4096 }), "");
  });

  it("less room than it has; one that is not whole yet is filled again, so that counts for nothing", () => {
    assert.match(
      refused(withDisks({ 0: { owner: "p/s/one" } }), { size: 512 }, "update"),
      /^size: data_web_0 has 4096 bytes and is never made smaller/,
    );
    assert.equal(refused(withDisks({ 0: { owner: "p/s/one", filling: true } }), { size: 512 }), "");
  });

  it("a source that Ceph has no room for", () => {
    const found = { ...withDisks({}), freeBytes: 10 };
    assert.match(
      refused(found, { source: { image: "system_web" }, size: 1 << 21 }),
      /^source: it has 1048576 bytes, and Ceph has 10 left$/,
    );
  });
});
