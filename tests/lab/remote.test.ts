// A guest with a pacemaker_remoted as a node, and a service inside of it: killed, moved, cut off, taken away.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exec, inGuest } from "../../lab/index.ts";
import { pulumiEnvironment } from "../../tools/env.mjs";
import {
  constraints,
  eventually,
  imageMeta,
  metaAttribute,
  nodes,
  on,
  qemu,
  traces,
  tryOn,
} from "./support/cluster.ts";
import { cibLines, giveKey, httpd, remoteVm, served, serviceIn, serviceNow } from "./support/remote.ts";
import { TestStack, type Vms } from "./support/stack.ts";

const LAST = 213;
const ADDRESS = `10.99.0.${LAST}`;
const vm = "remotevm";
const guest = "remoteinside";
const service = "remotehttpd";

const withVm = (more: Record<string, unknown> = {}): Vms => ({
  key: { $kind: "RemoteKey" },
  [vm]: remoteVm(LAST, more),
});
const withGuest = (more: Record<string, unknown> = {}, ofVm: Record<string, unknown> = {}): Vms => ({
  ...withVm(ofVm),
  [guest]: { $kind: "RemoteGuest", vm: `$ref:${vm}.name`, address: ADDRESS, ...more },
});
const whole = (params: Record<string, string> = {}, ofVm: Record<string, unknown> = {}): Vms => ({
  ...withGuest({}, ofVm),
  [service]: httpd(`$ref:${guest}.name`, params),
});

/** A VM as another tool makes it: it has no rule that keeps it out of guests. */
const bare = "remotebare";
const bareVm = `<primitive id="${bare}" class="ocf" provider="seapath" type="VirtualDomain"><instance_attributes id="${bare}-i"><nvpair id="${bare}-config" name="config" value="/etc/pacemaker/${bare}.xml"/></instance_attributes><meta_attributes id="${bare}-m"><nvpair id="${bare}-role" name="target-role" value="Stopped"/></meta_attributes></primitive>`;

