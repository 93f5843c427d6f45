// Guests and nodes: a guest on the network, moved without a stop, and a node whose power is cut.
import assert from "node:assert/strict";
import { kill, start } from "../../../lab/index.ts";
import { eventually, on, qemu, tryOn } from "../support/cluster.ts";
import { TestStack, type Vms } from "../support/stack.ts";
import { tick } from "../support/vms.ts";

const ADDRESS = "10.99.0.120";
const tiny = (more: Record<string, unknown>): Record<string, unknown> => ({
  source: { nodePath: "/var/lib/seapath/images/tiny.qcow2" },
  domain: {
    type: "qemu",
    memory: 96,
    machine: "pc",
    firmware: "bios",
    interfaces: [{ bridge: "br0", mac: "52:54:00:00:00:78" }],
  },
  liveMigration: true,
  ...more,
});

/** The id of the guest's boot, as it answers it over HTTP; nothing while it does not answer. */
async function bootId(): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://${ADDRESS}/`, { signal: AbortSignal.timeout(2000) });
    return /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(await answer.text())?.[0];
  } catch {
    return undefined;
  }
}

/** How often a tick guest has booted, read from the sector that it stamps on its own disk. */
async function boots(vm: string): Promise<number> {
  const sector = await on(
    "node2",
    "sh",
    "-c",
    `rbd export --no-progress system_${vm} - | dd bs=512 skip=1 count=1 status=none | od -An -tu4 -j4 -N4`,
  );
  return Number(sector);
}

describe("guests and nodes", function () {
  this.timeout(240_000);
  let stack: TestStack;
  const vms: Vms = {
    nettiny: tiny({ preferredHost: "node2" }),
    nettick: tick({ liveMigration: true, preferredHost: "node3" }),
  };

  before(async () => {
    stack = await TestStack.make("nodes");
    await stack.up(vms);
  });
  after(async () => {
    for (const node of ["node1", "node3"]) await start(node);
    await stack.destroy();
  });

  it("answers ping and TCP at the address of its MAC", async () => {
    assert.match((await eventually(bootId, (id) => id !== undefined)) ?? "", /-/);
    assert.equal((await tryOn("node1", "ping", "-c", "1", "-W", "2", ADDRESS)).exitCode, 0);
  });

  it("is moved without a stop when it prefers another node", async () => {
    const [before, count] = [
      await bootId(),
      await eventually(
        () => boots("nettick"),
        (number) => number > 0,
      ),
    ];
    vms["nettiny"] = tiny({ preferredHost: "node3" });
    vms["nettick"] = tick({ liveMigration: true, preferredHost: "node2" });
    await stack.up(vms);
    assert.match((await qemu("nettiny")).join(), /^node3:\d+$/);
    assert.match((await qemu("nettick")).join(), /^node2:\d+$/);
    assert.equal(await eventually(bootId, (id) => id !== undefined), before);
    assert.equal(await boots("nettick"), count);
  });

  // Tried: the node that is asked dies → the next of `seapath:hosts` is asked
  it("goes on by the next node when the power of the first one is cut", async () => {
    await kill("node1");
    const { changes } = await stack.up({
      ...vms,
      nettick: tick({ liveMigration: true, preferredHost: "node2", priority: 9 }),
    });
    assert.deepEqual(changes, { update: 1, same: 2 });
    assert.equal(
      await on("node2", "crm_resource", "--resource", "nettick", "--meta", "--get-parameter", "priority"),
      "9",
    );
    await start("node1");
  });

  // Tried: the node that runs a VM dies → Pacemaker starts it elsewhere; that is no change
  it("runs elsewhere when its node dies, which is no change; and comes back to the node that it prefers", async () => {
    const before = await bootId();
    await kill("node3");
    const moved = await eventually(
      () => tryOn("node2", "crm_resource", "--locate", "--resource", "nettiny"),
      ({ text }) => /node[12]/.test(text),
      60,
    );
    assert.match(moved.text, /is running on: node[12]/);
    const { changes } = await stack.preview(
      { ...vms, nettick: tick({ liveMigration: true, preferredHost: "node2", priority: 9 }) },
      { refresh: true },
    );
    assert.deepEqual(changes, { same: 3 });
    assert.notEqual(await eventually(bootId, (id) => id !== undefined && id !== before, 60), before);
    await start("node3");
    await eventually(
      () => qemu("nettiny"),
      ([at = ""]) => at.startsWith("node3"),
      60,
    );
    assert.match((await qemu("nettiny")).join(), /^node3:\d+$/);
  });
});
