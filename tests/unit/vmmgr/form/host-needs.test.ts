import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { CommandResult } from "../../../../provider/dist/transport/types.js";
import { cluster, inventory } from "../../cluster/fixtures.ts";
import { ScriptedRunner } from "../../cluster/runner.ts";
import { spec } from "./specs.ts";

const require = createRequire(import.meta.url);
const { needsOfDomain } =
  require("../../../../provider/dist/vmmgr/form/host-needs.js") as typeof import("../../../../provider/dist/vmmgr/form/host-needs.js");
const { judgeDomain } =
  require("../../../../provider/dist/vmmgr/vm/domain-check.js") as typeof import("../../../../provider/dist/vmmgr/vm/domain-check.js");

const named = (xml: string) =>
  needsOfDomain(cluster.parseXml(xml, "it")).map(({ kind, names }) => [kind, ...names].join(" "));
const withDevices = (devices: string) => `<domain><name>web</name><devices>${devices}</devices></domain>`;

describe("what a domain names of its node", () => {
  it("is its bridges and the devices under its own network cards", () => {
    assert.deepEqual(
      named(
        withDevices(`<interface type="bridge"><source bridge="br0"/></interface><interface type="direct"><source dev="eno1" mode="bridge"/></interface>
      <interface type="network"><source network="default" bridge="virbr0"/></interface><interface type="user"/><interface type="bridge"/>`),
      ),
      ["net br0", "net eno1"],
    );
  });

  it("is each file, block device and folder, but what lies on the network, in a pool, or may be missing", () => {
    assert.deepEqual(
      named(
        withDevices(`<disk type="file" device="cdrom"><source file="/a.iso"/></disk><disk type="block"><source dev="/dev/vg/b"/></disk>
      <disk type="dir"><source dir="/c"/></disk><disk type="network"><source protocol="rbd" name="rbd/system_web"/></disk><disk type="volume"><source pool="p" volume="v"/></disk>
      <disk type="file" device="cdrom"><source file="/d.iso" startupPolicy="optional"/></disk><disk type="file" device="cdrom"/>
      <disk type="file"><source file="/e"/><backingStore><source file="/not-looked-at"/></backingStore></disk>
      <filesystem><source dir="/f"/></filesystem><serial type="dev"><source path="/dev/ttyS1"/></serial><serial type="file"><source path="/made-by-qemu"/></serial>
      <channel type="unix"><source path="/made-too"/></channel><rng><backend model="random">/dev/hwrng</backend></rng><rng><backend model="random">/dev/urandom</backend></rng>
      <tpm><backend type="passthrough"><device path="/dev/tpm0"/></backend></tpm><input type="evdev"><source dev="/dev/input/event3"/></input><input type="passthrough"><source evdev="/dev/input/event4"/></input>`),
      ),
      [
        "/a.iso",
        "/dev/vg/b",
        "/c",
        "/e",
        "/f",
        "/dev/ttyS1",
        "/dev/hwrng",
        "/dev/tpm0",
        "/dev/input/event3",
        "/dev/input/event4",
      ].map((path) => `file ${path}`),
    );
  });

  it("is what it boots; the template of its variables only where there are none yet", () => {
    const os = (inner: string) => named(`<domain><name>web</name><os>${inner}</os></domain>`);
    assert.deepEqual(
      os('<loader>/l.fd</loader><kernel>/k</kernel><initrd>/i</initrd><nvram template="/t.fd">/n.fd</nvram>'),
      ["file /l.fd", "file /k", "file /i", "file /t.fd /n.fd"],
    );
    assert.deepEqual(os('<nvram template="/t.fd"/>'), ["file /t.fd /var/lib/libvirt/qemu/nvram/web_VARS.fd"]);
    assert.deepEqual(os("<type>hvm</type><loader secure='no'/><nvram>/n.fd</nvram>"), []);
  });
});

/** What a node says that it lacks, of the needs in a request. */
const lacks = (names: readonly string[] = [], request: unknown) =>
  (request as { needs: [string, string[]][] }).needs.flatMap(([, each], at) =>
    each.every((name) => names.includes(name)) ? [at] : [],
  );

/** A cluster whose nodes lack what they are said to; a node that is not in it does not answer. Asked is node1. */
class Nodes extends ScriptedRunner {
  each = 0;
  readonly #nodes: Record<string, string[]>;

  constructor(nodes: Record<string, string[]>) {
    super({
      "the validate program": (request) => ({
        ok: {
          domains: (request as { xmls: string[] }).xmls.map(() => ({ ok: null })),
          lacks: lacks(nodes["node1"], request),
        },
      }),
    });
    this.#nodes = nodes;
  }

