/** Whether Pacemaker fences nodes, whatever its version calls that. */
import { nvpairs, type Cib } from "./cib";
import type { XmlElement } from "./xml";

/** Whether nodes are fenced. */
export interface Fencing {
  enabled: boolean;
  /** The property that decides it here: `fencing-enabled` from Pacemaker 3.0.2 on, and `stonith-enabled` before. */
  property: string;
}

/** The newer name goes before the older one, where Pacemaker knows it. The last was read until 3.0. */
const NAMES = ["fencing-enabled", "stonith-enabled", "stonith_enabled"] as const;
const TIMEOUTS = ["fencing-watchdog-timeout", "stonith-watchdog-timeout"] as const;

/** On unless it is said to be off: what is no boolean is not read. */
const isOff = (value: string) => /^(false|off|no|n|0)$/i.test(value);
const isOn = (value: string | undefined) => /^(true|on|yes|y|1)$/i.test(value ?? "");

/**
 * Whether nodes are fenced, by the configuration alone: of a cluster that knows the older name only, what crm_mon says is
 * true, and a newer name in its configuration means nothing.
 */
export function fencingOf({ properties }: Cib): Fencing {
  const property = NAMES.find((name) => (properties[name] ?? "") !== "") ?? "stonith-enabled";
  return { enabled: !isOff(properties[property] ?? ""), property };
}

/** Reads what crm_mon says of it: the name that this version has, and what it makes of the configuration. */
export function readFencing(options: XmlElement | undefined): Fencing | undefined {
  const property = NAMES.find((name) => options?.attrs[name] !== undefined);
  return property === undefined ? undefined : { enabled: options?.attrs[property] === "true", property };
}

/** What fences: primitives by their ids, those that are switched off among them, and `watchdog` for nodes that fence themselves. */
export function fencingDevices({ primitives, properties }: Cib): string[] {
  const devices = [...primitives].filter(([, { attrs }]) => attrs["class"] === "stonith").map(([id]) => id);
  const timeout = TIMEOUTS.map((name) => properties[name]).find((value) => (value ?? "") !== "") ?? "0";
  return [...devices, ...(isOn(properties["have-watchdog"]) && !/^0+[a-z]*$/i.test(timeout) ? ["watchdog"] : [])];
}

/** Those of them that are in use: one that is switched off fences nobody. */
export const devicesInUse = (cib: Cib): string[] =>
  fencingDevices(cib).filter((id) => nvpairs(cib.primitives.get(id), "meta_attributes")["target-role"] !== "Stopped");
