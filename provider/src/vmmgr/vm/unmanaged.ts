/**
 * Changing what would make Pacemaker restart a VM. A primitive whose parameters differ from those in the history of its
 * last start is restarted; a VM that is unmanaged is not, and a fresh probe puts the new parameters into the history.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { refresh, WaitTimeout, type Inventory } from "../../cluster";
import { words } from "../../words";
import { writePlan, type Plan } from "../core/apply";
import { deadlineOf, type Context } from "../core/context";
import type { VmSpec } from "../form/model";
import { enableChanges } from "../form/cib-changes";
import { readPlacement } from "../form/placement";
import { describe } from "../core/wait";

/** Whether Pacemaker would restart the VM by itself: it runs, and a parameter of its primitive is to change. */
export function restartsByItself(inventory: Inventory, spec: VmSpec): boolean {
  const running = inventory.status.resources.get(spec.name)?.role === "Started";
  if (!running || !spec.started) return false;
  return enableChanges(inventory.cib, spec, inventory.observer).changes.some((change) =>
    (change.attrs["path"] ?? "").includes("/instance_attributes"),
  );
}

/**
 * Makes the changes while the VM is unmanaged, lets Pacemaker probe it, and has it managed as before. Its placement changes last:
 * Pacemaker probes a pinned VM on its pinned node alone, so it would lose a guest that still runs on another one.
 */
export async function changeUnmanaged(
  context: Context,
  spec: VmSpec,
  inventory: Inventory,
  plan: (inventory: Inventory) => Plan,
): Promise<void> {
  const { cluster } = context;
  const meta = { ...spec.pacemaker.meta, "is-managed": "false" };
  const { pinnedHost: _pin, preferredHost: _preference, ...anywhere } = spec;
  await writePlan(context, inventory, (seen) => {
    const unmanaged = { ...anywhere, ...readPlacement(seen.cib, spec.name), pacemaker: { ...spec.pacemaker, meta } };
    return { ...plan(seen), sync: enableChanges(seen.cib, unmanaged, seen.observer) };
  });
  await refresh(cluster.runner, spec.name);
  await waitForProbe(context, spec.name);
  await writePlan(context, await cluster.inventory(), (seen) => ({ storage: [], sync: plan(seen).sync, commands: [] }));
}

/** Waits until Pacemaker has found the VM again. While it looks, it calls it stopped, which is no stop. */
async function waitForProbe({ cluster, ...context }: Context, vm: string): Promise<void> {
  const begun = Date.now();
  for (;;) {
    const status = await cluster.status();
    const resource = status.resources.get(vm);
    if (resource?.role === "Started" && resource.nodes.length === 1) return;
    const after = (Date.now() - begun) / 1000;
    if (after > deadlineOf({ cluster, ...context })) {
      const hint = `It is left unmanaged, so that nothing stops it; ${words().goesOn}.`;
      throw new WaitTimeout(`VM "${vm}"`, "Pacemaker's probe of it", describe(status, vm), after, hint);
    }
    await sleep(250);
  }
}
