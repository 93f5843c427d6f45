/** The resources of a stack as policies see them. */
import type { PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import { isRecord, knownOf, rawOf, touches, within, type Raw } from "./values";

const PREFIX = "pulumi-nodejs:dynamic/seapath:";

/** A resource of pulumi-seapath. */
export interface Declared {
  /** The class name: `Vm`, `Colocation`, … */
  kind: string;
  /** The name in the program. */
  name: string;
  urn: string;
  /** One of `seapath:clusters`. If absent, the cluster of `seapath:hosts`. */
  cluster?: string;
  /** The known inputs, including defaults. An unchanged resource also has its outputs. */
  inputs: Raw;
  /** The paths of inputs that are unknown until other resources exist: `domain.memory`. */
  unknown: readonly string[];
  /** The inputs including unknown values, as a preview has them. */
  raw: Raw;
}

/** Reads a resource; undefined if it is not one of pulumi-seapath. */
export function declaredOf({
  type,
  name,
  urn,
  props,
}: Pick<PolicyResource | ResourceValidationArgs, "type" | "name" | "urn" | "props">): Declared | undefined {
  if (!type.startsWith(PREFIX)) return undefined;
  const raw = rawOf(props) as Raw;
  const unknown: string[] = [];
  const inputs = knownOf(raw, unknown) as Raw;
  const { cluster } = inputs;
  return {
    kind: type.slice(PREFIX.length),
    name,
    urn,
    ...(typeof cluster === "string" ? { cluster } : {}),
    inputs,
    unknown,
    raw,
  };
}

/** Whether any part of a path is still unknown. */
export const isUnknownAt = ({ unknown }: Declared, path: string): boolean =>
  unknown.some((each) => touches(each, path));

/** A VM's name on the cluster; the resource's name if that is unknown. */
export const vmName = ({ inputs, name }: Declared): string =>
  typeof inputs["name"] === "string" ? inputs["name"] : name;

/** A resource for messages: `VM "web01"`, `Colocation "pair"`. */
export const wordsOf = (resource: Declared): string =>
  resource.kind === "Vm" ? `VM "${vmName(resource)}"` : `${resource.kind} "${resource.name}"`;

/** The nodes that a VM names, each with its input. */
export const hostsOf = ({ inputs }: Declared): { key: "pinnedHost" | "preferredHost"; host: string }[] =>
  (["pinnedHost", "preferredHost"] as const).flatMap((key) => {
    const host = inputs[key];
    return typeof host === "string" ? [{ key, host }] : [];
  });

/** A map of strings among the inputs; empty if there is none. */
export function textsAt(inputs: Raw, ...path: string[]): Record<string, string> {
  const found = within(inputs, path);
  return isRecord(found) ? Object.fromEntries(Object.entries(found).map(([key, value]) => [key, String(value)])) : {};
}
