// Memory and processors, the return of a lost node, and standby.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cluster } from "../../cluster/fixtures.ts";
import { ask, running, vm } from "./ask.ts";

const MIB = 1024 ** 2;
const written = (id: string, memory: number) =>
  `<utilization id="${id}-u"><nvpair id="${id}-u-c" name="cpu" value="2"/><nvpair id="${id}-u-m" name="host_memory" value="${memory}"/></utilization>`;

describe("what is taken of the nodes", function () {
  this.timeout(30_000);

  it("is what the plan says, what the CIB says, and what stored domains say; of others it is said that it is not known", async () => {
    const domain = {
      type: "qemu" as const,
      memory: 256,
      vcpus: 3,
      machine: "q35",
      firmware: "bios" as const,
      interfaces: [],
      serialConsole: true,
      guestAgent: false,
    };
    const cib = running({ told: 1, stored: 1, silent: 1 }, { utilization: { told: written("told", 128) } });
    const { rooms } = await ask(
      {
        vms: [
          vm("typed", { preferredHost: "node2", domain }),
          vm("text", { preferredHost: "node2", xml: "<domain><memory unit='MiB'>64</memory><vcpu>1</vcpu></domain>" }),
        ],
      },
      cib,
      {},
      { domains: { stored: { vcpus: 1, memoryBytes: 32 * MIB } } },
    );
    const [one, two] = rooms;
    assert.deepEqual(
      [one?.node, one?.taken, one?.needUnknown],
      ["node1", { vcpus: 3, memoryBytes: 160 * MIB }, ["silent"]],
    );
    assert.deepEqual([two?.taken, two?.needUnknown], [{ vcpus: 4, memoryBytes: 320 * MIB }, []]);
  });

  it("is set against what is said that a node has, and else against what its libvirt says", async () => {
    const { rooms, losses } = await ask({}, running({ a: 1 }), {
      capacity: { node1: { memoryMiB: 100 }, node2: { vcpus: 9 } },
    });
    assert.deepEqual(
      rooms.map(({ vcpus, memoryBytes }) => [vcpus, memoryBytes]),
      [
        [4, 100 * MIB],
        [9, 1024 ** 3],
      ],
    );
    assert.equal(losses.find(({ node }) => node === "node2")?.rooms[0]?.memoryBytes, 100 * MIB);
  });
});

describe("what Pacemaker counts itself", function () {
  this.timeout(30_000);

  /** What `crm_simulate -U` says is left of each node, the nodes' capacity being put into a copy. */
  function remaining(
    cib: string,
    capacity: { cpu: number; memory: number },
    ...events: string[]
  ): Record<string, [number, number]> {
    const file = join(mkdtempSync(join(tmpdir(), "seapath-capacity-")), "cib.xml");
    const has = (id: string) =>
      `<utilization id="has-${id}"><nvpair id="has-${id}-c" name="cpu" value="${capacity.cpu}"/><nvpair id="has-${id}-m" name="host_memory" value="${capacity.memory}"/></utilization>`;
    writeFileSync(
      file,
      cib.replace(
        /<node id="(\d)" uname="(node\d)"\/>/g,
        (_, id: string, name: string) => `<node id="${id}" uname="${name}">${has(id)}</node>`,
      ),
    );
    const answer = execFileSync("crm_simulate", ["-x", file, "-R", "-U", "--output-as=xml", ...events], {
      encoding: "utf8",
    });
    rmSync(dirname(file), { recursive: true });
    const left = cluster
      .findAll(cluster.parseXml(answer, "crm_simulate"), "capacity")
      .filter(({ attrs }) => attrs["comment"] === "Remaining");
    return Object.fromEntries(
      left.map((node) => [
        node.attrs["node"] ?? "",
        [Number(cluster.child(node, "cpu")?.text), Number(cluster.child(node, "host_memory")?.text)],
      ]),
    );
  }

  it("is what is counted here: with VMs that run, that start, that move, and after each loss, also where it is too much", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const keep = names
      .map((name) => `<rsc_location id="o-${name}" rsc="${name}" node="node3" score="-INFINITY"/>`)
      .join("");
    const cib = running(
      { a: 1, b: 1, c: 2, d: 0, e: 0 },
      {
        constraints: `${keep}<rsc_location id="p" rsc="b" node="node2" score="INFINITY"/>`,
        utilization: Object.fromEntries(names.map((name, index) => [name, written(name, 100 * (index + 1))])),
      },
    );
    const found = await ask({}, cib, {
      capacity: { node1: { vcpus: 5, memoryMiB: 700 }, node2: { vcpus: 5, memoryMiB: 700 } },
    });
    const counted = (rooms: typeof found.rooms) =>
      Object.fromEntries(
        rooms.map(({ node, vcpus = 0, memoryBytes = 0, taken }) => [
          node,
          [vcpus - taken.vcpus, (memoryBytes - taken.memoryBytes) / MIB],
        ]),
      );
    const capacity = { cpu: 5, memory: 700 };
    const { node3: _observer, ...left } = remaining(cib, capacity);
    assert.deepEqual(counted(found.rooms), left);
    assert.ok(found.placements.filter(({ action }) => action !== undefined).length >= 3);
    for (const { node, rooms } of found.losses) {
      const { node3: _other, [node]: _lost, ...others } = remaining(cib, capacity, "-f", node);
      assert.deepEqual(counted(rooms), others, `without ${node}`);
      assert.ok(
        Object.values(others).some(([, memory]) => memory < 0),
        "it is too much for one node",
      );
    }
  });
});

