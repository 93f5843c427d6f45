// A guest node and what runs in it, as the CIB has them: written by Pacemaker's own cibadmin and read again.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { CibFile, cluster, inventory } from "../../cluster/fixtures.ts";

const require = createRequire(import.meta.url);
const load = <T>(name: string) => require(`../../../../provider/dist/vmmgr/guest/${name}.js`) as T;
const settings = load<typeof import("../../../../provider/dist/vmmgr/guest/settings.js")>("settings");
const keepoff = load<typeof import("../../../../provider/dist/vmmgr/guest/keepoff.js")>("keepoff");
const resource = load<typeof import("../../../../provider/dist/vmmgr/guest/resource.js")>("resource");
const wait = load<typeof import("../../../../provider/dist/vmmgr/guest/wait.js")>("wait");
const { guestNodeRefusals } = load<typeof import("../../../../provider/dist/vmmgr/guest/refusals.js")>("refusals");
type Status = import("../../../../provider/dist/cluster/index.js").ClusterStatus;

const asked = { name: "inside", address: "10.0.0.7", port: 3121, timeout: 60 };
const web = {
  name: "web",
  guest: "inside",
  agent: "ocf:heartbeat:anything",
  params: { binfile: "/bin/x", "odd name": "1" },
  meta: { "failure-timeout": "60s" },
  operations: { start: { timeout: 30 }, monitor: { interval: 5, timeout: 20, onFail: "restart" } },
  started: true,
  owner: "p/s",
};

describe("a guest node in the CIB", function () {
  this.timeout(60_000);
  let cib: CibFile;
  beforeEach(() => {
    cib = new CibFile();
  });
  afterEach(() => cib.end());

  const set = (wanted: Parameters<typeof settings.withSettings>[1]) => {
    const primitive = cib.read().primitives.get("fxrun");
    assert.ok(primitive);
    cib.apply(cluster.diffElement(cluster.RESOURCES, primitive, settings.withSettings(primitive, wanted)));
  };

  it("is written and read alike, changed, and taken back without a trace", () => {
    const before = cib.unordered();
    set(asked);
    assert.deepEqual(settings.guestNodes(cib.read()).get("inside"), { ...asked, vm: "fxrun" });
    set({ ...asked, address: "10.0.0.8", timeout: 9 });
    assert.deepEqual(settings.readMeta(cib.read().primitives.get("fxrun")), {
      ...asked,
      address: "10.0.0.8",
      timeout: 9,
    });
    set(undefined);
    assert.equal(cib.unordered(), before);
  });

  it("is what vm-mgr's metadata ask for when its VM is enabled again", () => {
    const metadata = settings.guestMetadata(asked);
    assert.deepEqual(metadata, {
      _remote_node: "inside",
      _remote_node_address: "10.0.0.7",
      _remote_node_port: "3121",
      _remote_node_timeout: "60",
    });
    assert.deepEqual(settings.metaFromMetadata({ ...metadata, vm_name: "x" }), {
      "remote-node": "inside",
      "remote-addr": "10.0.0.7",
      "remote-port": "3121",
      "remote-connect-timeout": "60",
    });
    assert.deepEqual(settings.metaFromMetadata({ vm_name: "x" }), {});
  });

  it("is closed to VMs that were open to it, by bans that go with it", () => {
    const { vms } = keepoff.openTo(cib.read(), "inside", "fxrun");
    assert.ok(vms.length > 0 && !vms.includes("fxrun"), vms.join());
    const before = cib.unordered();
    cib.apply(keepoff.banChanges(vms, "inside"));
    assert.deepEqual(keepoff.openTo(cib.read(), "inside", "fxrun").vms, []);
    assert.deepEqual(keepoff.usersOf(cib.read(), "inside"), [], "a ban is nobody who needs it");
    cib.apply(keepoff.unbanChanges(cib.read(), "inside"));
    assert.equal(cib.unordered(), before);
  });

  it("knows what keeps a VM out, and what only looks so", () => {
    const rule = (score: string, expressions: [string, string, string][]) =>
      cluster.element("rsc_location", { id: "probe", rsc: "fxstop" }, [
        cluster.element(
          "rule",
          { id: "probe-r", score },
          expressions.map(([attribute, operation, value], index) =>
            cluster.element("expression", { id: `probe-e${index}`, attribute, operation, value }),
          ),
        ),
      ]);
    const cases: [boolean, string, [string, string, string][]][] = [
      [true, "-INFINITY", [["#kind", "ne", "cluster"]]],
      [true, "-INFINITY", [["#kind", "eq", "container"]]],
      [true, "-INFINITY", [["#uname", "ne", "node1"]]],
      [false, "-INFINITY", [["#uname", "ne", "inside"]]],
      [false, "-100", [["#kind", "ne", "cluster"]]],
      [
        false,
        "-INFINITY",
        [
          ["#kind", "ne", "cluster"],
          ["#uname", "eq", "node1"],
        ],
      ],
      [false, "-INFINITY", [["site", "ne", "north"]]],
    ];
    for (const [kept, score, expressions] of cases) {
      const read = cib.read();
      read.constraints = [rule(score, expressions)];
      assert.equal(!keepoff.openTo(read, "inside", "x").vms.includes("fxstop"), kept, JSON.stringify(expressions));
    }
  });

  it("takes a service in, changes it, and lets it go without a trace", () => {
    set(asked);
    const before = cib.unordered();
    cib.apply(resource.resourceChanges(cib.read(), web));
    const found = () => resource.findGuestResource(cib.read(), inventory().status, "web");
    assert.deepEqual(found(), { ...web, status: "Stopped" });
    assert.deepEqual(resource.resourceChanges(cib.read(), web), []);
    assert.deepEqual(keepoff.usersOf(cib.read(), "inside"), [{ primitive: "web", constraint: "inside-web" }]);
    const other = {
      ...web,
      params: { binfile: "/bin/y" },
      meta: {},
      started: false,
      operations: { monitor: { interval: 9, timeout: 20 } },
    };
    cib.apply(resource.resourceChanges(cib.read(), other));
    assert.deepEqual(found(), { ...other, status: "Stopped" });
    cib.apply(resource.resourceRemoval(cib.read(), "web"));
    assert.equal(cib.unordered(), before);
  });

  it("tells a service whose rule somebody took away, or softened", () => {
    cib.apply(resource.resourceChanges(cib.read(), web));
    const guest = () => resource.findGuestResource(cib.read(), inventory().status, "web")?.guest;
    assert.equal(cib.run(["cibadmin", "--modify", "--xml-text", '<rule id="inside-web-rule" score="-5"/>']).code, 0);
    assert.equal(guest(), "unbound");
    cib.apply(resource.resourceChanges(cib.read(), web));
    assert.equal(guest(), "inside");
    assert.equal(cib.run(["cibadmin", "--delete", "--xpath", "//rsc_location[@id='inside-web']"]).code, 0);
    assert.equal(guest(), "unbound");
  });

  it("is refused where a name, a VM or an address is taken", () => {
    set(asked);
    const refused = (spec: Parameters<typeof guestNodeRefusals>[1]) =>
      guestNodeRefusals({ ...inventory(), cib: cib.read() }, spec)
        .map(({ property, reason }) => `${property}: ${reason}`)
        .join();
    assert.equal(refused({ ...asked, vm: "fxrun" }), "");
    assert.match(refused({ ...asked, vm: "fxrun", name: "another" }), /^vm: VM "fxrun" is guest node "inside" already/);
    assert.match(refused({ ...asked, vm: "fxstop" }), /^name: "inside" is taken: VM "fxrun" is the guest node/);
    assert.match(
      refused({ ...asked, vm: "fxstop", name: "second" }),
      /^address: guest node "inside" \(VM "fxrun"\) is at 10.0.0.7, port 3121/,
    );
    assert.equal(refused({ ...asked, vm: "fxstop", name: "second", port: 3122 }), "");
    for (const name of ["node1", "fxrun", "fxorder"])
      assert.match(refused({ ...asked, vm: "fxstop", port: 1, name }), /^name: .* is taken/, name);
    assert.equal(refused({ vm: "notyet", name: "second" }), "", "a VM may be made in the same run");
  });
});

