/** The effect of a change on the VM's system image: its metadata, including the domain, and its size. */
import type { Inventory, StorageOperation } from "../../cluster";
import { RESTART_KEY } from "../../cluster";
import { runsNow } from "../core/apply";
import { buildXml, type VmXml } from "../form/domain-xml";
import { canonicalBase } from "../form/domain";
import { GROWING_KEY, metadataChanges, PHASE_KEY, toPutBack, vmMetadata } from "../form/metadata";
import type { ObservedVm, VmSpec } from "../form/model";
import { systemImage } from "../form/names";
import { vmImages } from "../form/observe";
import { revisionOf, runningRevision } from "../form/revision";

/** A change of a VM's metadata. */
export interface DocumentChange {
  /** The domain, if it changes: libvirt has to check it. */
  xml?: VmXml;
  /** A running guest differs from what will be stored. */
  differs: boolean;
  /** The operations that write it; none if nothing differs. */
  storage: StorageOperation[];
  /** The operations that restore the previous state. */
  restore: StorageOperation[];
}

/** Compares a VM's stored data with the spec. `more` is additional metadata. */
export function documentChange(
  spec: VmSpec,
  inventory: Inventory,
  observed: ObservedVm,
  more: { set?: Record<string, string>; unset?: readonly string[] } = {},
): DocumentChange {
  const image = systemImage(spec.name);
  const before = inventory.images.get(image)?.metadata ?? {};
  const xml = buildXml(spec, inventory, vmImages(inventory, spec.name), observed.uuid || undefined);
  const base = canonicalBase(xml.base, spec.name);
  // Equivalent XML keeps its text: another tool may compare it.
  const same = base === observed.baseXml && before["xml"] !== undefined && spec.diskBus === observed.diskBus;
  const wanted = {
    ...vmMetadata(spec, same ? { base: before["_base_xml"] ?? xml.base, final: before["xml"] ?? xml.final } : xml),
    ...more.set,
  };
  const changes = metadataChanges(before, wanted);
  const unset = new Set([...changes.unset, ...(more.unset ?? []), PHASE_KEY, GROWING_KEY]);
  const running = runsNow(inventory, spec.name)
    ? (runningRevision(inventory, spec.name, before) ?? revisionOf(observed.baseXml, observed.diskBus))
    : undefined;
  const differs = running !== undefined && running !== revisionOf(base, spec.diskBus);
  if (!differs) unset.add(RESTART_KEY);
  else if (before[RESTART_KEY] !== running) changes.set[RESTART_KEY] = running;
  const { set } = changes;
  const removed = [...unset].filter((key) => key in before);
  return { ...(same ? {} : { xml }), differs, ...operations(image, before, set, removed) };
}

function operations(image: string, before: Record<string, string>, set: Record<string, string>, unset: string[]) {
  if (Object.keys(set).length === 0 && unset.length === 0) return { storage: [], restore: [] };
  const changed = Object.entries(before).filter(([key]) => key in set || unset.includes(key));
  const added = Object.keys(set).filter((key) => !(key in before));
  return {
    storage: [{ op: "setMetadata" as const, image, set, unset }],
    restore: [
      { op: "setMetadata" as const, image, ...toPutBack([...changed, ...added.map((key) => [key, null] as const)]) },
    ],
  };
}