describe("a guest node", function () {
  this.timeout(240_000);
  let stack: TestStack;
  let pid: string[] = [];
  let key = Buffer.alloc(0);

  const removeBare = async () => {
    await tryOn("node1", "cibadmin", "--delete", "--xpath", `//rsc_location[@rsc='${bare}']`);
    await tryOn("node1", "cibadmin", "--delete", "--xpath", `//primitive[@id='${bare}']`);
  };
  before(async () => {
    stack = await TestStack.make("remote");
    await removeBare();
    key = Buffer.from(await on("node2", "base64", "-w0", "/etc/pacemaker/authkey"), "base64");
    await stack.up(withVm());
    pid = await qemu(vm);
    assert.equal(pid.length, 1);
    await eventually(
      () => inGuest(ADDRESS, "true", { ok: true, seconds: 8 }),
      ({ exitCode }) => exitCode === 0,
    );
  });
  after(async () => {
    await stack.destroy();
    await removeBare();
    assert.deepEqual(await cibLines(guest), []);
    assert.deepEqual(await traces(vm), []);
  });

  /** The state as its file has it: the automation API would show the secrets. */
  const exported = () =>
    execFileSync("pulumi", ["stack", "export", "--stack", "remote", "--cwd", join(import.meta.dirname, "program")], {
      env: pulumiEnvironment(),
      encoding: "utf8",
    });

  it("is refused, and its VM let be, while its guest has another key", async () => {
    await giveKey(ADDRESS, randomBytes(4096));
    const text = await stack.failing("up", withGuest());
    assert.match(
      text,
      new RegExp(`Unable to make VM "${vm}" guest node "${guest}" on node\\d: .*does not take the cluster's key`),
    );
    assert.match(text, /Key was rejected by service.*\/etc\/pacemaker\/authkey/s);
    assert.deepEqual(await qemu(vm), pid);
    assert.deepEqual(await cibLines(guest), []);
    assert.equal((await tryOn("node1", "rbd", "image-meta", "get", `system_${vm}`, "_remote_node")).exitCode, 2);
    await giveKey(ADDRESS, key);
  });

  it("comes up in place, with what is to run in it, and no secret is seen", async () => {
    await on("node1", "cibadmin", "--create", "--scope", "resources", "--xml-text", bareVm);
    const run = { done: false };
    const up = stack.up(whole()).finally(() => (run.done = true));
    up.catch(() => undefined);
    let seen = "";
    while (!run.done) {
      seen += execFileSync("ps", ["-efww"], { encoding: "utf8" });
      for (const node of nodes()) seen += (await exec(node, ["ps", "-efww"])).stdout;
      await sleep(100);
    }
    const { text } = await up;
    assert.deepEqual(await qemu(vm), pid);
    assert.match((await served(ADDRESS)) ?? "", /inside of the guest/);
    const status = await on("node1", "crm_mon", "-1");
    assert.match(status, new RegExp(`GuestOnline: \\[.*\\b${guest}\\b`));
    assert.match(status, new RegExp(`${service}\\s.*Started ${guest}`));
    const base64 = key.toString("base64").slice(40, 100);
    assert.match(exported(), /"authkey": \{[^}]*"ciphertext"/);
    const hidden = [base64, key.toString("hex").slice(40, 100), key.toString("latin1").slice(40, 60)];
    for (const [what, where] of [
      ["the output", text],
      ["ps", seen],
      ["the state", exported()],
    ] as const) {
      assert.ok(where.length > 100);
      for (const secret of hidden) assert.ok(!where.includes(secret), `${what} has the key`);
    }
  });

  it("is to Pacemaker and to Ceph what vm-mgr makes", async () => {
    assert.equal(await metaAttribute(vm, "remote-node"), guest);
    assert.equal(await metaAttribute(vm, "remote-addr"), ADDRESS);
    assert.equal(await metaAttribute(vm, "remote-port"), "3121");
    assert.equal(await metaAttribute(vm, "remote-connect-timeout"), "60");
    assert.equal(await imageMeta(vm, "_remote_node"), guest);
    assert.equal(await imageMeta(vm, "_remote_node_address"), ADDRESS);
    assert.equal(await imageMeta(vm, "_remote_node_port"), "3121");
    assert.equal(await imageMeta(vm, "_remote_node_timeout"), "60");
  });

  it("keeps VMs out that nothing else keeps out", async () => {
    assert.deepEqual(await constraints(bare), [`cli-ban-${bare}-on-${guest}`]);
    assert.deepEqual(await constraints(vm), [`nodes-only-${vm}`]);
  });

  it("shows no change when there is none", async () => {
    const { changes, text } = await stack.preview(whole(), { refresh: true });
    assert.deepEqual(
      [changes["update"], changes["replace"], changes["create"]],
      [undefined, undefined, undefined],
      text,
    );
  });

  it("has its service started again when that is killed inside", async () => {
    const before = await serviceNow(ADDRESS);
    assert.ok(before !== undefined);
    await inGuest(ADDRESS, `kill -9 ${before.pid}`);
    const after = await eventually(
      () => serviceIn(ADDRESS),
      (now) => now !== undefined && now.pid !== before.pid,
      60,
    );
    assert.ok(after !== undefined && after.pid !== before.pid);
    assert.equal(after.boot, before.boot);
  });

  it("takes changed settings in place", async () => {
    const { text } = await stack.up({
      ...whole({ cmdline_options: "httpd -f -p 81 -h /srv/www" }),
      ...withGuest({ timeout: 45 }),
    });
    assert.match(text, /changed parameters make Pacemaker restart it inside of its guest/);
    assert.match(
      (await eventually(
        () => served(ADDRESS, 81),
        (said) => said !== undefined && said !== "",
        30,
      )) ?? "",
      /inside of the guest/,
    );
    assert.equal(await metaAttribute(vm, "remote-connect-timeout"), "45");
    assert.deepEqual(await qemu(vm), pid);
  });

  it("shows what others changed, and heals it", async () => {
    await on("node1", "cibadmin", "--delete", "--xpath", `//rsc_location[@id='inside-${service}']`);
    await on(
      "node1",
      "crm_resource",
      "--resource",
      service,
      "--set-parameter",
      "cmdline_options",
      "--parameter-value",
      "httpd -f -p 82 -h /srv/www",
    );
    await on(
      "node1",
      "crm_resource",
      "--resource",
      vm,
      "--meta",
      "--set-parameter",
      "remote-connect-timeout",
      "--parameter-value",
      "33",
    );
    const { text } = await stack.preview(whole(), { refresh: true });
    assert.match(text, /unbound/);
    assert.match(text, /-p 82/);
    assert.match(text, /timeout *: 33 => 60/);
    await stack.refresh();
    await stack.up(whole());
    assert.match((await served(ADDRESS)) ?? "", /inside of the guest/);
    assert.equal(await metaAttribute(vm, "remote-connect-timeout"), "60");
    assert.ok((await constraints(service)).includes(`inside-${service}`));
  });

  it("goes along when its VM is moved live: the same boot, the same process", async () => {
    const before = await serviceNow(ADDRESS);
    const target = nodes().find((node) => !pid[0]?.startsWith(node)) ?? "";
    await stack.up(whole({}, { preferredHost: target }));
    assert.match((await qemu(vm))[0] ?? "", new RegExp(`^${target}:`));
    assert.ok(before !== undefined);
    assert.deepEqual(await serviceNow(ADDRESS), before);
    const started = () => on("node1", "crm_mon", "-1");
    const line = new RegExp(`${service}\\s.*Started ${guest}`);
    assert.match(await eventually(started, (text) => line.test(text), 60), line);
  });

  it("comes back when its VM is moved cold", async () => {
    const before = await serviceNow(ADDRESS);
    const [now = ""] = await qemu(vm);
    const target = nodes().find((node) => !now.startsWith(node)) ?? "";
    await stack.up(whole({}, { preferredHost: target, liveMigration: false }));
    const after = await eventually(
      () => serviceIn(ADDRESS),
      (found) => found !== undefined && found.boot !== before?.boot,
      90,
    );
    assert.ok(after !== undefined && after.boot !== before?.boot);
    assert.match((await qemu(vm))[0] ?? "", new RegExp(`^${target}:`));
  });

  it("is kept through disable and enable", async () => {
    await stack.up(whole({}, { enabled: false }));
    // crm_resource also knows a resource of which only the history is left for a moment.
    const inCib = await tryOn("node1", "cibadmin", "--query", "--xpath", `//resources//primitive[@id="${vm}"]`);
    assert.equal(inCib.exitCode, 105, "there is no such object");
    await stack.up(whole());
    assert.equal(await metaAttribute(vm, "remote-node"), guest);
    assert.match(
      (await eventually(
        () => served(ADDRESS),
        (text) => text !== undefined,
        90,
      )) ?? "",
      /inside of the guest/,
    );
  });

  it("is not taken away while somebody else's primitive is bound to it", async () => {
    const dummy = "remotebound";
    await on("node1", "crm", "configure", "primitive", dummy, "ocf:pacemaker:Dummy");
    await on("node1", "crm", "configure", "location", "boundthere", dummy, "inf:", guest);
    try {
      const text = await stack.failing("up", withVm());
      assert.match(
        text,
        new RegExp(
          `Unable to take away guest node "${guest}" on node\\d: name: "${dummy}" \\(constraint "boundthere"\\)`,
        ),
      );
    } finally {
      await on("node1", "crm", "--force", "configure", "delete", dummy);
    }
  });

  it("is taken away from a VM that runs on, and nothing of it is left", async () => {
    await stack.up(whole());
    const before = await qemu(vm);
    await stack.up(withVm());
    assert.deepEqual(await qemu(vm), before);
    for (const name of [guest, service]) assert.deepEqual(await cibLines(name), []);
    assert.doesNotMatch(await on("node1", "rbd", "image-meta", "list", `system_${vm}`), /_remote_node/);
    assert.equal(await on("node3", "base64", "-w0", "/etc/pacemaker/authkey"), key.toString("base64"));
  });
});
