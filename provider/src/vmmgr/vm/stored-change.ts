/** What a change means for the VM's system image: its metadata, the domain among them, and its size. */
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
  /** The domain, where it is to be another one: libvirt has to be asked about it. */
  xml?: VmXml;
  /** The guest that runs, if one does, is not the one that will be stored. */
  differs: boolean;
  /** What writes it; none when all is as asked. */
  storage: StorageOperation[];
  /** What puts it back. */
  restore: StorageOperation[];
}

/** Compares what is stored of a VM with what is asked. `more` are metadata beside it. */
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
  // XML that means the same is left in the words that it has: another tool may compare them.
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