describe("an agent", () => {
  it("is taken apart, or is none", () => {
    assert.deepEqual(resource.agentParts("ocf:heartbeat:podman"), {
      class: "ocf",
      provider: "heartbeat",
      type: "podman",
    });
    assert.deepEqual(resource.agentParts("systemd:getty@tty1"), { class: "systemd", type: "getty@tty1" });
    assert.deepEqual(resource.agentParts("lsb:ntp"), { class: "lsb", type: "ntp" });
    for (const agent of ["nginx", "ocf:podman", "stonith:x", "systemd:", "systemd:a b", "ocf:a:b:c", "lsb:../x"]) {
      assert.equal(resource.agentParts(agent), undefined, agent);
    }
  });
});

describe("the connection to a guest", () => {
  const started = { role: "Started", nodes: ["node2"], managed: true, failed: false, blocked: false, orphaned: false };
  const monitor = { node: "node2", resource: "inside", task: "monitor", call: "3", exitCode: 0, exit: "ok" };
  const status = (more: Partial<Status> = {}): Status => ({
    digest: "",
    withQuorum: true,
    maintenance: false,
    failures: [],
    nodes: [{ name: "inside", online: true, standby: false, maintenance: false, unclean: false, type: "remote" }],
    resources: new Map([
      ["vm1", { id: "vm1", ...started }],
      ["inside", { id: "inside", ...started }],
    ]),
    history: [monitor],
    ...more,
  });
  const node = { vm: "vm1", name: "inside" };

  it("is believed only when Pacemaker has checked it where the VM runs now", () => {
    assert.equal(wait.isConnected(status(), node), true);
    assert.equal(wait.isConnected(status({ history: [] }), node), false);
    assert.equal(wait.isConnected(status({ history: [{ ...monitor, node: "node1" }] }), node), false);
    assert.equal(wait.isConnected(status({ history: [{ ...monitor, exitCode: 193 }] }), node), false);
    assert.equal(wait.isConnected(status({ nodes: [] }), node), false);
    const moved = new Map([
      ["vm1", { id: "vm1", ...started, nodes: ["node3"] }],
      ["inside", { id: "inside", ...started }],
    ]);
    assert.equal(wait.isConnected(status({ resources: moved }), node), false);
  });

  it("is told with what Pacemaker says of it", () => {
    const failed = {
      resource: "inside",
      node: "node1",
      operation: "start",
      exit: "invalid parameter",
      reason: "Key was rejected by service",
    };
    const text = wait.describeGuest(status({ nodes: [], failures: [failed] }), node);
    assert.equal(
      text,
      'not a node yet (connection started; start failed on node1: Key was rejected by service); VM "vm1" is Started on node2',
    );
  });
});
