/** The documents of a VM: what libvirt and the resource agent are given, made of what was asked and what is there. */
import { randomUUID } from "node:crypto";
import {
  NotTaken,
  parseXml,
  ProgramError,
  renderPretty,
  renderXml,
  validateThenChange,
  type Cluster,
  type Inventory,
  type Machines,
  type Need,
  type StorageOperation,
  type XmlElement,
} from "../../cluster";
import { SeapathError } from "../../errors";
import { words } from "../../words";
import { storedDomain } from "./broken";
import { baseDomain, domainElement, domainUuid, finalDomain } from "./domain";
import type { VmSpec } from "./model";
import { probeOf } from "./domain-probe";
import { vmUuids } from "./observe";

/** The XML of a VM in both of vm-mgr's forms. */
export interface VmXml {
  uuid: string;
  /** As it was given. */
  base: string;
  /** With name, uuid and disks. */
  final: string;
  /** The same as a tree. */
  finalElement: XmlElement;
}

/** libvirt does not take the domain. */
export class DomainRefused extends SeapathError {
  /** libvirt's own. */
  readonly words: string;
  /** What QEMU has there, where that is known. */
  readonly machines: Machines | undefined;

  constructor(said: string, machines?: Machines) {
    super("domain-refused", `libvirt does not take the domain: ${said}`, {
      hint: `Correct ${words().domain}; the words after the colon are libvirt's own.`,
    });
    this.words = said;
    this.machines = machines;
  }
}

/**
 * Makes the XML of a VM.
 * @param images its disks, the system disk first
 * @param uuid the uuid that it has already; a uuid in the user's XML counts more
 * @param stored the domain that its data disks are described in, when it is not its own
 */
export function buildXml(
  spec: VmSpec,
  inventory: Inventory,
  images: readonly string[],
  uuid?: string,
  stored?: XmlElement,
): VmXml {
  const given = spec.domain === undefined ? parseXml(spec.xml ?? "", "the domain XML") : domainElement(spec.domain);
  const base = spec.domain === undefined ? (spec.xml ?? "") : renderPretty(given);
  const chosen = domainUuid(given) ?? uuid ?? freshUuid(inventory);
  const finalElement = finalDomain(
    baseDomain(given, spec.name),
    { name: spec.name, uuid: chosen, images },
    { bus: spec.diskBus, secret: inventory.secret ?? "", cephHosts: inventory.cephHosts },
    stored ?? storedDomain(inventory, spec.name)?.root,
  );
  return { uuid: chosen, base, final: renderPretty(finalElement), finalElement };
}

function freshUuid(inventory: Inventory): string {
  const taken = vmUuids(inventory);
  for (;;) {
    const uuid = randomUUID();
    if (!taken.has(uuid)) return uuid;
  }
}

/**
 * Asks libvirt whether it takes the domain, under another name and uuid: the real one may run on that very node, and
 * defining it there would make a persistent domain of it.
 * @param needs what of a node it names
 * @returns what the node that is asked lacks of it
 * @throws DomainRefused
 */
export function validateXml<Named extends Need>(
  cluster: Cluster,
  xml: Pick<VmXml, "finalElement">,
  needs: readonly Named[] = [],
): Promise<Named[]> {
  return asked((probe) => cluster.validate(probe, needs), xml);
}

/**
 * The same, and operations on images right after, which are not begun when libvirt refuses.
 * @throws DomainRefused; AlreadyExists
 */
export async function validateThenMake(
  cluster: Cluster,
  xml: VmXml,
  operations: readonly StorageOperation[],
): Promise<void> {
  await asked((probe) => validateThenChange(cluster.runner, probe, operations), xml);
}

async function asked<T>(ask: (probe: string) => Promise<T>, xml: Pick<VmXml, "finalElement">): Promise<T> {
  const name = `seapath-check-${randomUUID()}`;
  try {
    return await ask(renderXml(probeOf(xml.finalElement, name)));
  } catch (error) {
    if (error instanceof ProgramError && error.kind === "libvirtError") {
      throw new DomainRefused(
        error.words.replaceAll(name, "the VM"),
        error instanceof NotTaken ? error.machines : undefined,
      );
    }
    throw error;
  }
}
