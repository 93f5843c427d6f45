/** The stored XML of a VM, with concurrent changes: by disks of this program, and by other programs. */
import {
  changeStorage,
  NotFound,
  ProgramError,
  renderPretty,
  type Cluster,
  type Inventory,
  type StorageOperation,
  type XmlElement,
} from "../../cluster";
import { storedDomain } from "../form/broken";
import { systemImage } from "../form/names";

const TRIES = 8;
const turns = new WeakMap<Cluster, Map<string, Promise<unknown>>>();

/** Serializes this process's operations on one VM. */
export async function queueForVm<T>(cluster: Cluster, vm: string, act: () => Promise<T>): Promise<T> {
  const known = turns.get(cluster) ?? new Map<string, Promise<unknown>>();
  turns.set(cluster, known);
  const mine = (known.get(vm) ?? Promise.resolve()).then(act);
  known.set(
    vm,
    mine.catch(() => undefined),
  );
  return mine;
}

/** The stored XML of a VM, as text and as a tree. @throws BrokenVm if it is not a domain */
export const storedXml = storedDomain;

/** A change of the stored XML. */
export interface StoredEdit {
  /** Returning the same tree means no change. */
  edit: (root: XmlElement) => XmlElement;
  /** Operations to run after it in the same go, even if it changes nothing. */
  also?: (inventory: Inventory) => readonly StorageOperation[];
  /** The cluster as it was read just before. */
  known?: Inventory;
}

/**
 * Changes the stored XML if it is still the one that the change was computed from; otherwise recomputes the change.
 * @returns the results of the additional operations
 * @throws NotFound if the VM is gone
 */
export function editStored(
  cluster: Cluster,
  vm: string,
  { edit, also = () => [], known }: StoredEdit,
): Promise<unknown[]> {
  return queueForVm(cluster, vm, async () => {
    for (let tries = 1; ; tries++) {
      const inventory = tries === 1 && known !== undefined ? known : await cluster.inventory({ disks: true });
      const stored = storedXml(inventory, vm);
      if (stored === undefined) throw new NotFound(`VM "${vm}" is not on the cluster, or has no XML`);
      const root = edit(stored.root);
      const change: StorageOperation[] =
        root === stored.root
          ? []
          : [
              {
                op: "setMetadata",
                image: systemImage(vm),
                expect: { xml: stored.text },
                set: { xml: renderPretty(root) },
              },
            ];
      try {
        return (await changeStorage(cluster.runner, [...change, ...also(inventory)])).slice(change.length);
      } catch (error) {
        if (!(error instanceof ProgramError) || error.kind !== "MetadataChanged" || tries >= TRIES) throw error;
      }
    }
  });
}
