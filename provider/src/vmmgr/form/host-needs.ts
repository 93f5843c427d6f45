/** A domain's requirements on its node: network bridges and devices, and files. */
import { child, children, descend, type Need, type XmlElement } from "../../cluster";

/** Something that a domain needs. */
export interface NamedNeed extends Need {
  /** Its description for the domain's author, e.g. `bridge "br0"`. */
  words: string;
  /** The index of the interface that names it. */
  interface?: number;
}

/**
 * A path as a list; anything that is not a path on a node (a volume's name, a file that is never requested) gives none.
 */
const path = (text: string | undefined) => (text?.startsWith("/") === true ? [text] : []);
const file = (what: string, ...texts: (string | undefined)[]): NamedNeed[] =>
  texts.flatMap(path).map((name) => ({ kind: "file" as const, names: [name], words: `file "${name}" (${what})` }));

const net = (what: string, name: string | undefined, at: number): NamedNeed[] =>
  name === undefined || name === "" ? [] : [{ kind: "net", names: [name], words: `${what} "${name}"`, interface: at }];

function ofInterface(node: XmlElement, at: number): NamedNeed[] {
  const source = child(node, "source")?.attrs ?? {};
  if (node.attrs["type"] === "bridge") return net("bridge", source["bridge"], at);
  return node.attrs["type"] === "direct" ? net("network device", source["dev"], at) : [];
}

/** Files, block devices and folders; network storage and libvirt pools have no name on the node. */
function ofDisk(node: XmlElement): NamedNeed[] {
  const source = child(node, "source")?.attrs ?? {};
  if (source["startupPolicy"] === "optional") return [];
  return file(`<${node.name}>`, source["file"], source["dev"], source["dir"]);
}

/** The firmware, or the files of a direct boot. The template of variables is only read if there are none yet. */
function ofBoot(os: XmlElement | undefined, name: string): NamedNeed[] {
  const [nvram] = children(os, "nvram");
  const own =
    path(nvram?.text ?? child(nvram, "source")?.attrs["file"])[0] ?? `/var/lib/libvirt/qemu/nvram/${name}_VARS.fd`;
  const template = file("<nvram template>", nvram?.attrs["template"]).map((each) => ({
    ...each,
    names: [...each.names, own],
  }));
  return [
    ...["loader", "kernel", "initrd", "dtb"].flatMap((each) => file(`<${each}>`, child(os, each)?.text)),
    ...template,
  ];
}

const CHARACTER = ["serial", "parallel", "console", "channel", "smartcard", "redirdev"];

/** Every kernel has these. */
const KERNELS = ["/dev/random", "/dev/urandom"];

function ofDevice(node: XmlElement): NamedNeed[] {
  const source = child(node, "source")?.attrs ?? {};
  if (CHARACTER.includes(node.name)) return node.attrs["type"] === "dev" ? file(`<${node.name}>`, source["path"]) : [];
  const backend = child(node, "backend");
  if (node.name === "rng")
    return backend?.attrs["model"] === "random" && !KERNELS.includes(backend.text ?? "")
      ? file("<rng>", backend.text)
      : [];
  if (node.name === "tpm") return file("<tpm>", child(backend, "device")?.attrs["path"]);
  if (node.name === "input") return file("<input>", source["dev"], source["evdev"]);
  return node.name === "disk" || node.name === "filesystem" ? ofDisk(node) : [];
}

/** Everything that a domain needs from its node to start there. */
export function needsOfDomain(domain: XmlElement): NamedNeed[] {
  const devices = child(domain, "devices");
  return [
    ...children(devices, "interface").flatMap(ofInterface),
    ...ofBoot(child(domain, "os"), descend(domain, "name")?.text ?? ""),
    ...(devices?.children ?? []).flatMap(ofDevice),
  ];
}
