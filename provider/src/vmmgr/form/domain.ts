/** The libvirt domain of a VM: typed settings to XML and back, and what vm-mgr adds. */
import { createHash } from "node:crypto";
import { canonicalXml, child, children, descend, element, ParseError, parseXml, type XmlElement } from "../../cluster";
import type { Domain, Interface, VmSpec } from "./model";
import { dataNumber, isOwnImage, systemImage } from "./names";
import { revisionOf, withoutRevision, withRevision } from "./revision";

/** The settings that the disks of all VMs of a cluster share. */
export interface DiskSettings {
  bus: string;
  /** The uuid of libvirt's Ceph secret. */
  secret: string;
  /** Ceph's monitors; if empty, librbd reads /etc/ceph/ceph.conf. */
  cephHosts: readonly string[];
}

/** The MAC of an interface without one: always the same for the same VM and index. */
export function defaultMac(vm: string, index: number): string {
  const hash = createHash("sha256").update(`${vm}/${index}`).digest("hex");
  return `52:54:00:${hash.slice(0, 2)}:${hash.slice(2, 4)}:${hash.slice(4, 6)}`;
}

/** The channel on which qemu-guest-agent listens in its guest. */
const AGENT_CHANNEL = "org.qemu.guest_agent.0";

/** Typed settings as a domain, without name, uuid and disks. */
export function domainElement(domain: Domain): XmlElement {
  const emulated = domain.type === "qemu";
  const features = [element("acpi"), element("apic")];
  // Without a limit, QEMU's translation cache takes a gigabyte even for the smallest guest.
  if (emulated) features.push(element("tcg", {}, [element("tb-cache", { unit: "MiB" }, "48")]));
  const console = [
    element("serial", { type: "pty" }, [element("target", { port: 0 })]),
    element("console", { type: "pty" }, [element("target", { type: "serial", port: 0 })]),
  ];
  return element("domain", { type: domain.type }, [
    element("memory", { unit: "MiB" }, String(domain.memory)),
    element("vcpu", {}, String(domain.vcpus)),
    element("os", domain.firmware === "efi" ? { firmware: "efi" } : {}, [
      element("type", { arch: "x86_64", machine: domain.machine }, "hvm"),
      element("boot", { dev: "hd" }),
    ]),
    element("features", {}, features),
    ...(emulated ? [] : [element("cpu", { mode: "host-model" })]),
    element("clock", { offset: "utc" }),
    element("on_poweroff", {}, "destroy"),
    element("on_reboot", {}, "restart"),
    element("on_crash", {}, "destroy"),
    element("devices", {}, [
      ...domain.interfaces.map(interfaceElement),
      ...(domain.serialConsole ? console : []),
      ...(domain.guestAgent
        ? [element("channel", { type: "unix" }, [element("target", { type: "virtio", name: AGENT_CHANNEL })])]
        : []),
      element("rng", { model: "virtio" }, [element("backend", { model: "random" }, "/dev/urandom")]),
      element("memballoon", { model: "none" }),
    ]),
  ]);
}

function interfaceElement(each: Interface): XmlElement {
  return element("interface", { type: "bridge" }, [
    element("source", { bridge: each.bridge }),
    element("mac", { address: each.mac }),
    element("model", { type: each.model }),
    ...(each.virtualport === undefined ? [] : [element("virtualport", { type: each.virtualport })]),
    ...(each.vlan === undefined ? [] : [element("vlan", {}, [element("tag", { id: each.vlan })])]),
  ]);
}

/** A domain as typed settings, whatever tool wrote it. */
export function readDomain(root: XmlElement): Domain {
  const type = descend(root, "os", "type");
  return {
    type: root.attrs["type"] === "qemu" ? "qemu" : "kvm",
    memory: readMemory(child(root, "memory")),
    vcpus: Number(child(root, "vcpu")?.text ?? "1"),
    machine: type?.attrs["machine"] ?? "",
    firmware: child(root, "os")?.attrs["firmware"] === "efi" ? "efi" : "bios",
    interfaces: children(child(root, "devices"), "interface").map(readInterface),
    serialConsole: children(child(root, "devices"), "serial").length > 0,
    guestAgent: children(child(root, "devices"), "channel").some(
      (node) => child(node, "target")?.attrs["name"] === AGENT_CHANNEL,
    ),
  };
}

