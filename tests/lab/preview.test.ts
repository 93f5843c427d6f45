// What a preview refuses, naming the property, by what the real cluster says; and what it lets pass.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runner } from "../../provider/dist/transport/index.js";
import { readLab } from "../../lab/index.ts";
import { nodes, on, traces } from "./support/cluster.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { TestStack } from "./support/stack.ts";
import { tick, tickXml, TICK } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { vmProvider } =
  require("../../provider/dist/resources/index.js") as typeof import("../../provider/dist/resources/index.js");
const MAC = "52:54:00:be:ef:01";
const NET = `<interface type="bridge"><source bridge="br0"/><mac address="${MAC}"/></interface>`;
const PCI =
  '<hostdev mode="subsystem" type="pci" managed="yes"><source><address domain="0" bus="1" slot="0" function="0"/></source></hostdev>';
const CDROM = (path: string) =>
  `<disk type="file" device="cdrom"><driver name="qemu" type="raw"/><source file="${path}"/><target dev="hdc" bus="ide"/><readonly/></disk>`;
const machine = (domain: object, more: Record<string, unknown> = {}) =>
  tick({ domain: { ...(tick()["domain"] as object), ...domain }, ...more });
const UUID = "6a1d5b1e-0000-4000-8000-00000000beef";

