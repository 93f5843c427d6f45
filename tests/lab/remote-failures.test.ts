// The link breaks at each step of making a guest node and a service in it: all is as before, and the next try succeeds.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { inGuest } from "../../lab/index.ts";
import type { Runner } from "../../provider/dist/transport/index.js";
import { eventually, on, qemu } from "./support/cluster.ts";
import { clusterOn, FailingRunner, labRunner, type Moment } from "./support/failing.ts";
import { cibLines, httpd, remoteVm, served } from "./support/remote.ts";

const require = createRequire(import.meta.url);
const vmmgr = require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const { providers, close } = require("../../provider/dist/index.js") as typeof import("../../provider/dist/index.js");

const ADDRESS = "10.99.0.214";
const [vm, guest, service] = ["remotehalf", "remotehalfway", "remotehalfweb"];
const node = { name: guest, vm, address: ADDRESS, port: 3121, timeout: 60 };
const { $kind: _kind, ...web } = httpd(guest);
const resource = {
  ...web,
  name: service,
  meta: {},
  operations: { monitor: { interval: 3, timeout: 20 } },
  started: true,
} as unknown as Parameters<typeof vmmgr.ensureGuestResource>[1];

describe("a guest node that fails half-way", function () {
  this.timeout(120_000);
  let runner: Runner;
  let pid: string[] = [];
  const inputs = { ...remoteVm(214), name: vm, owner: "test/half" };

  before(async () => {
    runner = labRunner();
    await providers.Vm.create?.(inputs);
    pid = await qemu(vm);
    await eventually(
      () => inGuest(ADDRESS, "pidof pacemaker-remoted", { ok: true, seconds: 8 }),
      ({ exitCode }) => exitCode === 0,
    );
  });
  after(async () => {
    const cluster = clusterOn(runner);
    await vmmgr.removeGuestResource({ cluster }, service);
    await vmmgr.removeGuestNode({ cluster }, { vm, name: guest });
    await providers.Vm.delete?.(vm, inputs);
    runner.close();
    close();
  });

  const nothingIsLeft = async () => {
    assert.deepEqual(await cibLines(guest), []);
    assert.doesNotMatch(await on("node1", "rbd", "image-meta", "list", `system_${vm}`), /_remote_node/);
    assert.deepEqual(await qemu(vm), pid);
  };

  for (const [at, moment] of [
    [1, "before"],
    [2, "before"],
    [2, "after"],
  ] as [number, Moment][]) {
    it(`leaves nothing when call ${at} breaks ${moment} it was done`, async () => {
      const broken = new FailingRunner(runner, at, moment);
      const failure = await vmmgr.ensureGuestNode({ cluster: clusterOn(broken) }, node).then(
        () => undefined,
        (error: unknown) => error,
      );
      assert.ok(failure instanceof vmmgr.ChangeFailed, String(failure));
      assert.deepEqual(
        broken.asked.slice(0, at),
        ["the authkey program", "the storage program", "the configure program"].slice(0, at),
      );
      assert.match(
        failure.message,
        new RegExp(`^Unable to make VM "${vm}" guest node "${guest}" on node\\d: .*the link broke`, "s"),
      );
      assert.deepEqual(failure.left, []);
      await nothingIsLeft();
    });
  }

  it("is taken back when Pacemaker does not connect in time", async () => {
    const failure = await vmmgr.ensureGuestNode({ cluster: clusterOn(runner), deadline: 0.2 }, node).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof vmmgr.ChangeFailed, String(failure));
    assert.match(
      failure.message,
      /waiting for Pacemaker's connection: .*last seen: .*; VM "remotehalf" is Started on node\d/,
    );
    assert.deepEqual(failure.left, []);
    await nothingIsLeft();
  });

  it("says what is left when nothing can be undone, and the next try heals it", async () => {
    const broken = new FailingRunner(runner, 3, "for good");
    const failure = await vmmgr.ensureGuestNode({ cluster: clusterOn(broken) }, node).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof vmmgr.ChangeFailed, String(failure));
    assert.match(failure.left.join(), /writing its metadata.*could not be undone/);
    const made = await vmmgr.ensureGuestNode({ cluster: clusterOn(runner) }, node);
    assert.equal(made.online, true);
    assert.deepEqual(await qemu(vm), pid);
  });

  for (const moment of ["before", "after"] as Moment[]) {
    it(`has its service all the same when the link breaks once ${moment} Pacemaker is told of it`, async () => {
      const made = await vmmgr.ensureGuestResource(
        { cluster: clusterOn(new FailingRunner(runner, 1, moment)) },
        resource,
        true,
      );
      assert.equal(made.status, "Started");
      await vmmgr.removeGuestResource({ cluster: clusterOn(runner) }, service);
      assert.deepEqual(
        await on("node1", "cibadmin", "--query", "--scope", "resources").then((text) => text.includes(service)),
        false,
      );
    });
  }

  it("takes up a service that a run lost track of, and no other", async () => {
    const cluster = clusterOn(runner);
    await vmmgr.ensureGuestResource({ cluster }, { ...resource, owner: "test/one" }, true);
    assert.match((await served(ADDRESS)) ?? "", /inside of the guest/);
    await vmmgr.ensureGuestResource({ cluster }, { ...resource, owner: "test/one" }, true);
    await assert.rejects(
      vmmgr.ensureGuestResource({ cluster }, { ...resource, owner: "test/two" }, true),
      /"remotehalfweb" is taken: .*made by test\/one/,
    );
  });

  it("tells a service that cannot be started, and takes it back", async () => {
    const cluster = clusterOn(runner);
    await vmmgr.ensureGuestNode({ cluster }, node);
    const failure = await vmmgr
      .ensureGuestResource({ cluster }, { ...resource, name: "remotenever", agent: "ocf:heartbeat:nosuch" }, true)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    assert.ok(failure instanceof vmmgr.ChangeFailed, String(failure));
    assert.match(failure.message, /not installed/);
    assert.deepEqual(failure.left, []);
    assert.deepEqual(
      await eventually(
        () => cibLines("remotenever"),
        (lines) => lines.length === 0,
      ),
      [],
    );
  });

  it("waits for a guest that does not answer only as long as it is told, and says what it saw", async () => {
    const cluster = clusterOn(runner);
    await vmmgr.removeGuestResource({ cluster }, service);
    await vmmgr.removeGuestNode({ cluster }, { vm, name: guest });
    await nothingIsLeft();
    const failure = vmmgr.ensureGuestNode({ cluster, deadline: 2 }, { ...node, port: 3999 });
    await assert.rejects(
      failure,
      /waited \d+ s for pacemaker_remoted at 10\.99\.0\.214, port 3999; last seen: Connection refused; VM "remotehalf" is Started on node\d/,
    );
    await nothingIsLeft();
  });
});