/** Whether a VM's guest has an agent channel; undefined if its XML is not a domain. */
export function hasAgentChannel({ domain, xml }: Pick<VmSpec, "domain" | "xml">): boolean | undefined {
  if (domain !== undefined) return domain.guestAgent;
  try {
    return readDomain(parseXml(xml ?? "", "the domain XML")).guestAgent;
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

/** The resources that a domain requests; undefined if the text is not a domain. */
export function domainSizeOf(xml: string): { vcpus: number; memoryMiB: number } | undefined {
  try {
    const { vcpus, memory } = readDomain(parseXml(xml, "the domain XML"));
    return { vcpus, memoryMiB: memory };
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

function readInterface(node: XmlElement): Interface {
  const tag = descend(node, "vlan", "tag")?.attrs["id"];
  return {
    bridge: child(node, "source")?.attrs["bridge"] ?? "",
    mac: child(node, "mac")?.attrs["address"] ?? "",
    model: child(node, "model")?.attrs["type"] ?? "",
    ...(child(node, "virtualport")?.attrs["type"] === "openvswitch" ? { virtualport: "openvswitch" as const } : {}),
    ...(tag === undefined ? {} : { vlan: Number(tag) }),
  };
}

const UNITS: Record<string, number> = {
  b: 1,
  bytes: 1,
  kb: 1e3,
  k: 1024,
  kib: 1024,
  mb: 1e6,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  gb: 1e9,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  tb: 1e12,
  t: 1024 ** 4,
  tib: 1024 ** 4,
  pb: 1e15,
  p: 1024 ** 5,
  pib: 1024 ** 5,
  eb: 1e18,
  e: 1024 ** 6,
  eib: 1024 ** 6,
};

function readMemory(node: XmlElement | undefined): number {
  const unit = UNITS[(node?.attrs["unit"] ?? "KiB").toLowerCase()] ?? 1024;
  return (Number(node?.text ?? "0") * unit) / 1024 ** 2;
}

/** The uuid of a domain; an empty one counts as none, as in vm-mgr. */
export function domainUuid(root: XmlElement): string | undefined {
  return child(root, "uuid")?.text?.trim().toLowerCase() || undefined;
}

/**
 * The final domain: the name first, the uuid, and the disks as vm-mgr describes them.
 * @param stored the domain that is stored for the VM: its data disks come from there, each with its own bus
 */
export function finalDomain(
  base: XmlElement,
  vm: { name: string; uuid: string; images: readonly string[] },
  disks: DiskSettings,
  stored?: XmlElement,
): XmlElement {
  const [system = systemImage(vm.name), ...data] = vm.images;
  const known = stored === undefined ? undefined : ownDisks(stored, vm.name);
  const added = [
    diskElement(system, 0, disks),
    ...data.flatMap((image) =>
      known === undefined ? diskElement(image, dataNumber(image) + 1, disks) : (known.get(image) ?? []),
    ),
  ];
  const kept = withRevision(
    base.children.filter((node) => node.name !== "name" && node.name !== "uuid"),
    revisionOf(canonicalXml(base), disks.bus),
  );
  if (child(base, "devices") === undefined) kept.push(element("devices"));
  // The devices stay in place: moving them would make the domain differ from what the user gave.
  const children = kept.map((node) =>
    node.name === "devices" ? { ...node, children: [...node.children, ...added] } : node,
  );
  return { ...base, children: [element("name", {}, vm.name), element("uuid", {}, vm.uuid), ...children] };
}

/** The device name of a VM's n-th disk on a bus. */
export function diskTarget(bus: string, index: number): string {
  const prefix = { virtio: "vd", scsi: "sd", sata: "sd", usb: "sd", ide: "hd" }[bus] ?? "vd";
  return `${prefix}${String.fromCharCode(97 + index)}`;
}

/** The options of a disk besides its position. */
export interface DiskOptions {
  /** QEMU's cache mode. @default "writeback", as in vm-mgr */
  cache?: string;
  readOnly?: boolean;
  serial?: string;
}

/** A disk of a VM, as vm-mgr describes it. @param index 0 is the system disk, 1 the first data disk */
export function diskElement(image: string, index: number, disks: DiskSettings, options: DiskOptions = {}): XmlElement {
  return element("disk", { type: "network", device: "disk" }, [
    element("driver", { name: "qemu", type: "raw", cache: options.cache ?? "writeback" }),
    element("auth", { username: "libvirt" }, [element("secret", { type: "ceph", uuid: disks.secret })]),
    element(
      "source",
      { protocol: "rbd", name: `rbd/${image}` },
      disks.cephHosts.map((name) => element("host", { name, port: 6789 })),
    ),
    element("target", { dev: diskTarget(disks.bus, index), bus: disks.bus }),
    ...(options.readOnly === true ? [element("readonly")] : []),
    ...(options.serial === undefined ? [] : [element("serial", {}, options.serial)]),
  ]);
}

const imageOf = (node: XmlElement) => child(node, "source")?.attrs["name"]?.replace(/^rbd\//, "") ?? "";

/** The disks of a domain that are the VM's own images, by image. */
export function ownDisks(root: XmlElement, vm: string): Map<string, XmlElement> {
  const own = children(child(root, "devices"), "disk").filter((node) => isOwnImage(vm, imageOf(node)));
  return new Map(own.map((node) => [imageOf(node), node]));
}

/** A domain without the additions: name, uuid, the VM's own disks and our mark. The reverse of `finalDomain`. */
export function baseDomain(root: XmlElement, vm: string): XmlElement {
  const own = (node: XmlElement) => node.name === "disk" && isOwnImage(vm, imageOf(node));
  return {
    ...root,
    children: withoutRevision(root.children)
      .filter((node) => node.name !== "name" && node.name !== "uuid")
      .map((node) =>
        node.name === "devices" ? { ...node, children: node.children.filter((each) => !own(each)) } : node,
      )
      .filter((node) => node.name !== "devices" || node.children.length > 0),
  };
}

/** The base of a user's XML as text, independent of layout. */
export function canonicalBase(xml: string, vm: string): string {
  return canonicalXml(baseDomain(parseXml(xml, "the domain XML"), vm));
}

/** Whether a domain, as text or as a tree, equals the observed one. */
export function sameDomain(domain: string | XmlElement, observed: { name: string; baseXml: string }): boolean {
  const root = typeof domain === "string" ? parseXml(domain, "the domain XML") : domain;
  return canonicalXml(baseDomain(root, observed.name)) === observed.baseXml;
}
