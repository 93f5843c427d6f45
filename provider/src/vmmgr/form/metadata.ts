/** A VM in the metadata of its system image: vm-mgr's keys, and the user's. */
import { z } from "zod";
import { Senseless } from "./broken";
import { DEFAULTS, type CreatePhase, type Parent, type VmSpec } from "./model";
import { nameProblem } from "./names";
import { readSettingsBy, settingList, SETTINGS, type NamedSetting } from "./settings";

/** Marks an image whose create has not ended. vm-mgr hides keys that begin with an underscore. */
export const PHASE_KEY = "_seapath_create";
/** The project and stack that created or adopted the VM. */
export const OWNER_KEY = "_seapath_owner";
/** Foreign constraints on a disabled VM, which the CIB cannot hold meanwhile; restored when it is enabled. */
export const PARKED_KEY = "_parked_constraints";

/** The size of the system disk as the running guest last saw it, until it learns of a larger one. */
export const GROWING_KEY = "_seapath_growing";
/** Prefix of a user's key: the key's owner, if not the program that owns the VM. */
export const KEY_OWNER = "_seapath_owner_";

/**
 * The snapshot of another VM that a clone is based on, as JSON: during the create, and as long as it is a linked clone.
 */
export const PARENT_KEY = "_seapath_parent";

/**
 * Whether a key is the user's: neither vm-mgr's nor ours, nor one that vm-mgr would reject. Others write on images too:
 * `conf_rbd_…` is a librbd setting.
 */
export const isUserKey = (key: string): boolean => nameProblem(key) === undefined;
/** Whether a user's key belongs to the program that owns the VM. */
const isVmsKey = (key: string, metadata: Record<string, string>) =>
  isUserKey(key) && !(`${KEY_OWNER}${key}` in metadata);

/** Every key that this project writes for a VM; a key missing from the new metadata is removed. */
const MANAGED_KEYS: readonly string[] = [
  ...settingList.map(({ key }) => key),
  "_pinned_host",
  "_preferred_host",
  "_crm_config_cmd",
  "_disk_bus",
  "_pacemaker_meta",
  "_pacemaker_params",
  "_pacemaker_utilization",
  OWNER_KEY,
];

/** The metadata that fully describe a VM. vm-mgr's defaults are omitted, as vm-mgr itself does. */
export function vmMetadata(spec: VmSpec, xml: { base: string; final: string }): Record<string, string> {
  const found: Record<string, string> = { ...spec.metadata, vm_name: spec.name, xml: xml.final, _base_xml: xml.base };
  const put = (key: string, value: string, unless?: string) => {
    if (value !== unless) found[key] = value;
  };
  for (const { name, key, default: usual } of settingList) put(key, String(spec[name]), String(usual));
  if (spec.pinnedHost !== undefined) found["_pinned_host"] = spec.pinnedHost;
  if (spec.preferredHost !== undefined) found["_preferred_host"] = spec.preferredHost;
  put("_crm_config_cmd", spec.crmConfigCommands.join("\n"), "");
  put(OWNER_KEY, spec.owner ?? "", "");
  put("_disk_bus", spec.diskBus);
  put("_pacemaker_meta", JSON.stringify(spec.pacemaker.meta), "{}");
  put("_pacemaker_params", JSON.stringify(spec.pacemaker.params), "{}");
  put("_pacemaker_utilization", JSON.stringify(spec.pacemaker.utilization), "{}");
  return found;
}

/** The keys to set and remove to turn one set of metadata into another; keys that neither we nor the user own stay. */
export function metadataChanges(
  before: Record<string, string>,
  after: Record<string, string>,
): { set: Record<string, string>; unset: string[] } {
  return {
    set: Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value)),
    unset: Object.keys(before).filter(
      (key) => !(key in after) && (isVmsKey(key, before) || MANAGED_KEYS.includes(key)),
    ),
  };
}

/** The user that libvirt connects as between nodes for a VM, even if its other metadata make no sense. */
export const migrationUserOf = (metadata: Record<string, string>): string =>
  metadata[SETTINGS.migrationUser.key] || DEFAULTS.migrationUser;

