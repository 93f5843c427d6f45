// What a doctor says of nodes: what each has, how they get to each other, and those that cannot be asked.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

import { examined, fenced, has, image, type Said } from "./patient.ts";

const require = createRequire(import.meta.url);
const errors =
  require("../../../../provider/dist/transport/errors.js") as typeof import("../../../../provider/dist/transport/errors.js");
const { conceal } =
  require("../../../../provider/dist/errors.js") as typeof import("../../../../provider/dist/errors.js");
const { ConnectionError, HostKeyError, LoginRefused, SettingsError } = errors;

const no = (error: string) => ({ error });
const one = (node: string, more: Partial<Said> | Error) => ({ nodes: { [node]: more } });
const bridged = (vm: string, bridge: string) =>
  image(vm, `<interface type="bridge"><source bridge="${bridge}"/></interface>`);

describe("a doctor's look at nodes", function () {
  this.timeout(120_000);

  it("finds those that do not answer, or do not let in, each by why; none of them passes", async () => {
    const refused = { beforeSend: true, hint: "Start it." };
    has(
      await examined(one("node2", new ConnectionError("node2", "Unable to connect to node2: no route", refused))),
      "fault node-unreachable node2: node2 could not be examined: Unable to connect to node2: no route",
    );
    has(await examined(one("node2", new LoginRefused("node2", "node2 refuses", refused))), "fault login-refused node2");
    has(
      await examined(one("node2", new HostKeyError("node2", "another key", "Look at it."))),
      "fault host-key-refused node2",
    );
    const sudo = await examined(one("node2", new SettingsError("sudo", "is true, but ops cannot", "Let it.")));
    has(
      sudo,
      "fault sudo-refused node2: node2 could not be examined: The setting seapath:sudo is true, but ops cannot",
    );
    assert.deepEqual([sudo.fit, sudo.findings[0]?.remedy, sudo.examined], [false, "Let it.", ["node1", "node3"]]);
    has(await examined(one("node2", new Error("printed no JSON"))), "fault node-not-examined node2");
    has(
      await examined(one("node2", { clock: "later" } as unknown as Partial<Said>)),
      /^fault node-not-examined node2: .*`clock` is not of the form/,
    );
  });

  it("tells no host that is kept as a secret, as errors do not", async () => {
    conceal(["secrethost"]);
    const found = await examined({
      hosts: ["node1", "node2", "node3", "secrethost"],
      ...one("secrethost", new ConnectionError("secrethost", "Unable to connect to secrethost", { beforeSend: true })),
    });
    has(found, "fault node-unreachable [secret]: [secret] could not be examined: Unable to connect to [secret]");
  });

  it("finds those that the settings do not name, and asks none twice of two addresses", async () => {
    const found = await examined({ hosts: ["node1", "node2"] });
    has(found, "fault node-not-examined node3: node3 is online and was not examined");
    has(
      await examined({
        hosts: ["node1", "node2", "node3", "other"],
        ...one("other", { node: "node3", modules: { rbd: false } }),
      }),
      "advice module-missing node3",
    );
  });

  it("finds a cluster that cannot be read, and says of the nodes what they say", async () => {
    const found = await examined({
      inventoryError: new ConnectionError("node1", "Unable to connect", { beforeSend: true }),
      ...one("node2", { agents: { seapath: { ok: [] } } }),
    });
    has(
      found,
      "fault cluster-unreadable: the cluster could not be looked at: Unable to connect",
      "fault agent-missing node2",
    );
    const gone = new ConnectionError("all", "no answer", { beforeSend: true });
    const nobody = await examined({ inventoryError: gone, nodes: { node1: gone, node2: gone, node3: gone } });
    has(
      nobody,
      "fault cluster-unreadable",
      "fault node-unreachable node1",
      "fault node-unreachable node2",
      "fault node-unreachable node3",
    );
    assert.deepEqual(nobody.examined, []);
    has(
      await examined({ simulateError: new ConnectionError("node1", "the link broke", { beforeSend: false }) }),
      "fault scheduler-unreadable: what Pacemaker's scheduler says could not be looked at: the link broke",
    );
    await assert.rejects(examined({ inventoryError: new TypeError("a mistake of ours") }), /a mistake of ours/);
  });

  it("finds what a node lacks: root, modules, tools, agents, libvirt, its secret, Ceph; an observer needs none of it", async () => {
    const lacking: Partial<Said> = {
      modules: { rados: true, rbd: false, libvirt: false },
      agents: { seapath: { ok: ["Other"] } },
      ceph: no("timed out"),
      libvirt: no("no socket"),
      cpu: no("no socket"),
      versions: {
        pacemaker: { ok: "2.1.5" },
        corosync: { ok: "3.1.7" },
        ceph: no("ceph is not installed"),
        python: { ok: "3.11.2" },
      },
      virtual: no("no socket"),
      bridges: no("ovs-vsctl failed"),
      moves: {},
    };
    has(
      await examined(one("node2", lacking)),
      "advice module-missing node2: Python on node2 has no rbd and libvirt: commands do the same",
      "fault agent-missing node2: node2 has no resource agent ocf:seapath:VirtualDomain",
      "fault ceph-unreachable node2: Ceph does not answer node2: timed out",
      "fault libvirt-unreachable node2: libvirt on node2 does not answer: no socket",
      "fault tool-missing node2: ceph on node2 does not say its version: ceph is not installed",
      "fault part-unreadable node2: the bridges of node2 could not be looked at: ovs-vsctl failed",
      "fault part-unreadable node2: the processor of node2",
    );
    has(await examined({ ...one("node2", lacking), inventory: { observer: "node2" } }));
    has(await examined(one("node2", { root: false })), "fault not-root node2");
    has(await examined(one("node2", { libvirt: { ok: { secret: null } } })), "fault libvirt-secret-missing node2");
    has(
      await examined(one("node2", { libvirt: { ok: { secret: "0" } } })),
      /^fault libvirt-secret-differs: .* on node1 and node3, 0 on node2/,
    );
    has(
      await examined(one("node2", { agents: { seapath: no("crm_resource failed") } })),
      "fault part-unreadable node2: the agents of ocf:seapath of node2 could not be looked at: crm_resource failed",
    );
    has(
      await examined(
        one("node3", { versions: { pacemaker: no("no answer"), corosync: { ok: "3.1.7" }, ceph: { ok: "16.2.15" } } }),
      ),
      "fault tool-missing node3: pacemaker on node3",
    );
  });

  it("finds versions and processors that differ", async () => {
    has(
      await examined(one("node2", { virtual: { ok: { libvirt: "11.3.0", qemu: "7.2.22" } } })),
      "advice versions-differ: nodes have different versions of libvirt: 9.0.0 on node1 and node3, 11.3.0 on node2",
    );
    has(
      await examined(one("node2", { cpu: { ok: "EPYC" } })),
      "advice processors-differ: hypervisors have processors of different models: Cascadelake on node1 and node3, EPYC on node2",
    );
  });

  it("finds bridges and files that VMs name and a node lacks where they may run, and bridges that not all have", async () => {
    const lacked = { node3: ["br1"] };
    has(
      await examined({ images: [bridged("web", "br1")], lacked }),
      'fault bridge-missing node3 web: there is no bridge "br1" on node3, which VM "web" names',
    );
    const off = fenced(
      { web: 1 },
      { constraints: '<rsc_location id="off" rsc="web" node="node3" score="-INFINITY"/>' },
    );
    has(await examined({ images: [bridged("web", "br1")], lacked, cib: off }));
    const pinned = fenced(
      { web: 1 },
      {
        constraints:
          '<rsc_location id="pin-web-onnode1" rsc="web" node="node1" score="INFINITY" resource-discovery="exclusive"/>',
      },
    );
    has(await examined({ images: [bridged("web", "br1")], lacked, cib: pinned }));
    has(
      await examined({ images: [bridged("web", "br1"), bridged("db", "br1")], lacked, cib: fenced({ web: 1, db: 2 }) }),
      'fault bridge-missing node3: there is no bridge "br1" on node3, which VM "web" and VM "db" name',
    );
    has(
      await examined({
        images: [image("web", '<disk type="file"><source file="/a.iso"/></disk>')],
        lacked: { node2: ["/a.iso"] },
      }),
      'fault file-missing node2 web: there is no file "/a.iso"',
    );
    has(
      await examined(one("node2", { bridges: { ok: ["br0", "br7", "virbr0", "docker0", "br-0123456789ab"] } })),
      'advice bridge-not-everywhere: bridge "br7" is on node2, and not on node1 and node3',
    );
    has(
      await examined(one("node2", { bridges: { ok: [] } })),
      'advice bridge-not-everywhere node2: bridge "br0" is on node1 and node3, and not on node2',
    );
  });

  it("finds ways between nodes that are closed to root's ssh, and to live migration as VMs have it", async () => {
    const ssh = { node2: { ok: null }, node3: no("Permission denied") };
    has(
      await examined({ hosts: ["node1", "node2"], ...one("node1", { ssh }) }),
      "fault node-not-examined node3",
      "advice ssh-between-nodes node1: root of node1 does not get to node3 by ssh, and no link of ours does: Permission denied",
    );
    // Each node lets in us, so that nothing is missing where root of another one is kept out.
    has(await examined(one("node1", { ssh })));
    const moves = {
      node2: { root: no("denied"), libvirtadmin: { ok: null } },
      node3: { root: { ok: null }, libvirtadmin: no("denied") },
    };
    const refused = await examined(one("node1", { moves }));
    has(
      refused,
      'fault migration-refused node1 web: VM "web" cannot be moved live from node1 to node2 as root: denied',
    );
    assert.match(refused.findings[0]?.remedy ?? "", /Set `migrationUser` to libvirtadmin/);
    const cold = fenced({ web: 1 }).replace('name="allow-migrate" value="true"', 'name="allow-migrate" value="false"');
    has(await examined({ ...one("node1", { moves }), cib: cold }));
    const closed = { node2: { root: no("denied"), libvirtadmin: no("unknown user") }, node3: { root: { ok: null } } };
    has(
      await examined({ ...one("node1", { moves: closed }), cib: cold }),
      "advice migration-impossible node1: no VM could be moved live from node1 to node2: as root: denied; as libvirtadmin: unknown user",
    );
  });

  it("asks for the users that VMs are moved as", async () => {
    const user =
      '<instance_attributes id="web-i"><nvpair id="web-u" name="migration_user" value="mover"/></instance_attributes>';
    const cib = fenced({ web: 1 }, { utilization: { web: user } });
    const moves = { node2: { mover: no("denied"), root: { ok: null } }, node3: { mover: { ok: null } } } as const;
    has(await examined({ cib, ...one("node1", { moves }) }), /^fault migration-refused node1 web: .*as mover: denied/);
  });

  it("finds clocks that surely differ, and says of which it cannot tell", async () => {
    const at = (seconds: number) => one("node3", { clock: [1_800_000_000.1 + seconds, 1_800_000_000.2 + seconds] });
    has(
      await examined(at(60)),
      /^fault time-skew node3: the clock of node3 is 59\.\d s ahead of that of node\d, or more$/,
    );
    has(
      await examined(at(-60)),
      /^fault time-skew node3: the clock of node3 is 59\.\d s behind that of node\d, or more$/,
    );
    has(await examined(at(0.5)));
    // An answer that took some seconds more proves so much less.
    has(await examined({ ...at(3), late: 4 }));
    has(
      await examined({ late: 60 }),
      "advice time-unknown node1",
      "advice time-unknown node2",
      "advice time-unknown node3",
    );
  });
});
