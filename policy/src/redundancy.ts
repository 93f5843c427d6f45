/** Groups of VMs that stand in for each other, from a rule's configuration. */
import type { PolicyConfigSchema } from "@pulumi/policy";
import type { View } from "./view";

type Property = PolicyConfigSchema["properties"][string];

/** VMs that stand in for each other. */
export interface Group {
  name: string;
  vms: string[];
}

/** The property `groups` of a rule's configuration. */
export const groups: Property = {
  type: "array",
  default: [],
  description: "VMs that stand in for each other.",
  items: {
    type: "object",
    required: ["name", "vms"],
    additionalProperties: false,
    properties: { name: { type: "string" }, vms: { type: "array", items: { type: "string" }, minItems: 2 } },
  },
};

/** The property `metadataKey` of a rule's configuration. */
export const METADATA_KEY: Property = {
  type: "string",
  description: "A key of `metadata`: VMs with one value of it are a group.",
};

/** The groups from the configuration, and those from the VMs' metadata. */
export function groupsOf(
  view: View,
  { groups, metadataKey }: { groups: readonly Group[]; metadataKey?: string },
): Group[] {
  const marked = new Map<string, string[]>();
  for (const { vm, metadata } of metadataKey === undefined ? [] : view.vms) {
    const value = metadata[metadataKey ?? ""];
    if (value !== undefined) marked.set(value, [...(marked.get(value) ?? []), vm]);
  }
  return [...groups, ...[...marked].map(([name, vms]) => ({ name, vms }))].filter(({ vms }) => vms.length > 1);
}
