/** From checked inputs to a vmmgr spec, and from observations back to inputs and outputs. */
import { isDeepStrictEqual } from "node:util";
import { isPluggable, readElement, type DiskSpec, type ObservedDisk } from "../../vmmgr";
import type { Observed } from "../engine/kind";
import { formatSize, parseSize } from "../units/size";
import { dropUndefined, UNSAID, type Raw } from "../engine/values";
import type { DiskInputs } from "./schema";

/** A disk's outputs besides its inputs. `drift` is present only if something is wrong with it. */
export const OUTPUTS = ["image", "target", "attached", "restartRequired", "drift"] as const;

/** The known part of a spec; complete if all inputs are known. */
export function partialSpec(inputs: Partial<DiskInputs>): Partial<DiskSpec> {
  const { size, source, timeouts: _timeouts, cluster: _cluster, ...rest } = inputs;
  const bytes = size === undefined ? undefined : parseSize(size);
  return dropUndefined({ ...rest, size: bytes, source });
}

/** The vmmgr spec. */
export function specOf(inputs: DiskInputs): DiskSpec {
  const { index } = inputs;
  if (index === undefined)
    throw new Error(
      "The number of the disk was not chosen: the cluster could not be asked when the inputs were checked",
    );
  return { ...partialSpec(inputs), index } as DiskSpec;
}

/** What is wrong with a disk and the next `up` repairs. */
function driftOf(observed: ObservedDisk, bus: string, awaited: boolean): string | undefined {
  const found = [
    observed.note?.filling === true ? "its content is not whole" : "",
    observed.note?.growing === true ? "the running guest was not told of its size" : "",
    observed.inGroup ? "" : `the RBD group ${observed.vm} does not have it`,
    observed.stored === undefined ? `the XML of VM ${observed.vm} does not have it` : "",
    observed.running && observed.live === undefined && isPluggable(bus) && !awaited
      ? "the running guest does not have it"
      : "",
  ].filter((each) => each !== "");
  return found.length === 0 ? undefined : found.join("; ");
}

/**
 * The inputs that would describe the observed disk. Problems go under a key that no program uses, so they show as a
 * change and get repaired.
 */
export function observedDisk(before: DiskInputs, observed: ObservedDisk, state: Raw = {}): Observed<DiskInputs> {
  const { size, serial: _serial, owner: _owner, ...rest } = before;
  const stored = observed.stored === undefined ? undefined : readElement(observed.stored);
  const { bus, cache, readOnly, serial } = stored ?? before;
  const live = observed.live === undefined ? undefined : readElement(observed.live);
  // Recorded as waiting for the guest's next start, so its absence is expected.
  const drift = driftOf(observed, bus, state["restartRequired"] === true);
  const inputs = dropUndefined({
    ...rest,
    bus,
    cache,
    readOnly,
    serial,
    index: observed.index,
    size: size === undefined || parseSize(size) === observed.bytes ? size : formatSize(observed.bytes),
    retain: observed.note?.retain ?? false,
    owner: observed.note?.owner,
    drift,
  }) as DiskInputs;
  const outputs = {
    image: observed.image,
    target: stored?.target ?? "",
    attached: live !== undefined,
    restartRequired: observed.running && !isDeepStrictEqual(live, stored),
    ...(size === undefined ? { size: formatSize(observed.bytes), [UNSAID]: ["size"] } : {}),
  };
  return { inputs, outputs };
}
