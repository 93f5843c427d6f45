/**
 * Changes that would make Pacemaker restart a VM. Pacemaker restarts a primitive whose parameters differ from those in
 * the history of its last start; it does not restart an unmanaged VM, and a fresh probe puts the new parameters into
 * the history.
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

/** Whether Pacemaker would restart the VM on its own: it is running, and a parameter of its primitive changes. */
export function restartsByItself(inventory: Inventory, spec: VmSpec): boolean {
  const running = inventory.status.resources.get(spec.name)?.role === "Started";
  if (!running || !spec.started) return false;
  return enableChanges(inventory.cib, spec, inventory.observer).changes.some((change) =>
    (change.attrs["path"] ?? "").includes("/instance_attributes"),
  );
}

/** Makes the changes while the VM is unmanaged, lets Pacemaker probe it again, and restores management. */
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

/**
 * Waits until Pacemaker has found the VM again. During the probe it reports the VM as stopped, which is not a real
 * stop.
 */
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
