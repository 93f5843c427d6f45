import assert from "node:assert/strict";
import { cluster, fixture, inventory } from "../../cluster/fixtures.ts";
import { refusals, states } from "../form/specs.ts";

const { changeRefusals, clusterRefusals, deleteRefusals } = refusals;
const { stateRefusals, stateWarnings } = states;
type Inventory = ReturnType<typeof inventory>;
const fresh = { name: "web01", source: { nodePath: "/var/lib/seapath/images/tick.qcow2" } };
const TICK = 1048576;

/** What is refused of a VM, each as "property: reason". */
const refused = (
  more: object,
  intent: "create" | "update" | "replace" = "create",
  change?: (lab: Inventory) => void,
) => {
  const lab = inventory();
  change?.(lab);
  return clusterRefusals(lab, { ...fresh, ...more }, intent).map(({ property, reason }) => `${property}: ${reason}`);
};

describe("what a cluster has against a VM", () => {
  it("is nothing when nothing is wrong", () => {
    assert.deepEqual(refused({}), []);
    assert.deepEqual(
      refused({
        pinnedHost: "node1",
        systemSize: TICK,
        xml: "<domain><uuid>11111111-2222-4333-8444-555555555500</uuid></domain>",
      }),
      [],
    );
    assert.deepEqual(clusterRefusals(inventory(), {}, "create"), []);
    assert.deepEqual(stateRefusals(inventory()), []);
  });

  const sentences: [string, object, RegExp, ((lab: Inventory) => void)?][] = [
    [
      "a VM of the name, enabled",
      { name: "fxrun" },
      /^name: "fxrun" already exists: the cluster has a VM of this name \(enabled\)/,
    ],
    ["a VM of the name, disabled", { name: "fxrun" }, /\(not enabled\)/, (lab) => lab.cib.primitives.delete("fxrun")],
    [
      "a group of the name",
      { name: "left" },
      /already exists: .*an RBD group of data_left_0/,
      (lab) => lab.groups.set("left", ["data_left_0"]),
    ],
    ["a primitive of the name", { name: "fxman" }, /^name: .*Pacemaker has a primitive of this name \(Dummy\)/],
    ["a node of the name", { name: "node1" }, /^name: .*it is a node of the cluster/],
    ["an id of the name", { name: "fxorder" }, /^name: .*an element of the CIB has this id/],
    [
      "an unknown host",
      { pinnedHost: "nodeX" },
      /^pinnedHost: "nodeX" is not a valid hypervisor: the cluster has no node "nodeX"; it must be one of node1, node2, node3$/,
    ],
    [
      "an unknown preferred host",
      { preferredHost: "Node1" },
      /^preferredHost: "Node1" is not a valid hypervisor: the cluster has no node/,
    ],
    [
      "the observer",
      { preferredHost: "node3" },
      /^preferredHost: "node3" is not a valid hypervisor: it is the cluster's observer.*one of node1, node2$/,
      (lab) => (lab.observer = "node3"),
    ],
    [
      "a uuid of another VM",
      { xml: "<domain><uuid>11111111-2222-4333-8444-5555555555AA</uuid></domain>" },
      /^xml: the uuid .* is already used by VM "fxrun"/,
    ],
    [
      "a missing image",
      { source: { nodePath: "/nowhere" } },
      /^source\.nodePath: \/nowhere: there is no such file on node1$/,
    ],
    [
      "an image that cannot be read",
      { source: { nodePath: "/etc" } },
      /^source\.nodePath: \/etc: it is neither a file nor a block device$/,
    ],
    ["a disk smaller than its image", { systemSize: 512 }, /^systemDisk\.size: the image has 1048576 bytes/],
    ["no room in Ceph", {}, /^source: the image has 1048576 bytes, and Ceph has 5 left$/, (lab) => (lab.freeBytes = 5)],
  ];
  for (const [name, more, says, change] of sentences) {
    it(`names ${name}, and nothing else`, () => {
      const found = refused(more, "create", change);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", says);
    });
  }

  it("has nothing against an empty group of the name, which a removal that was cut off has left", () => {
    assert.deepEqual(
      refused({ name: "left" }, "create", (lab) => lab.groups.set("left", [])),
      [],
    );
  });

  it("names an image that is based on another", () => {
    const path = fresh.source.nodePath;
    const { key } = cluster.nodeFile(path);
    const backed = (lab: Inventory) =>
      lab.sources.set(key, { key, path, error: "it is based on another file (/base.qcow2)" });
    assert.match(refused({}, "create", backed).join(), /based on another file \(\/base\.qcow2\)/);
  });

  it("of an update has nothing to do with the name or the image, and a disk is never made smaller", () => {
    assert.deepEqual(refused({ name: "fxrun", source: { nodePath: "/nowhere" }, systemSize: TICK }, "update"), []);
    assert.match(
      refused({ name: "fxrun", systemSize: TICK - 512 }, "update").join(),
      /^systemDisk\.size: the disk has 1048576 bytes and is never made smaller/,
    );
    assert.match(refused({ name: "fxrun", pinnedHost: "nodeX" }, "update").join(), /^pinnedHost/);
  });

  it("of a replacement is its image, and not its name", () => {
    assert.deepEqual(refused({ name: "fxrun" }, "replace"), []);
    assert.match(refused({ name: "fxrun", source: { nodePath: "/nowhere" } }, "replace").join(), /no such file/);
  });

  it("lets a VM keep its own uuid, and an unfinished create go on", () => {
    const xml = "<domain><uuid>11111111-2222-4333-8444-5555555555aa</uuid></domain>";
    assert.deepEqual(refused({ name: "fxrun", xml }, "update"), []);
    const cut = (lab: Inventory) => {
      const metadata = lab.images.get("system_fxrun")?.metadata;
      if (metadata !== undefined) metadata["_seapath_create"] = "importing some-mark";
    };
    assert.deepEqual(refused({ name: "fxrun" }, "create", cut), []);
  });

  it("is its state, when it has no quorum or no secret", () => {
    const lab = inventory();
    lab.status = cluster.parseStatus(
      fixture("crm_mon.xml")
        .replace('with_quorum="true"', 'with_quorum="false"')
        .replace(/(<node name="node2"[^>]*) online="true"/, '$1 online="false"'),
    );
    assert.deepEqual(stateRefusals(lab), [
      {
        property: "the cluster",
        reason:
          "it has no quorum (offline: node2), so Pacemaker does nothing that it is told; bring back nodes until more than half are online",
      },
    ]);
    const { secret: _secret, ...bare } = inventory();
    assert.match(stateRefusals(bare)[0]?.reason ?? "", /no secret "client.libvirt secret"/);
  });

  it("says it all at once", () => {
    assert.equal(
      refused({ name: "fxrun", pinnedHost: "a", preferredHost: "b", source: { nodePath: "/nowhere" } }).length,
      4,
    );
  });

  it("is that Ceph takes nothing more, with the words for it; more than there is of room; and no more than that", () => {
    const space = (change: object) => {
      const answer = JSON.parse(fixture("inventory.json")) as { ok: { storage: { space: object } } };
      Object.assign(answer.ok.storage.space, change);
      return cluster.parseInventory(answer.ok);
    };
    const says = (change: object) =>
      stateRefusals(space(change))
        .map(({ reason }) => reason)
        .join();
    assert.match(
      says({ poolFlags: ["hashpspool", "full", "full_quota"] }),
      /^Ceph takes nothing more: the quota of the pool is used up, .*set-quota/,
    );
    assert.match(says({ quotaBytes: 5, stored: 5 }), /the quota of the pool is used up/);
    assert.match(says({ quotaObjects: 5, objects: 6 }), /the quota of the pool is used up/);
    assert.match(says({ clusterFlags: ["full"] }), /the pool is full/);
    assert.match(says({ clusterFlags: ["pausewr"] }), /writing is paused/);
    assert.equal(says({ poolFlags: ["nearfull"], quotaBytes: 6, stored: 5 }), "");
    assert.deepEqual(stateWarnings(space({ poolFlags: ["nearfull"] }), {}), ["the Ceph pool is nearly full"]);
    assert.equal(space({ quotaBytes: 100, stored: 30 }).freeBytes, 70);
    assert.equal(space({ quotaBytes: 0, stored: 30, available: 9 }).freeBytes, 9);
    const small = { ...inventory(), freeBytes: 2 * TICK };
    assert.deepEqual(stateWarnings(small, { name: "fxrun", systemSize: 3 * TICK }), []);
    assert.match(
      stateWarnings(small, { name: "fxrun", systemSize: 4 * TICK }).join(),
      /^its disk may take 3145728 bytes more, and Ceph has 2097152 left$/,
    );
    assert.match(stateWarnings(small, { name: "web01", systemSize: 3 * TICK }).join(), /may take 3145728/);
  });

  const lost = (change: (text: string) => string) => {
    const lab = inventory();
    lab.status = cluster.parseStatus(change(fixture("crm_mon.xml")));
    return lab;
  };
  const node = (name: string, attribute: string, value: string) => (text: string) =>
    text.replace(new RegExp(`(<node name="${name}"[^>]*) ${attribute}="[^"]*"`), `$1 ${attribute}="${value}"`);
  const all =
    (...changes: ((text: string) => string)[]) =>
    (text: string) =>
      changes.reduce((at, change) => change(at), text);
  const reasons = (lab: Inventory, more: object, intent: "create" | "update" = "create") =>
    changeRefusals(lab, { ...fresh, ...more }, intent)
      .map(({ property, reason }) => `${property}: ${reason}`)
      .join();

  it("is a node that cannot run it, when it is the only one, and a warning when it is the preferred one", () => {
    const lab = lost(node("node1", "standby", "true"));
    assert.match(
      reasons(lab, { pinnedHost: "node1" }),
      /^pinnedHost: node1 is in standby, and it may run nowhere else; `crm node online node1` ends that$/,
    );
    assert.equal(reasons(lab, { pinnedHost: "node1", started: false }), "");
    assert.equal(reasons(lab, { preferredHost: "node1" }), "");
    assert.match(
      stateWarnings(lab, { preferredHost: "node1" }).join(),
      /^node1 is in standby: it runs on another node until/,
    );
    assert.deepEqual(stateWarnings(lab, { preferredHost: "node2" }), []);
    assert.match(
      reasons(lost(node("node1", "online", "false")), { pinnedHost: "node1" }),
      /node1 is offline, .*; start node1$/,
    );
    const none = lost(
      all(node("node1", "standby", "true"), node("node2", "online", "false"), node("node3", "maintenance", "true")),
    );
    assert.match(
      reasons(none, {}),
      /^the cluster: no node can run it: node1 is in standby, node2 is offline, node3 is in maintenance; .*crm node ready node3/,
    );
    none.observer = "node3";
    assert.doesNotMatch(reasons(none, {}), /node3/);
  });

  it("is the maintenance, where Pacemaker would have to do something", () => {
    const lab = inventory();
    lab.status = cluster.parseStatus(
      fixture("crm_mon.xml").replace('maintenance-mode="false"', 'maintenance-mode="true"'),
    );
    assert.match(reasons(lab, {}), /^the cluster: it is in maintenance, .*maintenance-mode=false/);
    for (const more of [{ enabled: false }, { started: false }]) assert.equal(reasons(lab, more), "");
    assert.equal(reasons(lab, { name: "fxrun", source: undefined }, "update"), "");
    assert.match(reasons(lab, { name: "fxrun", started: false }, "update"), /in maintenance/);
    assert.match(
      deleteRefusals(lab, "fxrun")
        .map(({ reason }) => reason)
        .join(),
      /in maintenance/,
    );
    assert.deepEqual(deleteRefusals(lab, "fxstop"), []);
  });

  it("is a VM that Pacemaker has given up, and what it still has of one that is gone", () => {
    const blocked = lost((text) => text.replace(/(<resource id="fxrun"[^>]*) blocked="false"/, '$1 blocked="true"'));
    assert.match(
      reasons(blocked, { name: "fxrun" }, "update"),
      /^name: Pacemaker has given "fxrun" up \(blocked\).*crm_resource --cleanup --resource fxrun/,
    );
    const gone = inventory();
    gone.cib.primitives.delete("fxfail");
    assert.equal(reasons(gone, { name: "fxfail" }), "", "what has only failed is forgotten by the create itself");
    gone.cib.primitives.delete("fxrun");
    assert.match(
      reasons(gone, { name: "fxrun" }),
      /^name: "fxrun" is what Pacemaker still has an orphan \(Started on node\d\)/,
    );
  });

  it("is the name of a VM whose stored domain cannot be read", () => {
    const broken = (lab: Inventory) => {
      const metadata = lab.images.get("system_fxrun")?.metadata;
      if (metadata !== undefined) metadata["xml"] = "<domain";
    };
    assert.match(
      refused({ name: "fxrun" }, "create", broken).join(),
      /^name: "fxrun" already exists: .*cannot be read: its metadata `xml` holds what is no XML.*rbd image-meta get system_fxrun xml/,
    );
  });
});

