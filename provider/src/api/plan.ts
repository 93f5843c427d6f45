/** Where VMs will run once a preview is done. */
import { isUnknown, readPreview } from "../resources";
import { currentCluster, noCluster } from "../session";
import { parseSaved, plannedText, whatIf, type WhatIf, type WhatIfOptions } from "../vmmgr";
import type { At } from "./at";

/** What a preview means for a cluster. */
export interface Planned extends WhatIf {
  /** What is not known yet and may change the answer, a sentence each. */
  unknown: string[];
  /** The names of the resources by those of their VMs. */
  resources: Record<string, string>;
  /** What it was made of, as `SEAPATH_PLANNED` takes it: an `up` that has it says when the cluster has changed since. */
  planned: string;
}

/**
 * Simulates what a preview plans. Nothing is changed.
 * With `saved` no cluster is asked: Pacemaker's tools of this machine do it.
 * @param preview what `pulumi preview --json` printed, parsed; undefined: nothing is planned
 */
export async function plan(at: At, preview: unknown, options: WhatIfOptions = {}): Promise<Planned> {
  const { plan, unknown, resources, whole } = readPreview(preview ?? {}, at.cluster);
  // What could not be read may be what the cluster has: nothing is taken as removed then.
  const { owner, ...rest } = options;
  const cluster = options.saved === undefined ? currentCluster(at.cluster) : noCluster();
  const found = await whatIf(cluster, plan, { ...rest, ...(whole && owner !== undefined ? { owner } : {}) });
  return { ...found, unknown, resources: Object.fromEntries(resources), planned: plannedText(found, at.cluster) };
}

/** Reads what `saved` takes: what was saved of a plan, or a CIB alone. @throws ParseError */
export const readSaved = (text: string) => parseSaved(text);

/** Outputs of which each kind that decides where VMs run has one. */
const TOLD = ["status", "online"];

/**
 * Whether the properties of a resource are more than its inputs, as a policy is told of one: nothing of it is changed then, or
 * its change is done.
 */
export const hasOutputs = (properties: Readonly<Record<string, unknown>>): boolean =>
  TOLD.some((key) => properties[key] !== undefined && !isUnknown(properties[key]));
