/** The resources of a stack, as policies are told of them. */
import type { PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import { isRecord, knownOf, rawOf, touches, within, type Raw } from "./values";

const PREFIX = "pulumi-nodejs:dynamic/seapath:";

/** A resource of pulumi-seapath. */
export interface Declared {
  /** The name of its class: `Vm`, `Colocation`, … */
  kind: string;
  /** Its name in the program. */
  name: string;
  urn: string;
  /** One of `seapath:clusters`. Absent: the cluster of `seapath:hosts`. */
  cluster?: string;
  /** The inputs that are known, the defaults among them. A resource that is not changed has its outputs as well. */
  inputs: Raw;
  /** The paths of the inputs that are not known before other resources are made: `domain.memory`. */
  unknown: readonly string[];
  /** The inputs with what is not known, as a preview has them. */
  raw: Raw;
}

/** Reads a resource. Undefined: it is none of pulumi-seapath. */
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

/** Whether something of a path is not known yet. */
export const isUnknownAt = ({ unknown }: Declared, path: string): boolean =>
  unknown.some((each) => touches(each, path));

/** The name on the cluster of a VM; that of the resource where it is not known. */
export const vmName = ({ inputs, name }: Declared): string =>
  typeof inputs["name"] === "string" ? inputs["name"] : name;

/** A resource in words: `VM "web01"`, `Colocation "pair"`. */
export const wordsOf = (resource: Declared): string =>
  resource.kind === "Vm" ? `VM "${vmName(resource)}"` : `${resource.kind} "${resource.name}"`;

/** The nodes that a VM names, and by which input. */
export const hostsOf = ({ inputs }: Declared): { key: "pinnedHost" | "preferredHost"; host: string }[] =>
  (["pinnedHost", "preferredHost"] as const).flatMap((key) => {
    const host = inputs[key];
    return typeof host === "string" ? [{ key, host }] : [];
  });

/** A map of texts among the inputs; empty where there is none. */
export function textsAt(inputs: Raw, ...path: string[]): Record<string, string> {
  const found = within(inputs, path);
  return isRecord(found) ? Object.fromEntries(Object.entries(found).map(([key, value]) => [key, String(value)])) : {};
}
