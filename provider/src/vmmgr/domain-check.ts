/** Whether a domain is one that can run at all, asked before anything is made: libvirt's own check, and the nodes' memory. */
import type { Cluster, Inventory } from "../cluster";
import { buildXml, DomainRefused, validateXml } from "./build";
import { domainSizeOf } from "./domain";
import type { Refusal } from "./errors";
import type { VmSpec } from "./model";
import { systemImage } from "./names";
import { vmImages } from "./observe";
import { nodesRoom } from "./whatif/room";

/**
 * What libvirt on the node that is asked has against a domain (an element that it does not know, a machine that its QEMU does
 * not have, KVM where there is none, more CPUs than the machine takes), and memory that no node has.
 */
export async function domainRefusals(cluster: Cluster, inventory: Inventory, spec: VmSpec): Promise<Refusal[]> {
  const memory = await memoryRefusals(cluster, inventory, spec);
  if (memory.length > 0) return memory;
  const images = vmImages(inventory, spec.name);
  try {
    await validateXml(cluster, buildXml(spec, inventory, images.length > 0 ? images : [systemImage(spec.name)]));
    return [];
  } catch (error) {
    if (!(error instanceof DomainRefused)) throw error;
    return [{ property: spec.domain === undefined ? "xml" : "domain", reason: `is no domain that libvirt on ${inventory.node} takes: ${error.words}` }];
  }
}

/** The other nodes are only asked where the first one has too little, which is rare. */
async function memoryRefusals(cluster: Cluster, inventory: Inventory, spec: VmSpec): Promise<Refusal[]> {
  const asked = spec.domain?.memory ?? domainSizeOf(spec.xml ?? "")?.memoryMiB;
  if (asked === undefined || inventory.memoryBytes === undefined || asked * MIB <= inventory.memoryBytes) return [];
  const hypervisors = inventory.cib.nodes.filter((node) => node !== inventory.observer);
  const nodes = await nodesRoom(cluster, hypervisors);
  // A node that does not answer may be the one that has it.
  if (nodes.some(({ memoryBytes }) => memoryBytes === undefined || memoryBytes >= asked * MIB)) return [];
  const has = nodes.map(({ node, memoryBytes = 0 }) => `${node} has ${Math.floor(memoryBytes / MIB)}`).join(", ");
  return [{ property: spec.domain === undefined ? "xml" : "domain.memory", reason: `${asked} MiB are more than any node has: ${has}` }];
}

const MIB = 1024 ** 2;