/** A setting; undefined where nothing is said. @throws Senseless */
function readSetting({ key, default: usual, form }: NamedSetting, metadata: Record<string, string>) {
  if (typeof usual === "boolean")
    return metadata[key] === undefined ? undefined : metadata[key].toLowerCase() === "true";
  if (typeof usual === "number") return readNumber(metadata, key);
  const text = metadata[key] || undefined;
  if (text !== undefined && form?.pattern.test(text) === false) throw new Senseless(key, `is not ${form.what}`);
  return text;
}

/** The snapshot that a VM shares, even if its other metadata make no sense: it can still be removed. */
export const parentIn = (metadata: Record<string, string>): Parent | undefined => {
  try {
    return readParent(metadata).linkedTo;
  } catch (error) {
    if (error instanceof Senseless) return undefined;
    throw error;
  }
};

/** Metadata as values to restore: an empty value is never written, so its key is removed. */
export const toPutBack = (
  before: readonly (readonly [key: string, value: string | null])[],
): { set: Record<string, string>; unset: string[] } => ({
  set: Object.fromEntries(before.filter((entry): entry is [string, string] => entry[1] !== null && entry[1] !== "")),
  unset: before.filter(([, value]) => value === null || value === "").map(([key]) => key),
});

/**
 * A VM's settings from its metadata, with vm-mgr's defaults for missing or empty values.
 * @throws Senseless if a value makes no sense
 */
export function readMetadata(metadata: Record<string, string>) {
  return {
    ...readSettingsBy((setting) => readSetting(setting, metadata)),
    diskBus: readBus(metadata["_disk_bus"] || DEFAULTS.diskBus),
    ...(metadata["_pinned_host"] ? { pinnedHost: metadata["_pinned_host"] } : {}),
    ...(metadata["_preferred_host"] ? { preferredHost: metadata["_preferred_host"] } : {}),
    crmConfigCommands: (metadata["_crm_config_cmd"] ?? "").split(/\r?\n/).filter((line) => line.trim() !== ""),
    pacemaker: {
      meta: readMap(metadata, "_pacemaker_meta"),
      params: readMap(metadata, "_pacemaker_params"),
      utilization: readMap(metadata, "_pacemaker_utilization"),
    },
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => isVmsKey(key, metadata))),
    ...(metadata[OWNER_KEY] ? { owner: metadata[OWNER_KEY] } : {}),
    ...readPhase(metadata[PHASE_KEY]),
    ...readParent(metadata),
  };
}

/** The phase. The mark of the create follows it, by which that create's undo recognizes its own. */
function readPhase(value: string | undefined): { unfinished?: CreatePhase } {
  const phase = value?.split(" ")[0];
  return phase === "importing" || phase === "imported" ? { unfinished: phase } : {};
}

const parentSchema = z.object({ vm: z.string(), snapshot: z.string(), own: z.boolean() });

function readParent(metadata: Record<string, string>): { linkedTo?: Parent } {
  const parent = parentSchema.safeParse(readJson(metadata, PARENT_KEY) ?? null);
  if (parent.success) return { linkedTo: parent.data };
  if (!metadata[PARENT_KEY]) return {};
  throw new Senseless(PARENT_KEY, "does not name a snapshot of a VM");
}

/** A whole number; undefined if missing or empty. */
export function readNumber(metadata: Record<string, string>, key: string): number | undefined {
  const text = metadata[key]?.trim();
  if (text === undefined || text === "") return undefined;
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
  throw new Senseless(key, "is no whole number");
}

const BUSES = ["virtio", "scsi", "sata", "usb", "ide"];

function readBus(bus: string): string {
  if (BUSES.includes(bus)) return bus;
  throw new Senseless("_disk_bus", `is none of ${BUSES.join(", ")}`);
}

function readJson(metadata: Record<string, string>, key: string): unknown {
  const text = metadata[key];
  if (text === undefined || text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Senseless(key, "is no JSON");
  }
}

const mapSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

function readMap(metadata: Record<string, string>, key: string): Record<string, string> {
  const map = mapSchema.safeParse(readJson(metadata, key) ?? {});
  if (!map.success) throw new Senseless(key, "is no JSON object of names and values");
  return Object.fromEntries(Object.entries(map.data).map(([name, each]) => [name, String(each)]));
}
