// A failure put into each step of create in turn: nothing is left, and the same VM can be made right after.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../provider/dist/transport/index.js";
import { said } from "../said.ts";
import { on, traces } from "./support/cluster.ts";
import { clusterOn, FailingRunner, labRunner, type Moment } from "./support/failing.ts";
import { specOf, TICK } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { createVm, removeVm, ChangeFailed } =
  require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const { PartialCreateError, vmProvider } =
  require("../../provider/dist/resources/index.js") as typeof import("../../provider/dist/resources/index.js");
type VmSpec = Parameters<typeof createVm>[1];

const spec = (name: string): VmSpec => ({ ...specOf(name), preferredHost: "node2" });

describe("a create that fails", function () {
  this.timeout(120_000);
  let runner: Runner;
  const steps: string[] = [];

  before(async () => {
    runner = labRunner();
    const whole = new FailingRunner(runner, 0, "before");
    await createVm({ cluster: clusterOn(whole) }, spec("halfway"));
    steps.push(...whole.asked);
    await removeVm({ cluster: clusterOn(runner) }, "halfway");
    assert.deepEqual(await traces("halfway"), []);
  });
  after(() => runner.close());

  it("has the steps that it is known to have", () => {
    assert.deepEqual(steps, [
      "the validate and storage programs",
      "qemu-img convert to system_halfway",
      "the write program",
      "the inventory program",
    ]);
  });

  for (const moment of ["before", "after"] as Moment[]) {
    for (let at = 1; at <= (moment === "before" ? 4 : 3); at++) {
      // Tried: a step of create fails, or its answer is lost → all is undone, the error names the step
      it(`leaves nothing when call ${at} breaks ${moment} it was done`, async () => {
        const broken = new FailingRunner(runner, at, moment);
        const failure = await createVm({ cluster: clusterOn(broken) }, spec("halfway")).then(
          () => undefined,
          (error: unknown) => error,
        );
        assert.ok(failure instanceof ChangeFailed, String(failure));
        said(failure);
        assert.match(failure.message, /^Unable to create VM "halfway" on node\d: .*the link broke/s);
        assert.deepEqual(failure.left, []);
        assert.deepEqual(await traces("halfway"), []);
      });
    }
  }

  it("has not failed when only the answer to its last step is lost", async () => {
    const made = await createVm({ cluster: clusterOn(new FailingRunner(runner, 4, "after")) }, spec("halfway"));
    assert.equal(made.status, "Started");
    assert.equal(made.unfinished, undefined);
    await removeVm({ cluster: clusterOn(runner) }, "halfway");
  });

  for (const at of [1, 2, 3, 4]) {
    // Tried: the undo cannot end either → the VM is in the state with what is left; `up` heals, `destroy` removes
    it(`is recorded with what is left when call ${at} and its undo fail; the next up heals it, or a destroy cleans up`, async () => {
      for (const next of ["update", "delete"] as const) {
        const inputs = {
          name: "halfway",
          source: { nodePath: TICK },
          domain: { type: "qemu", memory: 4, machine: "pc", firmware: "bios" },
          __provider: "the stub",
        };
        const broken = vmProvider({
          cluster: () => clusterOn(new FailingRunner(runner, at, "for good")),
          say: () => undefined,
        });
        const failure = await broken.create(inputs).then(
          () => undefined,
          (error: unknown) => error as InstanceType<typeof PartialCreateError>,
        );
        const whole = vmProvider({ cluster: () => clusterOn(runner), say: () => undefined });
        if (!(failure instanceof PartialCreateError)) {
          // Nothing had been made yet, so there was nothing to undo.
          assert.equal(at, 1);
          assert.deepEqual(await traces("halfway"), []);
          continue;
        }
        said(failure);
        assert.equal(failure.id, "halfway");
        assert.equal(failure.properties["__provider"], "the stub");
        assert.match(
          failure.reasons.join(),
          /Left behind: .*`pulumi up` heals what was left, `pulumi destroy` removes it/s,
        );
        if (next === "update") {
          const healed = await whole.update!("halfway", failure.properties, inputs);
          assert.equal((healed.outs as { status: string }).status, "Started");
        }
        await whole.delete!("halfway", failure.properties);
        assert.deepEqual(await traces("halfway"), []);
      }
    });
  }

  // Tried: two creates of one VM at once → one wins, the other is refused and touches nothing
  it("of two at once one wins, and the other says so and touches nothing", async () => {
    const other = labRunner();
    try {
      const both = await Promise.allSettled(
        [runner, other].map((link) => createVm({ cluster: clusterOn(link) }, spec("halfway"))),
      );
      const lost = both.filter((each) => each.status === "rejected").map(({ reason }) => String(reason));
      assert.equal(lost.length, 1, lost.join("\n"));
      assert.match(lost[0] ?? "", /exists|is taken|is making it right now/);
      assert.match(await on("node1", "crm", "status"), /halfway\s.*Started/);
      await removeVm({ cluster: clusterOn(runner) }, "halfway");
      assert.deepEqual(await traces("halfway"), []);
    } finally {
      other.close();
    }
  });

  it("is not kept off by an empty group that a removal has left", async () => {
    await on("node1", "rbd", "group", "create", "halfway");
    await createVm({ cluster: clusterOn(runner) }, spec("halfway"));
    await removeVm({ cluster: clusterOn(runner) }, "halfway");
    assert.deepEqual(await traces("halfway"), []);
  });

  it("is not kept off by an image whose removal was cut off, which is listed and cannot be opened", async () => {
    await on("node1", "rbd", "create", "--size", "4M", "system_halfway");
    const { id } = JSON.parse(await on("node1", "rbd", "info", "system_halfway", "--format", "json")) as { id: string };
    await on("node1", "rados", "--pool", "rbd", "rm", `rbd_header.${id}`);
    await createVm({ cluster: clusterOn(runner) }, spec("halfway"));
    await removeVm({ cluster: clusterOn(runner) }, "halfway");
    assert.deepEqual(await traces("halfway"), []);
  });

  it("can be made right after", async () => {
    const made = await createVm({ cluster: clusterOn(runner) }, spec("halfway"));
    assert.equal(made.status, "Started");
    await removeVm({ cluster: clusterOn(runner) }, "halfway");
    await removeVm({ cluster: clusterOn(runner) }, "halfway");
    assert.deepEqual(await traces("halfway"), []);
  });
});
