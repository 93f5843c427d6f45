/** Whether Pacemaker fences nodes, under any version's name for it. */
import { nvpairs, type Cib } from "./cib";
import type { XmlElement } from "./xml";

/** Whether nodes are fenced. */
export interface Fencing {
  enabled: boolean;
  /** The property that decides it here: `fencing-enabled` since Pacemaker 3.0.2, `stonith-enabled` before. */
  property: string;
}

/** The newer name takes precedence over the older ones if Pacemaker knows it. The last one was valid until 3.0. */
const NAMES = ["fencing-enabled", "stonith-enabled", "stonith_enabled"] as const;
const TIMEOUTS = ["fencing-watchdog-timeout", "stonith-watchdog-timeout"] as const;

/** On unless turned off: invalid booleans are ignored. */
const isOff = (value: string) => /^(false|off|no|n|0)$/i.test(value);
const isOn = (value: string | undefined) => /^(true|on|yes|y|1)$/i.test(value ?? "");

/**
 * Whether nodes are fenced, judged by the configuration alone. For a cluster that only knows the older name, trust
 * crm_mon instead: a newer name in its configuration has no effect.
 */
export function fencingOf({ properties }: Cib): Fencing {
  const property = NAMES.find((name) => (properties[name] ?? "") !== "") ?? "stonith-enabled";
  return { enabled: !isOff(properties[property] ?? ""), property };
}

/** Reads crm_mon's report: this version's name for the option, and its effective value. */
export function readFencing(options: XmlElement | undefined): Fencing | undefined {
  const property = NAMES.find((name) => options?.attrs[name] !== undefined);
  return property === undefined ? undefined : { enabled: options?.attrs[property] === "true", property };
}

/** The fencing devices: ids of primitives, including stopped ones, and `watchdog` for nodes that fence themselves. */
export function fencingDevices({ primitives, properties }: Cib): string[] {
  const devices = [...primitives].filter(([, { attrs }]) => attrs["class"] === "stonith").map(([id]) => id);
  const timeout = TIMEOUTS.map((name) => properties[name]).find((value) => (value ?? "") !== "") ?? "0";
  return [...devices, ...(isOn(properties["have-watchdog"]) && !/^0+[a-z]*$/i.test(timeout) ? ["watchdog"] : [])];
}

/** The devices in use: a stopped device fences nothing. */
export const devicesInUse = (cib: Cib): string[] =>
  fencingDevices(cib).filter((id) => nvpairs(cib.primitives.get(id), "meta_attributes")["target-role"] !== "Stopped");
