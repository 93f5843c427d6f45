/** Problems that can be found before anything is changed: the same checks for a preview and for the change itself. */
import { child, children, descend, nvpairs, parseXml, ParseError, type Inventory } from "../../cluster";
import { words } from "../../words";
import { BrokenVm } from "../form/broken";
import type { Refusal } from "../core/errors";
import { cloneRefusals } from "./clone-plan";
import { domainUuid } from "../form/domain";
import { foreignImageRefusals } from "./foreign-images";
import { judgedFile } from "../core/image-source";
import { findVm, isTakenOver, vmUuids } from "../form/observe";
import type { ObservedVm, VmSpec } from "../form/model";
import { systemImage } from "../form/names";
import {
  actRefusals,
  blockedRefusals,
  fullRefusals,
  leftoverRefusals,
  maintenanceRefusal,
  needsPacemaker,
  quorumRefusals,
  stateRefusals,
  wantsToRun,
} from "../core/cluster-health";

export { stateRefusals } from "../core/cluster-health";

/** The known parts of a spec; in a preview some are not known yet. */
export type PartialSpec = Partial<VmSpec>;

/** The intended operation; `replace` first removes a VM of the same name. */
export type Intent = "create" | "update" | "replace";

/** Reasons to reject this VM on this cluster. */
export function clusterRefusals(inventory: Inventory, spec: PartialSpec, intent: Intent): Refusal[] {
  return [
    ...(intent === "create" ? nameRefusals(inventory, spec) : []),
    ...hostRefusals(inventory, spec, "pinnedHost"),
    ...hostRefusals(inventory, spec, "preferredHost"),
    ...idRefusals(inventory, spec),
    ...migrationRefusals(spec),
    ...uuidRefusals(inventory, spec),
    ...foreignImageRefusals(inventory, spec),
    ...(intent === "update" ? sizeRefusals(inventory, spec) : sourceRefusals(inventory, spec)),
  ];
}

/** Reasons in the cluster's state to refuse creating or changing a VM: the same for a preview and for the change. */
export function changeRefusals(inventory: Inventory, spec: PartialSpec, intent: Intent, restarts = false): Refusal[] {
  const general = stateRefusals(inventory);
  const { name } = spec;
  if (general.length > 0) return general;
  const found = name === undefined ? undefined : inventory.cib.primitives.get(name);
  // An adoption changes an existing VM.
  if (name === undefined || (intent !== "update" && found === undefined)) {
    const leftovers = name === undefined || intent !== "create" ? [] : leftoverRefusals(inventory, name);
    return [...leftovers, ...actRefusals(inventory, spec, wantsToRun(spec))];
  }
  if (intent === "replace") return actRefusals(inventory, spec, true);
  const acts = restarts || needsPacemaker(inventory, { ...spec, name });
  return [...blockedRefusals(inventory, name), ...actRefusals(inventory, spec, acts)];
}

/** Reasons to refuse removing a VM. */
export function deleteRefusals(inventory: Inventory, vm: string): Refusal[] {
  const quorum = quorumRefusals(inventory);
  if (quorum.length > 0) return quorum;
  const runs = inventory.cib.primitives.has(vm) && (inventory.status.resources.get(vm)?.nodes.length ?? 0) > 0;
  if (runs && inventory.status.maintenance) return [maintenanceRefusal];
  return inventory.groups.has(vm) ? fullRefusals(inventory) : [];
}

function nameRefusals(inventory: Inventory, spec: PartialSpec): Refusal[] {
  const { name } = spec;
  if (name === undefined) return [];
  const taken = (what: string) => [{ property: "name", reason: `"${name}" is taken: ${what}` }];
  // vm-mgr's words, which scripts look for.
  const exists = (what: string) => [{ property: "name", reason: `"${name}" already exists: ${what}` }];
  let found: ObservedVm | undefined;
  try {
    found = findVm(inventory, name);
  } catch (error) {
    if (!(error instanceof BrokenVm)) throw error;
    return exists(
      `the cluster has a VM of this name that cannot be read: ${error.reason}. Choose another name; or: ${error.hint}`,
    );
  }
  if (found?.unfinished !== undefined || (found !== undefined && isTakenOver(found, spec))) return [];
  const primitive = inventory.cib.primitives.get(name);
  const image = inventory.images.get(systemImage(name));
  const members = inventory.groups.get(name) ?? [];
  if (image !== undefined || members.length > 0) {
    const remote = nvpairs(primitive, "meta_attributes")["remote-node"];
    const owner = found?.owner === undefined ? "" : `, made by ${found.owner}`;
    const state = `${primitive === undefined ? "not enabled" : `enabled${remote ? `, guest node "${remote}"` : ""}`}${owner}`;
    return exists(
      `the cluster has a VM of this name (${image === undefined ? `an RBD group of ${members.join(", ")}` : state}). ` +
        `Choose another name, or ${words().takeOver("VM")}`,
    );
  }
  if (primitive !== undefined)
    return taken(`Pacemaker has a primitive of this name (${primitive.attrs["type"] ?? "?"})`);
  if (inventory.cib.nodes.includes(name)) return taken("it is a node of the cluster");
  if (inventory.cib.ids.has(name)) return taken("an element of the CIB has this id");
  return [];
}

