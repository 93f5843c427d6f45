/** The documents of a VM for libvirt and the resource agent, built from the spec and the cluster's state. */
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

/** The XML of a VM in both vm-mgr forms. */
export interface VmXml {
  uuid: string;
  /** As given. */
  base: string;
  /** With name, uuid and disks. */
  final: string;
  /** The same as a tree. */
  finalElement: XmlElement;
}

/** libvirt rejects the domain. */
export class DomainRefused extends SeapathError {
  /** libvirt's message. */
  readonly words: string;
  /** The machine types of QEMU there, if known. */
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
 * Builds the XML of a VM.
 * @param images its disks, the system disk first
 * @param uuid the uuid it already has; a uuid in the user's XML takes precedence
 * @param stored the domain that describes its data disks, if not its own
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
 * Asks libvirt whether it accepts the domain, under another name and uuid: the real one may run on that very node, and
 * defining it there would make it persistent.
 * @param needs what it needs from a node
 * @returns the needs that the queried node lacks
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
 * The same, followed by operations on images, which do not start if libvirt refuses.
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