describe("fencing without a device", () => {
  type Options = Record<string, string | undefined>;
  const refusedWith = (properties: Options, change: (lab: Inventory) => void = () => {}) => {
    const lab = inventory();
    delete lab.status.fencing;
    const told: Options = { ...lab.cib.properties, "stonith-enabled": undefined, ...properties };
    lab.cib.properties = Object.fromEntries(
      Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    change(lab);
    return changeRefusals(lab, fresh, "create").map(({ property, reason }) => `${property}: ${reason}`);
  };

  it("is refused, since Pacemaker starts nothing then, and only crm_verify says so", () => {
    const says = (name: string) =>
      new RegExp(
        `^the cluster: its fencing is on \\(\`${name}\`\\) and has no device, so Pacemaker starts nothing; add a device, or \`crm configure property ${name}=false\``,
      );
    const on: Options[] = [
      { "stonith-enabled": "true" },
      { "stonith-enabled": "maybe" },
      { "stonith-enabled": "" },
      {},
    ];
    for (const each of on) assert.match(refusedWith(each).join("\n"), says("stonith-enabled"), JSON.stringify(each));
    for (const off of ["false", "Off", "0"]) assert.deepEqual(refusedWith({ "stonith-enabled": off }), [], off);
    const device = cluster.element("primitive", { id: "fence", class: "stonith", type: "external/ipmi" });
    assert.deepEqual(
      refusedWith({ "stonith-enabled": "true" }, (lab) => lab.cib.primitives.set("fence", device)),
      [],
    );
  });

  it("is known by its newer name, which goes before the older one, and by what Pacemaker itself says before both", () => {
    const both = (newer: string, older: string) => ({ "fencing-enabled": newer, "stonith-enabled": older });
    assert.match(
      refusedWith(both("true", "false")).join("\n"),
      /its fencing is on \(`fencing-enabled`\).*`crm configure property fencing-enabled=false`/,
    );
    assert.deepEqual(refusedWith(both("false", "true")), []);
    assert.deepEqual(refusedWith({ "fencing-enabled": "false" }), []);
    assert.deepEqual(refusedWith(both("", "false")), []);
    const says = (enabled: boolean, property: string) => (lab: Inventory) =>
      void (lab.status.fencing = { enabled, property });
    // A version that does not know the newer name.
    assert.match(
      refusedWith({ "fencing-enabled": "false" }, says(true, "stonith-enabled")).join("\n"),
      /its fencing is on \(`stonith-enabled`\)/,
    );
    assert.deepEqual(refusedWith(both("true", "false"), says(false, "stonith-enabled")), []);
  });

  it("is none where nodes fence themselves by a watchdog, whatever its time-out is called", () => {
    const watchdog = (more: Options) => refusedWith({ "stonith-enabled": "true", "have-watchdog": "true", ...more });
    for (const name of ["stonith-watchdog-timeout", "fencing-watchdog-timeout"]) {
      for (const seconds of ["10", "10s", "-1"])
        assert.deepEqual(watchdog({ [name]: seconds }), [], `${name}=${seconds}`);
      for (const seconds of ["0", "0s"]) assert.equal(watchdog({ [name]: seconds }).length, 1, `${name}=${seconds}`);
    }
    assert.equal(watchdog({}).length, 1);
    assert.equal(watchdog({ "have-watchdog": "false", "stonith-watchdog-timeout": "10" }).length, 1);
  });
});