describe("a preview", function () {
  this.timeout(120_000);
  let stack: TestStack;
  let runner: Runner;

  before(async () => {
    stack = await TestStack.make("preview");
    runner = labRunner();
    await stack.up({ taken: { source: { nodePath: TICK }, xml: tickXml(NET, UUID), started: false } });
  });
  after(async () => {
    runner.close();
    await stack.destroy();
  });

  /** The failures of check, against the cluster, as `property: reason`. */
  async function refusals(
    inputs: Record<string, unknown>,
    say: (text: string) => void = () => undefined,
  ): Promise<string[]> {
    const provider = vmProvider({ cluster: () => clusterOn(runner), say });
    const { failures = [] } = await provider.check!({}, { name: "fresh", ...inputs });
    return failures.map(({ property, reason }) => `${property}: ${reason}`);
  }

  const cases: [string, Record<string, unknown>, RegExp][] = [
    ["a name with other than letters and digits", tick({ name: "web-01" }), /^name: must have letters and digits only/],
    ["the name xml", tick({ name: "xml" }), /^name: must not be "xml"/],
    [
      "the name of a VM that is there",
      tick({ name: "taken" }),
      /^name: "taken" already exists: the cluster has a VM of this name/,
    ],
    ["the name of a node", tick({ name: "node1" }), /^name: "node1" is taken: it is a node of the cluster/],
    [
      "pinned and preferred together",
      tick({ pinnedHost: "node1", preferredHost: "node1" }),
      /^preferredHost: must not stand beside `pinnedHost`/,
    ],
    [
      "a host that the cluster lacks",
      tick({ pinnedHost: "node9" }),
      /^pinnedHost: "node9" is not a valid hypervisor: the cluster has no node "node9"; it must be one of node1, node2, node3/,
    ],
    [
      "a preferred host that the cluster lacks",
      tick({ preferredHost: "$(id)" }),
      /^preferredHost: .* is not a valid hypervisor: the cluster has no node/,
    ],
    [
      "XML that does not parse",
      { source: { nodePath: TICK }, xml: "<domain><memory></domain>" },
      /^xml: does not parse: line 1/,
    ],
    ["XML that is no domain", { source: { nodePath: TICK }, xml: "<network/>" }, /^xml: must be a libvirt <domain>/],
    [
      "a uuid that is taken",
      { source: { nodePath: TICK }, xml: tickXml("", UUID) },
      /^xml: the uuid .* is already used by VM "taken"/,
    ],
    [
      "an image that is not there",
      tick({ source: { nodePath: "/nowhere/a b'c.qcow2" } }),
      /^source\.nodePath: \/nowhere\/a b'c\.qcow2: there is no such file on node\d/,
    ],
    [
      "an image on this machine that is not there",
      tick({ source: { path: "/nowhere.qcow2" } }),
      /^source\.path: could not find file \/nowhere\.qcow2 on this machine/,
    ],
    [
      "a disk smaller than its image",
      tick({ systemDisk: { size: "512KiB" } }),
      /^systemDisk\.size: the image has 1048576 bytes/,
    ],
    ["a size that is none", tick({ systemDisk: { size: "lots" } }), /^systemDisk\.size: must be a size such as/],
    [
      "a machine that QEMU does not have",
      machine({ machine: "q53" }),
      /^domain\.machine: QEMU on node\d has no machine "q53"; it has .*\bq35 \(pc-q35-[\d.]+\).*, pc-q35-[\d.]+ to pc-q35-[\d.]+/,
    ],
    [
      "a machine that QEMU does not have, in XML",
      { source: { nodePath: TICK }, xml: tickXml().replace('machine="pc"', 'machine="q53"') },
      /^xml: QEMU on node\d has no machine "q53"; it has .*q35/,
    ],
    [
      "a machine on which there is no place for its devices",
      machine({ machine: "isapc" }),
      /^domain\.machine: libvirt on node\d does not take "isapc": .*PCI/,
    ],
    [
      "KVM where there is none",
      machine({ type: "kvm" }),
      /^domain\.type: libvirt on node\d does not take "kvm": .*kvm/i,
    ],
    [
      "more CPUs than the machine takes",
      machine({ vcpus: 600 }),
      /^domain\.vcpus: libvirt on node\d does not take 600: .*CPUs/i,
    ],
    [
      "a bus that the machine has not",
      machine({ machine: "q35" }, { systemDisk: { bus: "ide" } }),
      /^systemDisk\.bus: libvirt on node\d does not take "ide": .*IDE/,
    ],
    [
      "an element that libvirt does not know",
      { source: { nodePath: TICK }, xml: tickXml("<nonsense/>") },
      /^xml: is no domain that libvirt on node\d takes: .*(nonsense|schema)/is,
    ],
    [
      "memory above every node's",
      machine({ memory: 64 << 20 }),
      /^domain\.memory: 67108864 MiB are more than any node has: node1 has \d+, node2 has \d+, node3 has \d+/,
    ],
    [
      "memory above every node's in XML, in TiB",
      { source: { nodePath: TICK }, xml: tickXml().replace('unit="MiB">4<', 'unit="TiB">64<') },
      /^xml: 67108864 MiB are more than any node has/,
    ],
    [
      "the MAC address of another stack's VM",
      machine({ interfaces: [{ bridge: "br0", mac: MAC }] }),
      /^domain\.interfaces\[0\]\.mac: the MAC address 52:54:00:be:ef:01 is that of VM "taken"/,
    ],
    [
      "a bridge that no node has",
      machine({ interfaces: [{ bridge: "br0" }, { bridge: "nosuchbridge" }] }),
      /^domain\.interfaces\[1\]\.bridge: there is no bridge "nosuchbridge" on node1, node2 or node3$/,
    ],
    [
      "a bridge that no node has, in XML",
      {
        source: { nodePath: TICK },
        xml: tickXml(NET.replace("br0", "nosuchbridge").replace(MAC, "52:54:00:be:ef:03")),
      },
      /^xml: there is no bridge "nosuchbridge" on node1, node2 or node3$/,
    ],
    [
      "a network device that no node has",
      {
        source: { nodePath: TICK },
        xml: tickXml('<interface type="direct"><source dev="nosuchnic" mode="bridge"/></interface>'),
      },
      /^xml: there is no network device "nosuchnic" on node1, node2 or node3$/,
    ],
    [
      "a file that no node has",
      { source: { nodePath: TICK }, xml: tickXml(CDROM("/nowhere/a b.iso")) },
      /^xml: there is no file "\/nowhere\/a b\.iso" \(<disk>\) on node1, node2 or node3$/,
    ],
    [
      "a firmware that no node has",
      {
        source: { nodePath: TICK },
        xml: tickXml().replace("hvm</type>", 'hvm</type><loader readonly="yes" type="rom">/nowhere.fd</loader>'),
      },
      /^xml: there is no file "\/nowhere\.fd" \(<loader>\) on node1, node2 or node3$/,
    ],
    [
      "a name that is no id for Pacemaker",
      tick({ name: "1fresh" }),
      /^name: must begin with a letter: "1fresh" is no id that Pacemaker takes/,
    ],
    [
      "live migration with a device of the node",
      { source: { nodePath: TICK }, liveMigration: true, xml: tickXml(PCI) },
      /^liveMigration: must not be true for a VM with a device of its node/,
    ],
    ["an input that does not exist", tick({ memroy: 5 }), /^memroy: is no input of seapath\.Vm/],
  ];
  for (const [what, inputs, expected] of cases) {
    it(`refuses ${what}`, async () => {
      const found = await refusals(inputs);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", expected);
    });
  }

  it("leaves and deletes nothing where libvirt was asked", async () => {
    await refusals(machine({ machine: "q53" }));
    assert.deepEqual(await refusals(tick()), []);
    for (const node of nodes())
      assert.doesNotMatch(await on(node, "virsh", "list", "--all", "--name"), /seapath-check/);
    assert.deepEqual(await traces("fresh"), []);
  });

  // Tried: a file that a domain names is on one node only → announced; refused for a VM that is pinned to another
  it("asks the other nodes for what the first one lacks, and the one that a VM is pinned to", async () => {
    const path = "/var/lib/seapath/images/preview only.iso";
    const inputs = (more: object) => ({ source: { nodePath: TICK }, xml: tickXml(CDROM(path)), ...more });
    assert.deepEqual(await refusals(tick()), []);
    const asked = readLab().nodes.find(({ address }) => address === runner.node)?.name ?? "";
    const [holder = "", third = ""] = nodes().filter((node) => node !== asked);
    await on(holder, "cp", TICK, path);
    try {
      const said: string[] = [];
      assert.deepEqual(await refusals(inputs({}), (text) => said.push(text)), []);
      const without = [asked, third].sort().join(" or ");
      assert.deepEqual(
        said.filter((text) => /there is no file/.test(text)),
        [`VM "fresh": there is no file "${path}" (<disk>) on ${without}: it cannot be started there`],
      );
      assert.deepEqual(await refusals(inputs({ pinnedHost: holder })), []);
      assert.deepEqual(await refusals(inputs({ pinnedHost: third })), [
        `xml: there is no file "${path}" (<disk>) on ${third}, which it is pinned to`,
      ]);
      assert.deepEqual(await refusals(inputs({ pinnedHost: third, started: false })), []);
    } finally {
      await on(holder, "rm", "-f", path);
    }
  });

  // Tried: the node that is asked has a file that a domain names, the others lack it → the preview says so
  it("says which of the others lack what the first one has", async () => {
    const path = "/var/lib/seapath/images/preview here.iso";
    const inputs = (more: object = {}) => ({ source: { nodePath: TICK }, xml: tickXml(CDROM(path)), ...more });
    assert.deepEqual(await refusals(tick()), []);
    const asked = readLab().nodes.find(({ address }) => address === runner.node)?.name ?? "";
    await on(asked, "cp", TICK, path);
    try {
      const said: string[] = [];
      assert.deepEqual(await refusals(inputs(), (text) => said.push(text)), []);
      const without = nodes()
        .filter((node) => node !== asked)
        .sort()
        .join(" or ");
      assert.deepEqual(
        said.filter((text) => /there is no file/.test(text)),
        [`VM "fresh": there is no file "${path}" (<disk>) on ${without}: it cannot be started there`],
      );
      said.length = 0;
      assert.deepEqual(await refusals(inputs({ pinnedHost: asked }), (text) => said.push(text)), []);
      assert.deepEqual(
        said.filter((text) => /there is no file/.test(text)),
        [],
      );
    } finally {
      await on(asked, "rm", "-f", path);
    }
  });

  // Tried: two VMs of a program with one name, or one MAC; a snapshot of a VM that there is not → refused in the preview
  it("refuses through the real CLI what only shows beside other resources of the program", async () => {
    const net = machine({ interfaces: [{ bridge: "br0", mac: "52:54:00:be:ef:02" }] });
    assert.match(
      await stack.failing("preview", { one: net, two: net }),
      /is also that of VM "(one|two)" of this program/,
    );
    assert.match(
      await stack.failing("preview", { one: tick({ name: "same" }), two: tick({ name: "same" }) }),
      /VM "same" belongs to another resource of this program/,
    );
    assert.match(
      await stack.failing("preview", { shot: { $kind: "Snapshot", vm: "nobody", name: "s" } }),
      /there is no VM "nobody" on the cluster/,
    );
    const passes = { one: tick(), shot: { $kind: "Snapshot", vm: "$ref:one.name", name: "s" } };
    assert.equal((await stack.preview(passes)).changes["create"], 2);
  });

  // Tried: an image is truncated → refused in the preview: qemu-img would import zeros
  it("refuses a truncated image, which qemu-img would import as zeros", async () => {
    // Random bytes behind the first ones, so that there are clusters to lose.
    await on(
      "node1",
      "sh",
      "-c",
      `cd /tmp && head -c 4000000 /dev/urandom > whole.raw && qemu-img convert -O qcow2 whole.raw cut.qcow2 && truncate -s 2M cut.qcow2`,
    );
    const found = await refusals(tick({ source: { nodePath: "/tmp/cut.qcow2" } }));
    await on("node1", "rm", "-f", "/tmp/whole.raw", "/tmp/cut.qcow2");
    assert.match(found.join(), /source\.nodePath: \/tmp\/cut\.qcow2: the image is damaged or truncated/);
  });

  it("refuses the observer", async () => {
    for (const node of nodes())
      await on(node, "sh", "-c", "printf '[machines]\\nobserver=node3\\n' > /etc/cluster.conf");
    try {
      const found = await refusals(tick({ preferredHost: "node3" }));
      assert.match(
        found.join(),
        /^preferredHost: "node3" is not a valid hypervisor: it is the cluster's observer, which never runs a VM; it must be one of node1, node2$/,
      );
      await stack.up({ keptoff: tick() });
      const ban = await on("node1", "cibadmin", "--query", "--xpath", "//rsc_location[@id='cli-ban-keptoff-on-node3']");
      assert.match(ban, /node="node3"[^>]*score="-INFINITY"|score="-INFINITY"[^>]*node="node3"/);
    } finally {
      for (const node of nodes()) await on(node, "sh", "-c", "printf '[machines]\\n' > /etc/cluster.conf");
    }
  });

  it("says the property through the real CLI, and makes nothing", async () => {
    const text = await stack.failing("preview", { refused: tick({ pinnedHost: "node9", preferredHost: "node1" }) });
    assert.match(text, /preferredHost/);
    assert.match(text, /must not stand beside `pinnedHost`/);
    const later = await stack.failing("up", { refused: tick({ pinnedHost: "node9" }) });
    assert.match(later, /pinnedHost.*the cluster has no node "node9"/s);
    assert.deepEqual(await traces("refused"), []);
  });

  it("lets pass what is not known yet", async () => {
    const { changes } = await stack.preview({
      keptoff: tick(),
      one: tick(),
      two: tick({ metadata: { peer: "$ref:one.uuid" } }),
    });
    assert.equal(changes["create"], 2);
  });

  it("announces that a VM without live migration is stopped and started when it is sent elsewhere", async () => {
    const vms = { mover: tick({ preferredHost: "node1" }) };
    await stack.up(vms);
    const { text } = await stack.preview({ mover: tick({ preferredHost: "node2" }) });
    assert.match(text, /VM "mover": it runs on node1 and goes to node2; it is stopped there and started on node2/);
  });

  it("says that a changed source or name makes a new VM", async () => {
    const { text, changes } = await stack.preview({
      mover: tick({ preferredHost: "node1", source: { nodePath: "/var/lib/seapath/images/tiny.qcow2" } }),
    });
    assert.match(text, /a changed source makes a new VM; this one and its disks are deleted/);
    assert.equal(changes["replace"], 1);
  });

  // Tried: the cluster is out of reach in a preview → it is said; what could not be seen is not refused
  it("says that the cluster is out of reach, and does not fail what it could not see", async () => {
    const known = join(mkdtempSync(join(tmpdir(), "seapath-")), "known_hosts");
    writeFileSync(known, "");
    const away = await TestStack.make("away", {
      SEAPATH_HOSTS: "10.99.0.98,10.99.0.99",
      SEAPATH_CONNECT_TIMEOUT: "6",
      SEAPATH_KNOWN_HOSTS_FILE: known,
    });
    const { text, changes } = await away.preview({ faraway: tick() });
    assert.match(text, /VM "faraway": its hosts, name and image were not checked: .*10\.99\.0\.98/);
    assert.equal(changes["create"], 2);
    assert.match(await away.failing("preview", { faraway: tick({ name: "a b" }) }), /letters and digits/);
    // Each message stands twice in what the CLI prints: where it is said, and below all diagnostics.
    const several = await away.preview({ faraway: tick(), furtheraway: tick() });
    assert.ok((several.text.match(/Unable to log in to 10\.99\.0\.98/g) ?? []).length <= 2, several.text);
    assert.match(
      several.text,
      /were not checked: Unable to reach 10\.99\.0\.98, 10\.99\.0\.99: the message of another resource says why/,
    );
  });

  // Tried: the user may not log in to the nodes → an error of the preview, once and without a stack
  it("fails where the nodes let nobody in, says so once, and prints no stack", async () => {
    const closed = await TestStack.make("closedto", { SEAPATH_USER: "nobodyatall" });
    const text = await closed.failing("preview", { shutout: tick() });
    assert.equal(text.match(/as nobodyatall: the login was refused/g)?.length, nodes().length, text);
    assert.doesNotMatch(text, /^\s+at \S+ \(/m);
  });

  it("names the property of a refused input before all else, and does not print the value", async () => {
    const xml = tickXml().replace("</domain>", `${"<!-- a line -->\n".repeat(100)}</domian>`);
    const text = await stack.failing("preview", {
      longxml: { source: { nodePath: TICK }, xml },
      nested: machine({ interfaces: [{ bridge: "br0", mac: "zz" }] }),
    });
    assert.match(
      text,
      /resource '(longxml|nested)' has a problem: property (xml: does not parse: line \d+|domain\.interfaces\[0\]\.mac: must be a MAC address)/,
    );
    assert.doesNotMatch(text, /a line|<nil>/);
  });
});
