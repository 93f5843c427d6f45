/** Bridges, devices and files that VMs need, and the nodes that lack them. */
import {
  needKey,
  nvpairs,
  parseXml,
  ParseError,
  type Cib,
  type Examination,
  type Inventory,
  type Need,
} from "../../cluster";
import { hypervisorsOf } from "../core/context";
import { readPlacement } from "../form/placement";
import { keepsOff, locationsByPrimitive } from "../guest/keepoff";
import { systemImage } from "../form/names";
import { needsOfDomain, type NamedNeed } from "../form/host-needs";
import { isVm } from "../whatif/declared";
import { finding, listed, type Finding } from "./finding";
import { readPart } from "./nodes";

/** The needs of one VM, and where it may run. */
export interface VmNeeds {
  vm: string;
  nodes: string[];
  needs: NamedNeed[];
}

/** The needs of Pacemaker's VMs from their nodes, and findings for those whose domain cannot be read. */
export function needsOfVms(inventory: Inventory): { vms: VmNeeds[]; findings: Finding[] } {
  const vms: VmNeeds[] = [];
  const findings: Finding[] = [];
  const locations = locationsByPrimitive(inventory.cib);
  for (const [vm, primitive] of inventory.cib.primitives) {
    // A VM whose disk is not in our pool is foreign.
    const image = inventory.images.get(systemImage(vm));
    if (!isVm(primitive) || image === undefined) continue;
    const xml = image.metadata?.["xml"];
    try {
      if (image.broken !== undefined || xml === undefined)
        throw new ParseError("rbd", image.broken ?? "its metadata `xml` is missing", "");
      vms.push({
        vm,
        nodes: nodesOf(inventory, vm, locations),
        needs: needsOfDomain(parseXml(xml, "its metadata `xml`")),
      });
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      findings.push(
        finding(
          "vm-unreadable",
          { vm },
          `what is stored of VM "${vm}" cannot be read: ${error.message}`,
          `See \`rbd image-meta list ${systemImage(vm)}\`.`,
        ),
      );
    }
  }
  return { vms, findings };
}

/** The hypervisors that no constraint keeps it off. */
function nodesOf(inventory: Inventory, vm: string, locations: ReturnType<typeof locationsByPrimitive>): string[] {
  const { pinnedHost } = readPlacement(inventory.cib, vm);
  if (pinnedHost !== undefined) return [pinnedHost];
  return hypervisorsOf(inventory).filter(
    (node) => !(locations.get(vm) ?? []).some((each) => keepsOff(each, node, "cluster")),
  );
}

/** Each need once. */
export const distinct = (vms: readonly VmNeeds[]): Need[] => [
  ...new Map(
    vms.flatMap(({ needs }) => needs).map(({ kind, names }) => [needKey({ kind, names }), { kind, names }]),
  ).values(),
];

/** Things that nodes lack for the VMs that may run there, and bridges that not all nodes have. */
export function lackFindings(
  examined: readonly Examination[],
  hypervisors: readonly string[],
  vms: readonly VmNeeds[],
): Finding[] {
  const hosts = examined.filter(({ node }) => hypervisors.includes(node));
  const lacked = hosts.flatMap(({ node, lacks }) => {
    const keys = new Set(lacks.map(needKey));
    const byWords = new Map<string, { need: NamedNeed; vms: string[] }>();
    for (const { vm, needs } of vms.filter(({ nodes }) => nodes.includes(node))) {
      for (const need of needs.filter((each) => keys.has(needKey(each)))) {
        const known = byWords.get(need.words) ?? { need, vms: [] };
        byWords.set(need.words, { need, vms: [...new Set([...known.vms, vm])] });
      }
    }
    return [...byWords].map(([words, { need, vms: names }]) =>
      finding(
        need.kind === "net" ? "bridge-missing" : "file-missing",
        { node, ...(names.length === 1 ? { vm: names[0] ?? "" } : {}) },
        `there is no ${words} on ${node}, which ${listed(names.map((name) => `VM "${name}"`))} ${names.length > 1 ? "name" : "names"}: nothing of that can be started there`,
        `Make it on ${node} as on the other nodes, or keep ${names.length > 1 ? "them" : "it"} off ${node}.`,
      ),
    );
  });
  const used = new Set(vms.flatMap(({ needs }) => needs.flatMap(({ kind, names }) => (kind === "net" ? names : []))));
  return [...lacked, ...unevenFindings(hosts, used)];
}

/** Bridges that libvirt or container engines created for themselves. */
const OF_THEIR_OWN = /^(virbr\d+|docker\d+|podman\d+|cni\d+|cni-.*|lxcbr\d+|br-[0-9a-f]{12})$/;

/** @param used bridges that VMs need: nodes that lack them are already reported */
function unevenFindings(hosts: readonly Examination[], used: ReadonlySet<string>): Finding[] {
  const parts = hosts.map(({ node, bridges }) => ({ node, ...readPart(node, "the bridges", bridges) }));
  const read = parts.flatMap(({ node, value }) => (value === undefined ? [] : [{ node, value }]));
  const names = [...new Set(read.flatMap(({ value }) => value))]
    .filter((name) => !OF_THEIR_OWN.test(name) && !used.has(name))
    .sort();
  return [
    ...parts.flatMap(({ findings }) => findings),
    ...names.flatMap((name) => {
      const [having, without] = [
        read.filter(({ value }) => value.includes(name)),
        read.filter(({ value }) => !value.includes(name)),
      ].map((each) => each.map(({ node }) => node));
      if (without === undefined || without.length === 0) return [];
      return [
        finding(
          "bridge-not-everywhere",
          without.length === 1 ? { node: without[0] ?? "" } : {},
          `bridge "${name}" is on ${listed(having ?? [])}, and not on ${listed(without)}`,
          "Make it there too, or pin VMs that use it: they could not be started there.",
        ),
      ];
    }),
  ];
}

/** The users of live migration, each with the VMs that use it. */
export function migrationUsers(cib: Cib, standard: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [vm, primitive] of cib.primitives) {
    if (!isVm(primitive) || nvpairs(primitive, "meta_attributes")["allow-migrate"] !== "true") continue;
    const user = nvpairs(primitive, "instance_attributes")["migration_user"] ?? standard;
    found.set(user, [...(found.get(user) ?? []), vm]);
  }
  return found;
}