describe("the return of a lost node", function () {
  this.timeout(60_000);
  const back = (found: Awaited<ReturnType<typeof ask>>, node: string) =>
    found.losses.find((each) => each.node === node);

  it("brings a VM back that prefers it, and leaves one alone that nothing draws", async () => {
    const plan = { vms: [vm("drawn", { preferredHost: "node1", liveMigration: true })] };
    const found = await ask(plan, running({ free: 1 }), { failback: true });
    const lost = back(found, "node1");
    const short = (name: string) => {
      const { before, after, action } = lost?.back?.find((each) => each.vm === name) ?? {};
      return [before, after, action];
    };
    assert.deepEqual(short("drawn"), ["node2", "node1", "migrate"]);
    assert.equal(short("free")[2], undefined);
    assert.equal(lost?.backNotSimulated, undefined);
    assert.equal(back(await ask(plan, running({ free: 1 })), "node1")?.back, undefined);
  });

  it("is simulated however many VMs it is about, and where it is not, that is said", async () => {
    const names = Array.from({ length: 61 }, (_, index) => `v${index}`);
    const where = Object.fromEntries(names.map((name) => [name, 1]));
    const prefer = '<rsc_location id="draw" rsc="v3" node="node1" score="INFINITY"/>';
    const lost = back(await ask({}, running(where, { constraints: prefer }), { failback: true }), "node1");
    assert.deepEqual(
      lost?.back?.filter(({ action }) => action !== undefined).map(({ vm: name, after }) => [name, after]),
      [["v3", "node1"]],
    );
    const odd = running(where).replace(
      '<meta_attributes id="v5-m">',
      '<instance_attributes id="v5-i"><nvpair id="v5-i-x" name="x" value="a &amp; b"/></instance_attributes>$&',
    );
    const unsaid = back(await ask({}, odd, { failback: true }), "node1");
    assert.equal(unsaid?.back, undefined);
    assert.equal(
      unsaid?.backNotSimulated,
      "there are parameters with signs that XML escapes; 61 actions are too many to be done one by one",
    );
  });
});

describe("a node that goes into standby", function () {
  this.timeout(30_000);

  it("gives its VMs to the others, and takes none", async () => {
    const found = await ask(
      { vms: [vm("new"), vm("pinned", { pinnedHost: "node1" })] },
      running({ a: 1 }, { constraints: '<rsc_location id="o" rsc="a" node="node3" score="-INFINITY"/>' }),
      { standby: ["node1"] },
    );
    const short = Object.fromEntries(
      found.placements.map(({ vm: name, before, after, action, unplaced }) => [
        name,
        [before, after, action ?? unplaced],
      ]),
    );
    assert.deepEqual(short["a"], ["node1", "node2", "migrate"]);
    assert.deepEqual(short["new"], [undefined, "node2", "start"]);
    assert.match(short["pinned"]?.[2] ?? "", /^node1 is in standby; node2 is kept from it by pin-pinned-onnode1/);
    assert.equal(found.nodes.find(({ name }) => name === "node1")?.standby, true);
    await assert.rejects(
      ask({}, running({ a: 1 }), { standby: ["node9"] }),
      /Unable to plan the standby of node "node9": the cluster's nodes are node1, node2, node3/,
    );
  });
});
