import assert from "node:assert/strict";
import { cluster, inventory } from "../../cluster/fixtures.ts";
import { domains, observe, revisions, spec } from "./specs.ts";

const { revisionOf, withoutRevision, withRevision } = revisions;
const { canonicalXml, parseXml, renderXml } = cluster;
type Lab = ReturnType<typeof inventory>;

const DISKS = { bus: "virtio", secret: "s", cephHosts: [] };
const final = (xml: string, bus = "virtio", images = ["system_fxrun"]) =>
  domains.finalDomain(
    domains.baseDomain(parseXml(xml, "x"), "fxrun"),
    { name: "fxrun", uuid: "u", images },
    { ...DISKS, bus },
  );
const markOf = (xml: string, bus?: string, images?: string[]) =>
  /<seapath:revision [^>]*>([^<]*)</.exec(renderXml(final(xml, bus, images)))?.[1];
const PLAIN = "<domain type='qemu'><memory>1</memory><devices/></domain>";

describe("the mark of a domain", () => {
  it("is another one for another domain or bus, and the same for other words, names and disks", () => {
    const mark = markOf(PLAIN);
    assert.match(mark ?? "", /^[0-9a-f]{16}$/);
    assert.equal(
      markOf("<domain  type='qemu'>\n<name>a</name><uuid>b</uuid><memory>1</memory><devices></devices></domain>"),
      mark,
    );
    assert.equal(markOf(PLAIN, "virtio", ["system_fxrun", "data_fxrun_0"]), mark);
    assert.notEqual(markOf(PLAIN.replace(">1<", ">2<")), mark);
    assert.notEqual(markOf(PLAIN, "scsi"), mark);
  });

  it("is no part of the domain: what was marked compares as before, and is marked once", () => {
    for (const xml of [PLAIN, PLAIN.replace("<memory>", "<metadata><app xmlns='urn:x'>1</app></metadata><memory>")]) {
      const marked = renderXml(final(xml));
      assert.equal(domains.canonicalBase(marked, "fxrun"), domains.canonicalBase(xml, "fxrun"));
      assert.equal(renderXml(final(marked)), marked);
      assert.equal(marked.match(/<metadata>/g)?.length, 1);
    }
    for (const metadata of [
      "text alone",
      " text <a xmlns='urn:x'>1</a> beside &amp; after ",
      "<a xmlns='urn:x'>b<c/> d</a>",
    ]) {
      const xml = PLAIN.replace("<memory>", `<metadata>${metadata}</metadata><memory>`);
      const marked = renderXml(final(xml));
      assert.equal(domains.canonicalBase(marked, "fxrun"), domains.canonicalBase(xml, "fxrun"));
      assert.equal(renderXml(final(marked)), marked);
      assert.ok(marked.includes(metadata.replaceAll("'", '"')), marked);
    }
    const bare = parseXml("<d><memory>1</memory></d>", "x").children;
    assert.deepEqual(withoutRevision(withRevision(bare, "r")), bare);
  });
});

describe("whether a guest needs a restart", () => {
  const due = (change: (lab: Lab, metadata: Record<string, string>, stored: string) => void) => {
    const lab = inventory();
    const metadata = lab.images.get("system_fxrun")?.metadata ?? {};
    change(
      lab,
      metadata,
      revisionOf(canonicalXml(domains.baseDomain(parseXml(metadata["xml"] ?? "", "x"), "fxrun")), spec().diskBus),
    );
    return observe.findVm(lab, "fxrun")?.restartRequired;
  };
  const live = (revision: string) =>
    `<domain><name>fxrun</name><metadata><seapath:revision xmlns:seapath="x">${revision}</seapath:revision></metadata></domain>`;

  it("is said by the mark of the domain that runs, and by what was kept where it has none", () => {
    assert.equal(
      due(() => undefined),
      false,
      "nothing was changed under it",
    );
    assert.equal(
      due((lab, metadata) => {
        metadata["_seapath_restart"] = "old";
        lab.live.set("fxrun", live("old"));
      }),
      true,
    );
    assert.equal(
      due((lab, metadata, stored) => {
        metadata["_seapath_restart"] = "old";
        lab.live.set("fxrun", live(stored));
      }),
      false,
    );
    assert.equal(
      due((lab, metadata) => {
        metadata["_seapath_restart"] = "old";
        lab.live.set("fxrun", "<domain><name>fxrun</name></domain>");
      }),
      true,
    );
    assert.equal(
      due((_lab, metadata, stored) => {
        metadata["_seapath_restart"] = stored;
      }),
      false,
    );
    assert.equal(
      due((_lab, metadata) => {
        metadata["_seapath_restart"] = "old";
      }),
      true,
      "its node could not be asked",
    );
  });

  it("is nothing of a VM that does not run", () => {
    assert.equal(
      due((lab, metadata) => {
        metadata["_seapath_restart"] = "old";
        lab.status.resources.delete("fxrun");
      }),
      false,
    );
  });
});

describe("the size of a disk that has grown", () => {
  it("is what the running guest was told, and the whole of it for one that does not run", () => {
    const lab = inventory();
    const image = lab.images.get("system_fxrun");
    assert.ok(image?.metadata);
    image.metadata["_seapath_growing"] = "512";
    assert.equal(observe.findVm(lab, "fxrun")?.systemSize, 512);
    lab.status.resources.delete("fxrun");
    assert.equal(observe.findVm(lab, "fxrun")?.systemSize, image.size);
  });
});
