// A VM through its life, by `pulumi up`, looked at with other programs than the one that made it.
import assert from "node:assert/strict";
import { constraints, eventually, imageMeta, metaAttribute, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick, tickXml, TICK } from "./support/vms.ts";

const FREE = {
  liveMigration: true,
  priority: 10,
  metadata: { owner: "alice", site: "north" },
  stopTimeout: 20,
  pacemaker: { meta: { "migration-threshold": "3" }, utilization: { ram: "4" } },
};
const first: Vms = {
  lifepin: tick({ pinnedHost: "node1" }),
  lifepref: tick({ preferredHost: "node2" }),
  lifefree: tick(FREE),
  lifexml: { source: { nodePath: TICK }, xml: tickXml(), systemDisk: { size: "3MiB", bus: "ide" }, started: false },
};

describe("a VM through its life", function () {
  this.timeout(180_000);
  let stack: TestStack;
  const pids: Record<string, string[]> = {};

  before(async () => {
    stack = await TestStack.make("life");
  });
  after(async () => {
    await stack.destroy();
  });

  it("is made by `pulumi up`, and runs when that ends", async () => {
    const { changes } = await stack.up(first);
    assert.equal(changes["create"], 5);
    const status = await on("node1", "crm", "status");
    assert.match(status, /lifepin\s.*Started node1/);
    assert.match(status, /lifepref\s.*Started node2/);
    assert.match(status, /lifefree\s.*Started node\d/);
    assert.match(status, /lifexml\s.*Stopped/);
    for (const vm of ["lifepin", "lifepref", "lifefree"]) {
      pids[vm] = await qemu(vm);
      assert.equal(pids[vm].length, 1, `QEMU of ${vm}`);
    }
  });

  it("is to Ceph what vm-mgr makes: a group, an image, its metadata", async () => {
    assert.match(await on("node1", "rbd", "group", "image", "list", "lifefree"), /rbd\/system_lifefree/);
    const kept = JSON.parse(
      await on("node1", "rbd", "image-meta", "list", "system_lifefree", "--format", "json"),
    ) as Record<string, string>;
    assert.equal(kept["vm_name"], "lifefree");
    assert.equal(kept["owner"], "alice");
    assert.equal(kept["_live_migration"], "true");
    assert.equal(kept["_priority"], "10");
    assert.equal(kept["_stop_timeout"], "20");
    assert.deepEqual(JSON.parse(kept["_pacemaker_meta"] ?? ""), { "migration-threshold": "3" });
    assert.equal(kept["_seapath_create"], undefined);
    assert.match(kept["xml"] ?? "", /^<domain type="qemu">\s*<name>lifefree<\/name>\s*<uuid>/);
    assert.match(kept["xml"] ?? "", /name="rbd\/system_lifefree"/);
    assert.doesNotMatch(kept["_base_xml"] ?? "", /<uuid>|<disk/);
    assert.match(await on("node1", "rbd", "info", "system_lifexml"), /size 3 MiB/);
    assert.match(await imageMeta("lifexml", "xml"), /dev="hda" bus="ide"/);
  });

  it("is to Pacemaker what vm-mgr makes, and stays off guest nodes, now and later", async () => {
    assert.deepEqual((await constraints("lifepin")).sort(), ["nodes-only-lifepin", "pin-lifepin-onnode1"]);
    assert.deepEqual((await constraints("lifepref")).sort(), ["cli-prefer-lifepref", "nodes-only-lifepref"]);
    const primitive = await on("node1", "crm_resource", "--query-xml", "--resource", "lifefree");
    assert.match(primitive, /provider="seapath" type="VirtualDomain"/);
    for (const pair of [
      "seapath",
      "force_stop",
      "migration_transport",
      "allow-migrate",
      "priority",
      "migration-threshold",
    ]) {
      assert.match(primitive, new RegExp(`name="${pair}"`));
    }
    assert.match(primitive, /name="stop"[^>]*timeout="20s"|timeout="20s"[^>]*name="stop"/);
    const rule = await on("node1", "cibadmin", "--query", "--xpath", "//rsc_location[@id='nodes-only-lifefree']");
    assert.match(rule, /attribute="#kind"[^>]*operation="ne"[^>]*value="cluster"/);
  });

  it("shows no change in a preview, also of what the cluster says", async () => {
    const { changes } = await stack.preview(first, { refresh: true });
    assert.deepEqual(changes, { same: 5 });
  });

  it("is changed in place: started, placement, priority, metadata, meta, utilization, timeouts; QEMU keeps its pid", async () => {
    const [at = ""] = (pids["lifefree"]?.[0] ?? "").split(":");
    const changed: Vms = {
      lifepin: tick({ priority: 7, migrationDowntime: 300 }),
      lifepref: tick({ preferredHost: "node2", pacemaker: { params: { migrateport: "49160" } } }),
      lifefree: tick({
        ...FREE,
        priority: 20,
        metadata: { owner: "bob" },
        stopTimeout: 25,
        migrateToTimeout: 90,
        preferredHost: at,
        pacemaker: { meta: { "failure-timeout": "60s" }, utilization: { ram: "5" } },
      }),
      lifexml: { ...first["lifexml"], started: true },
    };
    const { changes } = await stack.up(changed);
    assert.deepEqual(changes, { update: 4, same: 1 });
    assert.equal(await metaAttribute("lifefree", "priority"), "20");
    assert.equal(await metaAttribute("lifefree", "failure-timeout"), "60s");
    assert.doesNotMatch(await on("node1", "crm", "configure", "show", "lifefree"), /migration-threshold/);
    assert.equal(await imageMeta("lifefree", "owner"), "bob");
    assert.notEqual((await tryOn("node1", "rbd", "image-meta", "get", "system_lifefree", "site")).exitCode, 0);
    assert.deepEqual((await constraints("lifefree")).sort(), ["cli-prefer-lifefree", "nodes-only-lifefree"]);
    assert.deepEqual(await constraints("lifepin"), ["nodes-only-lifepin"]);
    assert.match(await on("node1", "crm", "configure", "show", "lifepin"), /migration_downtime=300/);
    assert.match(await on("node1", "crm", "configure", "show", "lifepref"), /migrateport=49160/);
    assert.match(await on("node1", "crm", "status"), /lifexml\s.*Started/);
    // A restart by Pacemaker would come in its next transitions: it is given the time for them.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    for (const [vm, pid] of Object.entries(pids)) assert.deepEqual(await qemu(vm), pid, vm);
    assert.deepEqual((await stack.preview(changed, { refresh: true })).changes, { same: 5 });
  });

  it("shows what others changed property by property, and mends it", async () => {
    const asked: Vms = { lifepin: first["lifepin"]!, lifefree: tick(FREE) };
    await stack.up(asked);
    const uuids = /<uuid>[^<]*/.exec(await imageMeta("lifefree", "xml"))?.[0];
    await on("node1", "crm", "resource", "meta", "lifefree", "set", "priority", "99");
    await on("node1", "rbd", "image-meta", "set", "system_lifefree", "owner", "mallory");
    await on("node1", "crm", "resource", "stop", "lifepin");
    const { text } = await stack.preview(asked, { refresh: true });
    assert.match(text, /priority\s*:\s*99 => 10/);
    assert.match(text, /owner\s*:\s*"mallory" => "alice"/);
    assert.match(text, /started\s*:\s*false => true/);
    assert.doesNotMatch(text, /migrateToTimeout\s*:/, "what is as asked is not shown as a change");
    await stack.refresh();
    const { changes } = await stack.up(asked);
    assert.deepEqual(changes, { update: 2, same: 1 });
    assert.equal(await metaAttribute("lifefree", "priority"), "10");
    assert.equal(await imageMeta("lifefree", "owner"), "alice");
    assert.match(await on("node1", "crm", "status"), /lifepin\s.*Started node1/);
    assert.equal(/<uuid>[^<]*/.exec(await imageMeta("lifefree", "xml"))?.[0], uuids);
  });

  it("is gone when it is gone: the next `up` makes it anew", async () => {
    await on(
      "node1",
      "crm_resource",
      "--resource",
      "lifepin",
      "--meta",
      "--set-parameter",
      "target-role",
      "--parameter-value",
      "Stopped",
    );
    await eventually(
      () => qemu("lifepin"),
      (found) => found.length === 0,
    );
    for (const id of await constraints("lifepin"))
      await on("node1", "cibadmin", "--delete", "--xpath", `//*[@id='${id}']`);
    await on("node1", "cibadmin", "--delete", "--xpath", "//primitive[@id='lifepin']");
    await on("node1", "rbd", "group", "image", "rm", "lifepin", "system_lifepin");
    await eventually(
      () => tryOn("node1", "rbd", "rm", "--no-progress", "system_lifepin"),
      ({ exitCode }) => exitCode === 0,
    );
    await on("node1", "rbd", "group", "rm", "lifepin");
    await stack.refresh();
    const { changes } = await stack.up({ lifepin: first["lifepin"]!, lifefree: tick(FREE) });
    assert.deepEqual(changes, { create: 1, same: 2 });
    assert.match(await on("node1", "crm", "status"), /lifepin\s.*Started node1/);
  });

  // Tried: the primitive has failed → it is stopped and removed; while a disk is open the VM stays in the CIB; the agent's files of it go from each node, somebody else's of that name stays
  it("is removed without a trace, also when it has FAILED", async () => {
    // The agent writes it where a VM starts; somebody else's has another domain in it.
    const strange = "/etc/pacemaker/lifepin.xml";
    await on("node3", "sh", "-c", `echo '<domain><name>other</name></domain>' >${strange}`);
    assert.match(await on("node1", "sh", "-c", "cat /etc/pacemaker/life*.xml"), /<name>life/);

    await on(
      "node1",
      "crm_resource",
      "--fail",
      "--resource",
      "lifefree",
      "--node",
      (await qemu("lifefree"))[0]?.split(":")[0] ?? "",
    );
    await stack.destroy();
    for (const vm of Object.keys(first))
      assert.deepEqual(await traces(vm), vm === "lifepin" ? [`node3:${strange}`] : [], vm);
    await on("node3", "rm", strange);
    assert.doesNotMatch(await on("node1", "crm", "status"), /life/);
  });
});
