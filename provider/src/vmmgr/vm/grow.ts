/** Grows a system disk and notifies a running guest. */
import { changeStorage, growDisk, type Inventory } from "../../cluster";
import type { Context } from "../core/context";
import { diskTarget } from "../form/domain";
import { GROWING_KEY } from "../form/metadata";
import type { ObservedVm, VmSpec } from "../form/model";
import { systemImage } from "../form/names";
import type { Step } from "../core/steps";

/**
 * The step that grows the disk; none if it is large enough. The size that the guest knows is stored with the image
 * until the guest has been notified: after an interruption the next read sees it, and the next `up` finishes the job.
 */
export function growSteps({ cluster }: Context, spec: VmSpec, inventory: Inventory, observed: ObservedVm): Step[] {
  const image = systemImage(spec.name);
  const present = inventory.images.get(image)?.size ?? 0;
  const size = spec.systemSize ?? present;
  if (size <= observed.systemSize) return [];
  const { node } = observed;
  const known = { [GROWING_KEY]: String(observed.systemSize) };
  return [
    {
      name: "growing its system disk",
      act: async () => {
        await changeStorage(cluster.runner, [
          ...(node === undefined ? [] : [{ op: "setMetadata" as const, image, set: known }]),
          { op: "resizeImage", image, size: Math.max(size, present) },
        ]);
        if (node === undefined) return;
        const at = { domain: spec.name, node, asked: inventory.node, user: spec.migrationUser };
        await growDisk(cluster.runner, at, diskTarget(observed.diskBus, 0), size);
        await changeStorage(cluster.runner, [{ op: "setMetadata", image, unset: [GROWING_KEY] }]);
      },
      noUndo: "a disk is never made smaller; the next `up` finds it grown, and tells the guest",
    },
  ];
}
