/**
 * Finds the input for which libvirt rejects a domain. Its message often does not tell: for an unknown machine type it
 * is "No PCI buses available". So libvirt is asked again, with inputs set to values that it accepts.
 */
import { descend, type Cluster, type Inventory, type Machines, type XmlElement } from "../../cluster";
import { buildXml, DomainRefused, validateXml } from "../form/domain-xml";
import type { Refusal } from "../core/errors";
import type { Domain, VmSpec } from "../form/model";
import { systemImage } from "../form/names";
import { vmImages } from "../form/observe";

/** An input that libvirt may object to. */
interface Part {
  property: string;
  value: unknown;
  /** The same VM with this input at a value that any libvirt accepts. */
  plain: (spec: VmSpec) => VmSpec;
}

/**
 * The problems of a rejected domain, one entry per input at fault; a single entry for the whole domain if no input
 * alone is.
 * @param refusal of the whole
 */
export async function blame(
  cluster: Cluster,
  inventory: Inventory,
  spec: VmSpec,
  refusal: DomainRefused,
): Promise<Refusal[]> {
  const { node } = inventory;
  const ask = (changed: VmSpec) => wordsAbout(cluster, inventory, changed);
  const unknown = unknownMachine(elementOf(inventory, spec), refusal.machines);
  // An XML is one input; its other problems are reported once it has a machine.
  if (unknown !== undefined && spec.domain === undefined)
    return [{ property: "xml", reason: noMachine(node, unknown) }];
  const parts = partsOf(spec);
  const but = (left?: Part) => parts.reduce((changed, part) => (part === left ? changed : part.plain(changed)), spec);
  // All at once: one program on the node.
  const [base, alone, without] = await Promise.all([
    ask(but()),
    Promise.all(parts.map((part) => ask(but(part)))),
    Promise.all(parts.map((part) => ask(part.plain(spec)))),
  ]);
  const reasonOf = ({ property, value }: Part, words: string) => {
    if (property === "domain.machine" && unknown !== undefined) return noMachine(node, unknown);
    return `libvirt on ${node} does not take ${typeof value === "object" ? "it" : JSON.stringify(value)}: ${words}`;
  };
  if (base === undefined) {
    const found = parts.flatMap((part, at) =>
      alone[at] === undefined ? [] : [{ property: part.property, reason: reasonOf(part, alone[at]) }],
    );
    if (found.length > 0) return found;
  }
  // Two inputs that conflict, such as CPUs that another machine would accept: blame the first.
  const culprit = parts.find((_part, at) => without[at] === undefined);
  if (culprit !== undefined) return [{ property: culprit.property, reason: reasonOf(culprit, refusal.words) }];
  return [
    {
      property: spec.domain === undefined ? "xml" : "domain",
      reason: `is no domain that libvirt on ${node} takes: ${refusal.words}`,
    },
  ];
}

/** In the order of blame if two conflict. */
function partsOf(spec: VmSpec): Part[] {
  const { domain } = spec;
  const parts: Part[] = [];
  if (spec.diskBus !== "virtio")
    parts.push({ property: "systemDisk.bus", value: spec.diskBus, plain: (each) => ({ ...each, diskBus: "virtio" }) });
  if (domain === undefined) return parts;
  const plain: Partial<Domain> = { vcpus: 1, firmware: "bios", machine: "q35", type: "qemu" };
  const changed = (change: (domain: Domain) => Partial<Domain>) => (each: VmSpec) =>
    each.domain === undefined ? each : { ...each, domain: { ...each.domain, ...change(each.domain) } };
  for (const [at, one] of domain.interfaces.entries()) {
    parts.push({
      property: `domain.interfaces[${at}]`,
      value: one,
      plain: changed(({ interfaces }) => ({ interfaces: interfaces.filter((each) => each !== one) })),
    });
  }
  for (const key of Object.keys(plain) as (keyof Domain)[]) {
    if (domain[key] !== plain[key])
      parts.push({ property: `domain.${key}`, value: domain[key], plain: changed(() => ({ [key]: plain[key] })) });
  }
  return parts;
}

function elementOf(inventory: Inventory, spec: VmSpec): XmlElement {
  const images = vmImages(inventory, spec.name);
  return buildXml(spec, inventory, images.length > 0 ? images : [systemImage(spec.name)]).finalElement;
}

/** libvirt's objection; undefined if it accepts the domain. */
async function wordsAbout(cluster: Cluster, inventory: Inventory, spec: VmSpec): Promise<string | undefined> {
  try {
    await validateXml(cluster, { finalElement: elementOf(inventory, spec) });
    return undefined;
  } catch (error) {
    if (error instanceof DomainRefused) return error.words;
    throw error;
  }
}

interface UnknownMachine {
  machine: string;
  has: Readonly<Record<string, string | null>>;
}

function unknownMachine(domain: XmlElement, machines: Machines | undefined): UnknownMachine | undefined {
  // A custom emulator may have other machine types.
  if (descend(domain, "devices", "emulator") !== undefined) return undefined;
  const { machine, arch = "x86_64" } = descend(domain, "os", "type")?.attrs ?? {};
  const has = machines?.[arch];
  return machine === undefined || has === undefined || Object.hasOwn(has, machine) ? undefined : { machine, has };
}

const noMachine = (node: string, { machine, has }: UnknownMachine) =>
  `QEMU on ${node} has no machine "${machine}"; it has ${machineWords(has)}`;

/** QEMU has dozens of machine types, most of them older versions of two families. */
export function machineWords(has: Readonly<Record<string, string | null>>): string {
  const names = Object.keys(has).sort(byVersion);
  const short = names.filter((name) => has[name] !== null);
  const families = new Map<string, string[]>();
  for (const name of names.filter((each) => has[each] === null)) {
    const family = /^(.*[^\d.])\d+(?:\.\d+)*$/.exec(name)?.[1] ?? name;
    families.set(family, [...(families.get(family) ?? []), name]);
  }
  const versions = [...families.values()].map((each) =>
    each.length < 3 ? each.join(", ") : `${each[0]} to ${each.at(-1)}`,
  );
  return [...short.map((name) => `${name} (${has[name]})`), ...versions].join(", ");
}

const byVersion = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });
