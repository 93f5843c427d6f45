/** Values that no two VMs may share: the MAC addresses of their interfaces, and their uuid. */
import { children, descend, parseXml, ParseError, type Inventory, type XmlElement } from "../../cluster";
import { domainElement, domainUuid } from "../form/domain";
import type { Refusal } from "../core/errors";
import { ownerOfVm } from "../form/observe";
import { isOwned } from "../form/ownership";
import type { PartialSpec } from "./refusals";

/** The addresses of a VM. */
export interface Addresses {
  macs: readonly string[];
  uuid?: string;
  /** This run creates or changes the VM, rather than just finding it. */
  changed?: boolean;
}

function macsOf(root: XmlElement): string[] {
  return children(descend(root, "devices"), "interface").flatMap(
    (node) => descend(node, "mac")?.attrs["address"]?.toLowerCase() ?? [],
  );
}

/** The addresses in a spec; none if its domain is unknown or invalid. */
export function addressesOf(spec: PartialSpec): Addresses {
  try {
    const root =
      spec.domain !== undefined
        ? domainElement(spec.domain)
        : spec.xml !== undefined
          ? parseXml(spec.xml, "the domain XML")
          : undefined;
    if (root === undefined) return { macs: [] };
    const uuid = domainUuid(root);
    return { macs: macsOf(root), ...(uuid === undefined ? {} : { uuid }) };
  } catch (error) {
    if (error instanceof ParseError) return { macs: [] }; // the check of the XML itself reports this
    throw error;
  }
}

const MAC = /<mac\s+address=["']([0-9A-Fa-f:]{17})["']/g;
const known = new WeakMap<Inventory, Map<string, string[]>>();

/** The VMs of the cluster by MAC address, searched in the text, since a broken VM's XML may not parse. */
function vmsByMac(inventory: Inventory): Map<string, string[]> {
  const found = known.get(inventory) ?? new Map<string, string[]>();
  if (known.has(inventory)) return found;
  for (const { metadata } of inventory.images.values()) {
    const vm = metadata?.["vm_name"];
    if (vm === undefined) continue;
    for (const [, mac = ""] of (metadata?.["xml"] ?? "").matchAll(MAC))
      found.set(mac.toLowerCase(), [...(found.get(mac.toLowerCase()) ?? []), vm]);
  }
  known.set(inventory, found);
  return found;
}

const propertyOf = (spec: PartialSpec, mac: string) => {
  const index = spec.domain?.interfaces?.findIndex((each) => each.mac?.toLowerCase() === mac) ?? -1;
  return index < 0 ? (spec.domain === undefined ? "xml" : "domain.interfaces") : `domain.interfaces[${index}].mac`;
};

/**
 * MAC addresses that another VM of the cluster has. VMs of the same stack are left to its program, which may be about
 * to change theirs.
 */
export function macRefusals(inventory: Inventory, spec: PartialSpec): Refusal[] {
  return [...new Set(addressesOf(spec).macs)].flatMap((mac) => {
    const having = vmsByMac(inventory).get(mac) ?? [];
    // Both have it already: this change did not cause that.
    if (spec.name !== undefined && having.includes(spec.name)) return [];
    const owner = having.find((vm) => !isOwned(ownerOfVm(inventory, vm), spec));
    return owner === undefined
      ? []
      : [
          {
            property: propertyOf(spec, mac),
            reason: `the MAC address ${mac} is that of VM "${owner}"; give another, or none`,
          },
        ];
  });
}

/** Addresses that a VM uses twice, or that another VM of the same program has. */
export function sharedAddressRefusals(spec: PartialSpec, others: ReadonlyMap<string, Addresses>): Refusal[] {
  const { macs, uuid } = addressesOf(spec);
  const twice = macs
    .filter((mac, index) => macs.indexOf(mac) < index)
    .map((mac) => ({ property: propertyOf(spec, mac), reason: `the MAC address ${mac} stands in it twice` }));
  const shared = [...others]
    .filter(([vm]) => vm !== spec.name)
    .flatMap(([vm, theirs]) => [
      ...macs
        .filter((mac) => theirs.macs.includes(mac))
        .map((mac) => ({
          property: propertyOf(spec, mac),
          reason: `the MAC address ${mac} is also that of VM "${vm}" of this program; give one of them another`,
        })),
      ...(uuid !== undefined && theirs.uuid === uuid
        ? [
            {
              property: "xml",
              reason: `the uuid ${uuid} is also that of VM "${vm}" of this program; give one of them another, or none`,
            },
          ]
        : []),
    ]);
  return [...twice, ...shared];
}
