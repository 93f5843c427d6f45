/** Whether Ceph has space for a clone with the snapshots of the source VM. */
import type { Cluster, Inventory, StorageOperation } from "../../cluster";
import { carriedSnapshots } from "./clone-snapshots";
import { clonedDisks } from "./clone-plan";
import type { Refusal } from "../core/errors";
import { findVm } from "../form/observe";
import type { PartialSpec } from "./refusals";

/**
 * Snapshots hold the data written since. Ceph is only asked how much if space might be too small: the query visits each
 * object of the disks, and most clones clearly fit.
 */
export async function carriedRoomRefusals(
  cluster: Cluster,
  inventory: Inventory,
  { name, source }: PartialSpec,
): Promise<Refusal[]> {
  if (source === undefined || !("vm" in source) || source.snapshots !== true || source.mode === "linked") return [];
  const there = name === undefined ? undefined : findVm(inventory, name);
  if (there !== undefined && there.unfinished === undefined) return [];
  const until = source.snapshot === undefined ? undefined : { vm: source.vm, snapshot: source.snapshot, own: false };
  const carried = carriedSnapshots(inventory, source.vm, until);
  const disks = clonedDisks(inventory, source.vm, "").map(({ from, size }) => ({
    image: from,
    size,
    snapshots: carried.get(from) ?? [],
  }));
  const bytes = disks.reduce((sum, { size }) => sum + size, 0);
  const most = disks.reduce((sum, { size, snapshots }) => sum + size * snapshots.length, bytes);
  if (most <= inventory.freeBytes) return [];
  const asked = disks.flatMap(({ image, snapshots }): StorageOperation[] =>
    snapshots.length === 0 ? [] : [{ op: "changedBytes", image, snapshots, now: until === undefined }],
  );
  const { before, freeBytes } = await cluster.changeAndRead(asked);
  const held = asked.reduce((sum, operation) => {
    const outcome = before.get(operation);
    return sum + (outcome !== undefined && "ok" in outcome ? Number(outcome.ok) : 0);
  }, 0);
  if (bytes + held <= freeBytes) return [];
  return [
    {
      property: "source.snapshots",
      reason: `the disks of VM "${source.vm}" have ${bytes} bytes and their snapshots hold ${held} more, and Ceph has ${freeBytes} left; without the snapshots the disks alone are copied`,
    },
  ];
}
