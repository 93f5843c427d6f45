// The SSH link is cut for real, by a kill of the sshd that serves it, in each step of create, update and delete.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pulumiEnvironment } from "../../tools/env.mjs";
import type { Runner } from "../../provider/dist/transport/index.js";
import { createRunner, readSettings } from "../../provider/dist/transport/index.js";
import { metaAttribute, qemu, traces } from "./support/cluster.ts";
import { clusterOn, CutRunner } from "./support/failing.ts";
import { OwnSshd } from "./support/sshd.ts";
import { TICK } from "./support/vms.ts";

const { PartialCreateError, vmProvider } = createRequire(import.meta.url)(
  "../../provider/dist/resources/index.js",
) as typeof import("../../provider/dist/resources/index.js");

/** How long after its begin a program is cut off: none has ended so soon, also on a quick machine. */
const MOMENT_MS = 40;

describe("a link that is cut", function () {
  this.timeout(300_000);
  let sshd: OwnSshd;
  let inner: Runner;
  const name = "cutstep";
  // On the one node that the settings name: the agent's file of a VM stays on a hardened node to which no link of ours leads.
  const inputs = {
    name,
    pinnedHost: "node3",
    source: { nodePath: TICK },
    domain: { type: "qemu", memory: 4, machine: "pc", firmware: "bios" },
  };

  before(async () => {
    sshd = await OwnSshd.start("node3", 2232, name);
    inner = createRunner(readSettings(() => undefined, { ...pulumiEnvironment(), ...sshd.environment }));
    await whole().delete!(name, inputs);
  });
  after(async () => {
    await whole().delete!(name, inputs);
    inner.close();
    await sshd.end();
  });

  const on = (runner: Runner) => vmProvider({ cluster: () => clusterOn(runner), say: () => undefined });
  const whole = () => on(inner);

  /** Does something once for each of its steps, with the link cut there, and once without. */
  async function inEachStep(act: (provider: ReturnType<typeof on>) => Promise<void>): Promise<void> {
    for (let at = 1; ; at++) {
      const runner = new CutRunner(inner, () => sshd.cut(), at, MOMENT_MS);
      await act(on(runner));
      if (runner.calls < at) break;
    }
  }

  // Tried: the SSH link is cut in each step of a create → nothing is left, or what is left is in the state and the next `up` heals it
  it("in a create leaves nothing, or what the next up heals", async () => {
    const said: string[] = [];
    await inEachStep(async (provider) => {
      const made = await provider.create(inputs).catch((error: unknown) => error as Error);
      if (made instanceof Error) said.push(made.message);
      if (made instanceof PartialCreateError || !(made instanceof Error)) {
        const known = (made instanceof PartialCreateError ? made.properties : made.outs) ?? {};
        const healed = await whole().update!(name, known, inputs);
        assert.equal((healed.outs as { status: string }).status, "Started");
        assert.equal((await qemu(name)).length, 1);
        await whole().delete!(name, known);
      }
      assert.deepEqual(await traces(name), []);
    });
    assert.ok(said.length >= 2, said.join("\n"));
    for (const text of said) assert.match(text, /^Unable to create VM "cutstep"/);
  });

  // Tried: the SSH link is cut in each step of an update → the next `up` ends it, QEMU keeps its pid
  it("in an update is made good by the next one, and the guest is not restarted", async () => {
    await whole().create(inputs);
    const pids = await qemu(name);
    let priority = 0;
    const said: string[] = [];
    await inEachStep(async (provider) => {
      const wanted = { ...inputs, priority: ++priority, metadata: { round: String(priority) } };
      await provider.update!(name, inputs, wanted).catch((error: unknown) => said.push(String(error)));
      await whole().update!(name, inputs, wanted);
      assert.equal(await metaAttribute(name, "priority"), String(priority));
      assert.deepEqual(await qemu(name), pids);
    });
    assert.ok(said.length >= 1);
  });

  // Tried: the SSH link is cut in each step of a delete → the next one ends it
  it("in a delete is made good by the next one", async () => {
    const said: string[] = [];
    await inEachStep(async (provider) => {
      await whole().update!(name, inputs, inputs).catch(() => whole().create(inputs));
      await provider.delete!(name, inputs).catch((error: unknown) => said.push(String(error)));
      await whole().delete!(name, inputs);
      assert.deepEqual(await traces(name), []);
    });
    assert.ok(said.length >= 1);
  });
});