/** A name that Pacemaker rejects as an id, for a VM that is not one of its resources yet. */
function idRefusals(inventory: Inventory, { name, enabled = true }: PartialSpec): Refusal[] {
  if (name === undefined || !/^\d/.test(name) || !enabled || inventory.cib.primitives.has(name)) return [];
  return [{ property: "name", reason: `must begin with a letter: "${name}" is no id that Pacemaker takes` }];
}

/**
 * Host devices, which prevent live migration. Exceptions: USB devices, which are released, and a network card that is
 * teamed with another one.
 */
function migrationRefusals({ liveMigration, xml }: PartialSpec): Refusal[] {
  if (liveMigration !== true || xml === undefined) return [];
  try {
    const devices = descend(parseXml(xml, "the domain XML"), "devices");
    const held = [
      ...children(devices, "hostdev").filter(({ attrs }) => attrs["type"] !== "usb"),
      ...children(devices, "interface").filter(({ attrs }) => attrs["type"] === "hostdev"),
    ].filter((node) => child(node, "teaming") === undefined);
    if (held.length === 0) return [];
    const what = held.map(({ name, attrs }) => `<${name} type="${attrs["type"] ?? ""}">`).join(", ");
    return [
      {
        property: "liveMigration",
        reason: `must not be true for a VM with a device of its node (${what}): it cannot move while it runs`,
      },
    ];
  } catch (error) {
    if (error instanceof ParseError) return [];
    throw error;
  }
}

function hostRefusals(inventory: Inventory, spec: PartialSpec, property: "pinnedHost" | "preferredHost"): Refusal[] {
  const host = spec[property];
  if (host === undefined) return [];
  const { observer } = inventory;
  const hosts = inventory.cib.nodes.filter((node) => node !== observer);
  if (host === observer) {
    return [
      {
        property,
        reason: `"${host}" is not a valid hypervisor: it is the cluster's observer, which never runs a VM; it must be one of ${hosts.join(", ")}`,
      },
    ];
  }
  if (hosts.includes(host)) return [];
  return [
    {
      property,
      reason: `"${host}" is not a valid hypervisor: the cluster has no node "${host}"; it must be one of ${hosts.join(", ")}`,
    },
  ];
}

function uuidRefusals(inventory: Inventory, spec: PartialSpec): Refusal[] {
  if (spec.xml === undefined) return [];
  let uuid: string | undefined;
  try {
    uuid = domainUuid(parseXml(spec.xml, "the domain XML"));
  } catch (error) {
    if (error instanceof ParseError) return []; // the check of the XML itself reports this
    throw error;
  }
  const owner = uuid === undefined ? undefined : vmUuids(inventory).get(uuid);
  if (owner === undefined || owner === spec.name) return [];
  return [{ property: "xml", reason: `the uuid ${uuid} is already used by VM "${owner}"; give another, or none` }];
}

function sourceRefusals(inventory: Inventory, spec: PartialSpec): Refusal[] {
  if (spec.source !== undefined && "vm" in spec.source) {
    const there = spec.name === undefined ? undefined : findVm(inventory, spec.name);
    // An adopted VM has its disks.
    return there !== undefined && there.unfinished === undefined ? [] : cloneRefusals(inventory, spec, spec.source);
  }
  if (spec.source === undefined) return [];
  const { file, refusals } = judgedFile(inventory, spec.source);
  return file === undefined ? refusals : imageSizeRefusals(file.virtualSize, spec, inventory.freeBytes);
}

/** A system disk that is too small for its image, or too large for Ceph. */
export function imageSizeRefusals(virtualSize: number | null, spec: PartialSpec, freeBytes: number): Refusal[] {
  if (virtualSize === null) return [];
  if (spec.systemSize !== undefined && spec.systemSize < virtualSize) {
    return [
      { property: "systemDisk.size", reason: `the image has ${virtualSize} bytes; the disk must not be smaller` },
    ];
  }
  if (virtualSize > freeBytes) {
    return [{ property: "source", reason: `the image has ${virtualSize} bytes, and Ceph has ${freeBytes} left` }];
  }
  return [];
}

function sizeRefusals(inventory: Inventory, spec: PartialSpec): Refusal[] {
  const image = spec.name === undefined ? undefined : inventory.images.get(systemImage(spec.name));
  if (image === undefined || spec.systemSize === undefined || spec.systemSize >= image.size) return [];
  const reason = `the disk has ${image.size} bytes and is never made smaller: that would cut off what is on it`;
  return [{ property: "systemDisk.size", reason }];
}
