/** A VM in the metadata of its system image: the keys of vm-mgr, and the user's beside them. */
import { z } from "zod";
import { Senseless } from "./broken";
import { DEFAULTS, type CreatePhase, type Parent, type VmSpec } from "./model";
import { nameProblem } from "./names";
import { readSettingsBy, settingList, SETTINGS } from "./settings";

/** Marks an image whose create has not ended. vm-mgr shows no key that begins with an underscore. */
export const PHASE_KEY = "_seapath_create";
/** Who made the VM or took it over: the project and the stack. */
export const OWNER_KEY = "_seapath_owner";
/** Constraints of others on a VM that is disabled, which the CIB cannot hold meanwhile; put back when enabled. */
export const PARKED_KEY = "_parked_constraints";

/** The size of the system disk that the running guest was last told of, while it has not been told of a larger one. */
export const GROWING_KEY = "_seapath_growing";
/** Before a key of the user's: whose it is, where that is not the program that has the VM. */
export const KEY_OWNER = "_seapath_owner_";

/** The snapshot of another VM that a clone is made of, as JSON: while it is made, and for as long as it is a linked one. */
export const PARENT_KEY = "_seapath_parent";

/**
 * Whether a key is the user's: neither vm-mgr's nor ours, nor one that vm-mgr would not take. Others write on images as well:
 * `conf_rbd_…` is a setting of librbd's.
 */
export const isUserKey = (key: string): boolean => nameProblem(key) === undefined;
/** Whether a user's key belongs to the program that has the VM. */
const isVmsKey = (key: string, metadata: Record<string, string>) =>
  isUserKey(key) && !(`${KEY_OWNER}${key}` in metadata);

/** Every key that this project writes for a VM; one that is not in a new set of metadata is removed. */
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

/** The metadata that say all of a VM. What is as vm-mgr has it by default stays unsaid, as vm-mgr itself leaves it. */
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

/** What has to be set and removed to make metadata into others; keys that neither we nor the user own are left. */
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

/** As whom libvirt goes from node to node for a VM; also of one whose other metadata make no sense. */
export const migrationUserOf = (metadata: Record<string, string>): string =>
  metadata[SETTINGS.migrationUser.key] || DEFAULTS.migrationUser;

/** A setting; undefined where nothing is said. @throws Senseless */
function readSetting({ key, default: usual, form }: (typeof settingList)[number], metadata: Record<string, string>) {
  if (typeof usual === "boolean")
    return metadata[key] === undefined ? undefined : metadata[key].toLowerCase() === "true";
  if (typeof usual === "number") return readNumber(metadata, key);
  const text = metadata[key] || undefined;
  if (text !== undefined && form?.pattern.test(text) === false) throw new Senseless(key, `is not ${form.what}`);
  return text;
}

/** The snapshot that a VM shares; also of one whose other metadata make no sense, which can be removed all the same. */
export const parentIn = (metadata: Record<string, string>): Parent | undefined => {
  try {
    return readParent(metadata).linkedTo;
  } catch (error) {
    if (error instanceof Senseless) return undefined;
    throw error;
  }
};

/** Metadata as values to put back: an empty one is never written, so the key goes. */
export const toPutBack = (
  before: readonly (readonly [key: string, value: string | null])[],
): { set: Record<string, string>; unset: string[] } => ({
  set: Object.fromEntries(before.filter((entry): entry is [string, string] => entry[1] !== null && entry[1] !== "")),
  unset: before.filter(([, value]) => value === null || value === "").map(([key]) => key),
});

/**
 * What metadata say of a VM, with vm-mgr's defaults where they say nothing; an empty value says nothing.
 * @throws Senseless where they say what makes no sense
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

/** The phase, and after it the mark of the create that wrote it, by which its undo knows its own. */
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

/** A whole number; undefined where nothing is said. */
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
