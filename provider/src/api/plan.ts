/** Where VMs will run after a previewed change. */
import { isUnknown, readPreview } from "../resources";
import { currentCluster, noCluster } from "../session";
import { parseSaved, plannedText, whatIf, type WhatIf, type WhatIfOptions } from "../vmmgr";
import type { At } from "./at";

/** The effect of a preview on a cluster. */
export interface Planned extends WhatIf {
  /** Unknown values that may change the answer, one sentence each. */
  unknown: string[];
  /** Resource names by VM name. */
  resources: Record<string, string>;
  /**
   * The basis of the plan, in the form of `SEAPATH_PLANNED`: an `up` with it reports whether the cluster has changed
   * since.
   */
  planned: string;
}

/**
 * Simulates a preview's plan. Changes nothing. With `saved`, no cluster is involved: this machine's Pacemaker tools run
 * it.
 * @param preview the parsed output of `pulumi preview --json`; undefined: no changes
 */
export async function plan(at: At, preview: unknown, options: WhatIfOptions = {}): Promise<Planned> {
  const { plan, unknown, resources, whole } = readPreview(preview ?? {}, at.cluster);
  // Unreadable resources may be those that the cluster has, so in that case nothing counts as removed.
  const { owner, ...rest } = options;
  const cluster = options.saved === undefined ? currentCluster(at.cluster) : noCluster();
  const found = await whatIf(cluster, plan, { ...rest, ...(whole && owner !== undefined ? { owner } : {}) });
  return { ...found, unknown, resources: Object.fromEntries(resources), planned: plannedText(found, at.cluster) };
}

/** Reads the input of `saved`: a saved plan, or a plain CIB. @throws ParseError */
export const readSaved = (text: string) => parseSaved(text);

/** Outputs, one of which every kind that decides where VMs run has. */
const TOLD = ["status", "online"];

/**
 * Whether a resource's properties, as a policy sees them, include outputs: then it has no change, or its change is
 * done.
 */
export const hasOutputs = (properties: Readonly<Record<string, unknown>>): boolean =>
  TOLD.some((key) => properties[key] !== undefined && !isUnknown(properties[key]));
