// VMs that are kept apart strongly, one standing in for the other: what stops both is done to one after the other.
import assert from "node:assert/strict";
import { eventually, on, qemu, traces } from "./support/cluster.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick, TICK } from "./support/vms.ts";
import { bootsOf, downInOrder, watched, type Sample } from "./support/watcher.ts";

const pair = ["rollone", "rolltwo"];

describe("VMs that are kept apart strongly", function () {
  this.timeout(600_000);
  let stack: TestStack;
  const domain = (memory: number) => ({ type: "qemu", memory, machine: "pc", firmware: "bios" });
  const vms = (memory: number, more: Record<string, unknown> = {}): Vms => ({
    rollone: tick({ restart: "whenRequired", domain: domain(memory), preferredHost: "node1", ...more }),
    rolltwo: tick({ restart: "whenRequired", domain: domain(memory), preferredHost: "node2", ...more }),
    rollapart: { $kind: "Colocation", vm: "$ref:rolltwo.name", with: ["$ref:rollone.name"], apart: true, strong: true },
  });
  const places = ({ runs }: Sample) => pair.map((vm) => runs[vm] ?? "nowhere");

  /** At each moment one of them runs, to libvirt and to Pacemaker; both were down once, and are on nodes of their own. */
  const assertInTurn = (samples: readonly Sample[], order: readonly string[]) => {
    assert.ok(samples.length > 10, `${samples.length} samples prove nothing`);
    const none = samples.filter(({ runs, started }) => Object.keys(runs).length === 0 || started.length === 0);
    assert.deepEqual(none, [], "neither of them ran");
    assert.deepEqual(downInOrder(pair, samples), order);
    const last = samples.at(-1);
    assert.equal(new Set(last === undefined ? [] : places(last)).size, 2);
  };

  /** The order that a preview says. */
  const orderIn = (text: string) => /one after the other, "(\w+)" first/.exec(text)?.[1];

  before(async () => {
    stack = await TestStack.make("rolling");
    await stack.up(vms(4));
  });
  after(async () => {
    await stack.destroy();
    for (const vm of pair) assert.deepEqual(await traces(vm), [], vm);
  });

  // Tried: a change restarts both of a pair that is kept apart → one after the other, in the order that the preview says; one of them runs all the time
  it("are restarted one after the other by one change of both", async () => {
    const { text } = await stack.preview(vms(5));
    const first = orderIn(text);
    assert.ok(first !== undefined && pair.includes(first), text);
    const boots = await Promise.all(pair.map(bootsOf));
    const { samples } = await watched(pair, () => stack.up(vms(5)));
    assertInTurn(samples, [first, ...pair.filter((vm) => vm !== first)]);
    assert.deepEqual(places(samples.at(-1)!), places(samples[0]!), "they are where they were");
    for (const [index, vm] of pair.entries()) {
      assert.equal(
        await eventually(
          () => bootsOf(vm),
          (found) => found === boots[index]! + 1,
        ),
        boots[index]! + 1,
        vm,
      );
      assert.match(await on(await qemuNode(vm), "virsh", "dumpxml", vm), /<memory unit='KiB'>5120</);
    }
    assert.deepEqual((await stack.preview(vms(5), { refresh: true })).changes, { same: 4 });
  });

  const qemuNode = async (vm: string) =>
    (await on("node1", "crm_resource", "--locate", "--resource", vm)).split(" ").at(-1) ?? "";

  // Tried: a change makes both of a pair anew that is kept apart → the second is deleted when the first one runs again
  it("are made anew one after the other by another image of both", async () => {
    const changed = vms(5, { source: { nodePath: "/var/lib/seapath/images/./tick.qcow2" } });
    const { text, changes } = await stack.preview(changed);
    assert.equal(changes["replace"], 2, text);
    const first = orderIn(text) ?? "";
    const { samples } = await watched(pair, () => stack.up(changed));
    assertInTurn(samples, [first, ...pair.filter((vm) => vm !== first)]);
    for (const vm of pair)
      assert.equal(
        await eventually(
          () => bootsOf(vm),
          (found) => found === 1,
        ),
        1,
        vm,
      );
    assert.match(
      await on("node1", "cibadmin", "--query", "--scope", "constraints"),
      /<rsc_colocation id="apart-strong-rolltwo-withrollone"/,
    );
  });

  // Tried: one of a pair that is kept apart is to be restarted while the other is down → refused in the preview, and in an up without one, before anything is stopped
  it("are not stopped while the other one is down, unless that is said", async () => {
    const source = { nodePath: "/var/lib/seapath/images/./tick.qcow2" };
    const one = (memory: number, more: object = {}) => ({
      ...vms(5, { source }),
      rollone: tick({ source, restart: "whenRequired", domain: domain(memory), preferredHost: "node1", ...more }),
    });
    await stack.up(vms(5, { source }));
    await on("node1", "crm", "resource", "stop", "rolltwo");
    try {
      await eventually(
        () => qemu("rolltwo"),
        (found) => found.length === 0,
      );
      const boots = await bootsOf("rollone");
      for (const run of ["preview", "up"] as const) {
        const text = await stack.failing(run, one(6));
        assert.match(
          text,
          /has a problem: property restart: the change stops it, and VM "rolltwo", from which "apart-strong-rolltwo-withrollone" keeps it apart, is Stopped \(disabled\).*Bring "rolltwo" back first/,
        );
      }
      const anew = await stack.failing("preview", one(5, { source: { nodePath: TICK } }));
      assert.match(anew, /has a problem: property source: the change stops it, and VM "rolltwo"/);
      assert.equal(await bootsOf("rollone"), boots);
      await stack.up(one(6, { rolling: { outage: "allowed" } }));
      assert.equal(
        await eventually(
          () => bootsOf("rollone"),
          (found) => found === boots + 1,
        ),
        boots + 1,
      );
    } finally {
      await on("node1", "crm", "resource", "start", "rolltwo");
    }
    await eventually(
      () => qemu("rolltwo"),
      (found) => found.length === 1,
    );
    await stack.up(vms(6, { source }));
  });

  // Tried: two stacks restart one each of a pair that is kept apart, at the same time → the second waits for what it sees of the first, or is refused
  it("of two stacks are not down at once either, when the one sees the other's at it", async () => {
    const other = await TestStack.make("rollingother");
    const third = (memory: number) => ({ rollthree: tick({ restart: "whenRequired", domain: domain(memory) }) });
    const four = (memory: number) => ({ rollfour: tick({ restart: "whenRequired", domain: domain(memory) }) });
    const second = await TestStack.make("rollingsecond");
    const others = ["rollthree", "rollfour"];
    try {
      await other.up(third(4));
      await second.up({
        ...four(4),
        rollfar: { $kind: "Colocation", vm: "$ref:rollfour.name", with: ["rollthree"], apart: true, strong: true },
      });
      const far = {
        rollfar: { $kind: "Colocation", vm: "$ref:rollfour.name", with: ["rollthree"], apart: true, strong: true },
      };
      // The first is stopped by its own run for as long as its guest does not answer the power button: it is made to take a while.
      const { samples } = await watched(others, async () => {
        const first = other.up(third(5));
        await eventually(
          () => on("node1", "crm_resource", "--resource", "rollthree", "--meta", "--get-parameter", "target-role"),
          (role) => role === "Stopped",
          60,
        );
        const failed = await second.up({ ...four(5), ...far }).then(
          () => undefined,
          (error: Error) => error.message,
        );
        await first;
        assert.ok(failed === undefined || /rollthree/.test(failed), failed);
      });
      assert.deepEqual(
        samples.filter(({ runs }) => Object.keys(runs).length === 0),
        [],
      );
    } finally {
      await second.destroy();
      await other.destroy();
    }
    for (const vm of others) assert.deepEqual(await traces(vm), [], vm);
  });
});
