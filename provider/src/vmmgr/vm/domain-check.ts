/**
 * Checks whether a domain can run at all before anything is created: libvirt's own check, the nodes' memory, and
 * whether the nodes have what the domain needs from them.
 */
import { isOnline, type Cluster, type Inventory } from "../../cluster";
import { blame } from "./blame";
import { buildXml, DomainRefused, validateXml } from "../form/domain-xml";
import { hypervisorsOf } from "../core/context";
import { domainSizeOf } from "../form/domain";
import type { Refusal } from "../core/errors";
import type { VmSpec } from "../form/model";
import { systemImage } from "../form/names";
import { needsOfDomain, type NamedNeed } from "../form/host-needs";
import { vmImages } from "../form/observe";
import { nodesRoom } from "../whatif/room";

/** The reasons to reject a domain, and the notices on an accepted one, a clause each. */
export interface DomainJudgement {
  refusals: Refusal[];
  notices: string[];
}

/**
 * The objections of libvirt on the queried node to a domain (an unknown element, a machine type that its QEMU lacks,
 * KVM where there is none, more CPUs than the machine type allows), by input; also memory that no node has, and
 * bridges, devices and files that are missing on all nodes that may run it.
 */
export async function judgeDomain(cluster: Cluster, inventory: Inventory, spec: VmSpec): Promise<DomainJudgement> {
  const refused = (...refusals: Refusal[]) => ({ refusals, notices: [] });
  const memory = await memoryRefusals(cluster, inventory, spec);
  if (memory.length > 0) return refused(...memory);
  const images = vmImages(inventory, spec.name);
  const xml = buildXml(spec, inventory, images.length > 0 ? images : [systemImage(spec.name)]);
  const needs = needsOfDomain(xml.finalElement);
  // The other nodes are queried in parallel, so that a run takes no longer for it.
  const others = lackedElsewhere(cluster, inventory, spec, needs);
  const [taken, elsewhere] = await Promise.allSettled([validateXml(cluster, xml, needs), others]);
  if (taken.status === "rejected") {
    const error: unknown = taken.reason;
    if (!(error instanceof DomainRefused)) throw error;
    return refused(...(await blame(cluster, inventory, spec, error)));
  }
  if (elsewhere.status === "rejected") throw elsewhere.reason;
  return judgeNeeds(inventory, spec, needs, taken.value, elsewhere.value);
}

const whole = (spec: VmSpec) => (spec.domain === undefined ? "xml" : "domain");

/** The input that names it: in a typed domain, the interface. */
const propertyOf = (spec: VmSpec, { interface: at }: NamedNeed) =>
  spec.domain !== undefined && at !== undefined ? `domain.interfaces[${at}].bridge` : whole(spec);

/** The nodes that may run the VM. */
const possible = (inventory: Inventory, spec: VmSpec) =>
  spec.pinnedHost === undefined ? hypervisorsOf(inventory) : [spec.pinnedHost];

/**
 * Which of the other nodes that may run the VM lack each need. Querying an offline node would only cost time: then none
 * is queried. A node that does not answer counts as unknown.
 */
async function lackedElsewhere(
  cluster: Cluster,
  inventory: Inventory,
  spec: VmSpec,
  needs: readonly NamedNeed[],
): Promise<Map<string, boolean>[]> {
  const others = possible(inventory, spec).filter((node) => node !== inventory.node);
  const online = others.every((name) => isOnline(inventory.status, name));
  return needs.length > 0 && others.length > 0 && online ? cluster.lackedBy(needs) : [];
}

/** A node that is not known to lack something may have it. */
function judgeNeeds(
  inventory: Inventory,
  spec: VmSpec,
  needs: readonly NamedNeed[],
  lacks: readonly NamedNeed[],
  elsewhere: readonly Map<string, boolean>[],
): DomainJudgement {
  const may = possible(inventory, spec);
  const judged: DomainJudgement = { refusals: [], notices: [] };
  const seen = new Set<string>();
  for (const [index, need] of needs.entries()) {
    const without = may.filter((node) =>
      node === inventory.node ? lacks.includes(need) : elsewhere[index]?.get(node) === true,
    );
    const [property, reason] = [propertyOf(spec, need), `there is no ${need.words} on ${oneOf(without)}`];
    if (without.length === 0 || seen.has(property + reason)) continue;
    seen.add(property + reason);
    if (without.length < may.length) judged.notices.push(`${reason}: it cannot be started there`);
    else if (!spec.enabled || !spec.started) judged.notices.push(`${reason}: it cannot be started`);
    else
      judged.refusals.push({
        property,
        reason: `${reason}${spec.pinnedHost === undefined ? "" : ", which it is pinned to"}`,
      });
  }
  return judged;
}

const oneOf = (nodes: readonly string[]) =>
  nodes.length < 2 ? nodes.join() : `${nodes.slice(0, -1).join(", ")} or ${nodes.at(-1)}`;

/** The other nodes are only queried if the first one has too little memory, which is rare. */
async function memoryRefusals(cluster: Cluster, inventory: Inventory, spec: VmSpec): Promise<Refusal[]> {
  const asked = spec.domain?.memory ?? domainSizeOf(spec.xml ?? "")?.memoryMiB;
  if (asked === undefined || inventory.memoryBytes === undefined || asked * MIB <= inventory.memoryBytes) return [];
  const hypervisors = hypervisorsOf(inventory);
  const nodes = await nodesRoom(cluster, hypervisors);
  // A node that does not answer may have enough.
  if (nodes.some(({ memoryBytes }) => memoryBytes === undefined || memoryBytes >= asked * MIB)) return [];
  const has = nodes.map(({ node, memoryBytes = 0 }) => `${node} has ${Math.floor(memoryBytes / MIB)}`).join(", ");
  return [
    {
      property: spec.domain === undefined ? "xml" : "domain.memory",
      reason: `${asked} MiB are more than any node has: ${has}`,
    },
  ];
}

const MIB = 1024 ** 2;