  runOnEach(command: Parameters<ScriptedRunner["run"]>[0]) {
    this.each++;
    return Promise.all(
      ["node1", "node2", "node3"].map(async (node) => {
        if (this.#nodes[node] === undefined) return { address: node, error: new Error("no answer") };
        const answer = new ScriptedRunner({
          "the lacking program": (request) => ({ ok: { node, lacks: lacks(this.#nodes[node], request) } }),
        });
        return { address: node, result: (await answer.run(command)) satisfies CommandResult };
      }),
    );
  }
}

describe("a domain that names what nodes lack", () => {
  const typed = (bridge: string) => {
    const { xml: _xml, ...rest } = spec({ name: "fresh", source: { nodePath: "/a" } });
    return {
      ...rest,
      domain: {
        type: "qemu" as const,
        memory: 4,
        vcpus: 1,
        machine: "pc",
        firmware: "bios" as const,
        serialConsole: true,
        guestAgent: false,
        interfaces: [
          { bridge: "br0", mac: "52:54:00:00:00:01", model: "virtio" },
          { bridge, mac: "52:54:00:00:00:02", model: "virtio" },
        ],
      },
    };
  };
  const cdrom = spec({
    name: "fresh",
    xml: withDevices('<disk type="file" device="cdrom"><source file="/a.iso"/><target dev="sdx"/></disk>').replace(
      "<name>web</name>",
      "<memory>1</memory>",
    ),
  });
  const judge = async (
    nodes: Record<string, string[]>,
    vm: Parameters<typeof judgeDomain>[2],
    change: (text: ReturnType<typeof inventory>) => void = () => undefined,
  ) => {
    const runner = new Nodes(nodes);
    const seen = inventory();
    change(seen);
    const made = new cluster.Cluster(runner);
    const { refusals, notices } = await judgeDomain(made, seen, vm);
    return {
      runner,
      made,
      seen,
      said: [
        ...refusals.map(({ property, reason }) => `${property}: ${reason}`),
        ...notices.map((text) => `notice: ${text}`),
      ],
    };
  };
  const everyLacks = (name: string) => ({ node1: [name], node2: [name], node3: [name] });

  it("is announced where others than the node that is asked lack it; a VM that is pinned there costs nothing more", async () => {
    const nodes = { node1: [], node2: ["br1"], node3: ["br1"] };
    const { said, runner } = await judge(nodes, typed("br1"));
    assert.deepEqual(
      [said, runner.each],
      [['notice: there is no bridge "br1" on node2 or node3: it cannot be started there'], 1],
    );
    const pinned = await judge(nodes, { ...typed("br1"), pinnedHost: "node1" });
    assert.deepEqual([pinned.said, pinned.runner.each], [[], 0]);
    const nothing = await judge(nodes, spec({ name: "fresh" }));
    assert.deepEqual([nothing.said, nothing.runner.each], [[], 0], "a domain that names nothing of its node");
  });

  it("is refused when every node that may run it has answered, and lacks it", async () => {
    assert.deepEqual((await judge(everyLacks("br1"), typed("br1"))).said, [
      'domain.interfaces[1].bridge: there is no bridge "br1" on node1, node2 or node3',
    ]);
    assert.deepEqual((await judge(everyLacks("/a.iso"), cdrom)).said, [
      'xml: there is no file "/a.iso" (<disk>) on node1, node2 or node3',
    ]);
    const pinned = await judge({ node1: [], node2: ["br1"], node3: [] }, { ...typed("br1"), pinnedHost: "node2" });
    assert.deepEqual(pinned.said, [
      'domain.interfaces[1].bridge: there is no bridge "br1" on node2, which it is pinned to',
    ]);
    const observed = await judge(
      { node1: [], node2: ["br1"], node3: ["br1"] },
      typed("br1"),
      (seen) => (seen.observer = "node1"),
    );
    assert.deepEqual(observed.said, ['domain.interfaces[1].bridge: there is no bridge "br1" on node2 or node3']);
  });

  it("is only announced where one may have it, where one does not answer, and of a VM that is not to run", async () => {
    assert.deepEqual((await judge({ node1: ["br1"], node2: [], node3: ["br1"] }, typed("br1"))).said, [
      'notice: there is no bridge "br1" on node1 or node3: it cannot be started there',
    ]);
    assert.deepEqual((await judge({ node1: ["br1"], node2: ["br1"] }, typed("br1"))).said, [
      'notice: there is no bridge "br1" on node1 or node2: it cannot be started there',
    ]);
    assert.deepEqual((await judge({ node1: [] }, { ...typed("br1"), pinnedHost: "node2" })).said, []);
    const off = await judge(everyLacks("br1"), typed("br1"), ({ status }) => (status.nodes[2]!.online = false));
    assert.deepEqual(
      [off.said, off.runner.each],
      [['notice: there is no bridge "br1" on node1: it cannot be started there'], 0],
    );
    for (const idle of [{ started: false }, { enabled: false }]) {
      assert.deepEqual((await judge(everyLacks("br1"), { ...typed("br1"), ...idle })).said, [
        'notice: there is no bridge "br1" on node1, node2 or node3: it cannot be started',
      ]);
    }
  });

  it("is not refused twice for one thing, and asks for it once in a while", async () => {
    const { said, made, seen, runner } = await judge(everyLacks("br0"), typed("br0"));
    assert.equal(said.length, 2);
    const twice = spec({
      name: "fresh",
      xml: withDevices('<interface type="bridge"><source bridge="br0"/></interface>'.repeat(2)),
    });
    assert.equal((await judgeDomain(made, seen, twice)).refusals.length, 1);
    assert.equal(runner.each, 1);
  });
});
