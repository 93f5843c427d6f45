/** The settings of a guest node, in the two places where vm-mgr keeps them: meta attributes and metadata. */
import { children, element, nvpairs, type Cib, type Inventory, type XmlElement } from "../../cluster";
import { systemImage } from "../form/names";
import type { GuestNodeSpec, ObservedGuestNode } from "./model";
import { isConnected } from "./wait";

/** Pacemaker's defaults. */
export const GUEST_DEFAULTS = { port: 3121, timeout: 60 } as const;

/** The meta attributes of a VM's primitive that make it a guest node, and the equivalent metadata. */
const PLACES = {
  name: ["remote-node", "_remote_node"],
  address: ["remote-addr", "_remote_node_address"],
  port: ["remote-port", "_remote_node_port"],
  timeout: ["remote-connect-timeout", "_remote_node_timeout"],
} as const;

const META_NAMES = Object.values(PLACES).map(([meta]) => meta) as string[];
export const METADATA_KEYS = Object.values(PLACES).map(([, key]) => key) as string[];

type Settings = Omit<GuestNodeSpec, "vm">;

const valuesOf = (settings: Settings, place: 0 | 1): Record<string, string> =>
  Object.fromEntries(
    Object.entries(PLACES).map(([key, names]) => [names[place], String(settings[key as keyof Settings])]),
  );

/** The meta attributes of the VM's primitive. */
export const guestMeta = (settings: Settings) => valuesOf(settings, 0);

/** The metadata of the VM's image. */
export const guestMetadata = (settings: Settings) => valuesOf(settings, 1);

function readValues(values: Record<string, string>, place: 0 | 1): Settings | undefined {
  const value = (key: keyof typeof PLACES) => values[PLACES[key][place]];
  const name = value("name");
  if (name === undefined) return undefined;
  const number = (key: "port" | "timeout") => Number.parseFloat(value(key) ?? "") || GUEST_DEFAULTS[key];
  return { name, address: value("address") ?? name, port: number("port"), timeout: number("timeout") };
}

/** A VM's guest node settings from its primitive; undefined if it is not a guest node. */
export const readMeta = (primitive: XmlElement | undefined) => readValues(nvpairs(primitive, "meta_attributes"), 0);

/** The meta attributes that the metadata require, for a VM that is enabled again after being disabled. */
export function metaFromMetadata(metadata: Record<string, string>): Record<string, string> {
  const settings = readValues(metadata, 1);
  return settings === undefined ? {} : valuesOf(settings, 0);
}

/** The primitive with new settings; undefined removes them. */
export function withSettings(primitive: XmlElement, settings: Settings | undefined): XmlElement {
  const vm = primitive.attrs["id"] ?? "";
  const [first, ...others] = children(primitive, "meta_attributes");
  const set = first ?? element("meta_attributes", { id: `${vm}-meta_attributes` });
  const ids = new Map(set.children.map((pair) => [pair.attrs["name"], pair.attrs["id"]]));
  const kept = set.children.filter((pair) => !META_NAMES.includes(pair.attrs["name"] ?? ""));
  const made = Object.entries(settings === undefined ? {} : valuesOf(settings, 0)).map(([name, value]) =>
    element("nvpair", { id: ids.get(name) ?? `${set.attrs["id"]}-${name}`, name, value }),
  );
  const rest = primitive.children.filter((each) => each !== first && !others.includes(each));
  const cleaned = others.map((each) => ({
    ...each,
    children: each.children.filter((pair) => !META_NAMES.includes(pair.attrs["name"] ?? "")),
  }));
  // A set that would be empty is removed.
  const sets = [{ ...set, children: [...kept, ...made] }, ...cleaned].filter((each) => each.children.length > 0);
  return { ...primitive, children: [...rest, ...sets] };
}

/** The guest nodes of a cluster by name, each with its VM. */
export function guestNodes(cib: Cib): Map<string, GuestNodeSpec> {
  const found = new Map<string, GuestNodeSpec>();
  for (const [vm, primitive] of cib.primitives) {
    const settings = readMeta(primitive);
    if (settings !== undefined) found.set(settings.name, { ...settings, vm });
  }
  return found;
}

/** Whether the cluster has a guest node of that name; while its VM is disabled, the VM's metadata tell. */
export const hasGuestNode = ({ cib, images }: Inventory, name: string): boolean =>
  guestNodes(cib).has(name) || [...images.values()].some(({ metadata }) => metadata?.["_remote_node"] === name);

/** The guest node that a VM provides, whatever its name, or undefined. While the VM is disabled, its metadata tell. */
export function findGuestNode(inventory: Inventory, vm: string): ObservedGuestNode | undefined {
  const primitive = inventory.cib.primitives.get(vm);
  const metadata = inventory.images.get(systemImage(vm))?.metadata ?? {};
  const settings = primitive === undefined ? readValues(metadata, 1) : readMeta(primitive);
  if (settings === undefined) return undefined;
  const host = inventory.status.resources.get(vm)?.nodes[0];
  const online = isConnected(inventory.status, { vm, name: settings.name });
  return { ...settings, vm, online, ...(host === undefined ? {} : { host }) };
}
