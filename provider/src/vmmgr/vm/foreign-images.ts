/**
 * RBD images in a user's XML that are not the VM's own. Two guests that write to one image destroy its content, and no
 * lower layer prevents it: librbd passes its lock from one to the other.
 */
import { child, children, descend, parseXml, ParseError, type Inventory, type XmlElement } from "../../cluster";
import { words } from "../../words";
import type { Refusal } from "../core/errors";
import { isOwnImage, systemImage } from "../form/names";

/** A domain's use of an image. */
interface ImageUse {
  /** With its pool: `rbd/system_web01`. */
  image: string;
  /** The place in the XML. */
  at: string;
  readOnly: boolean;
  shareable: boolean;
}

const POOL = "rbd/";

/** How a disk uses its sources: the disk itself, its backing chain, and the target of a block copy. */
function usesOfDisk(disk: XmlElement): ImageUse[] {
  const shareable = child(disk, "shareable") !== undefined;
  const readOnly = child(disk, "readonly") !== undefined || ["cdrom", "floppy"].includes(disk.attrs["device"] ?? "");
  const at = `disk ${child(disk, "target")?.attrs["dev"] ?? "?"}`;
  const walk = (node: XmlElement, onlyRead: boolean): ImageUse[] =>
    node.children.flatMap((each) => {
      const reads = onlyRead || each.name === "backingStore";
      const image = each.name === "source" ? imageOfSource(each) : undefined;
      return [
        ...(image === undefined ? [] : [{ image, at, readOnly: reads || image.includes("@"), shareable }]),
        ...walk(each, reads),
      ];
    });
  return walk(disk, readOnly);
}

/** The image of a `<source>`, in any of libvirt's ways to access it. */
function imageOfSource({ attrs }: XmlElement): string | undefined {
  if (attrs["protocol"] === "rbd") return (attrs["name"] ?? "").replace(/\/+/g, "/").replace(/^\//, "");
  if (attrs["pool"] !== undefined) return `${attrs["pool"]}/${attrs["volume"] ?? ""}`;
  // Mapped by the kernel: by name, or by a number whose image is unknown here.
  const path = attrs["dev"] ?? attrs["file"] ?? "";
  return path.startsWith("/dev/rbd") ? path.replace(/^\/dev\/rbd\//, "") : undefined;
}

/** QEMU arguments that bypass libvirt's own elements, in any of the forms for an RBD image. */
function usesOfArguments(root: XmlElement): ImageUse[] {
  const all = (node: XmlElement): XmlElement[] => [node, ...node.children.flatMap(all)];
  const values = root.children
    .filter(({ name }) => name.endsWith("commandline"))
    .flatMap(all)
    .flatMap(({ attrs }) => Object.values(attrs));
  return values
    .filter((value) => /\brbd\b/.test(value))
    .map((value) => {
      const named = /\brbd:([^\s,:"]+)/.exec(value)?.[1] ?? /\bimage["=:\s]+([^\s,:"}]+)/.exec(value)?.[1] ?? "?";
      return {
        image: named.includes("/") ? named : `${POOL}${named}`,
        at: "qemu:commandline",
        readOnly: false,
        shareable: false,
      };
    });
}

function imageUses(root: XmlElement): ImageUse[] {
  const nvram = descend(root, "os", "nvram", "source");
  const variables = nvram === undefined ? undefined : imageOfSource(nvram);
  return [
    ...children(child(root, "devices"), "disk").flatMap(usesOfDisk),
    ...(variables === undefined ? [] : [{ image: variables, at: "os/nvram", readOnly: false, shareable: false }]),
    ...usesOfArguments(root),
  ];
}

function usesIn(xml: string): ImageUse[] | undefined {
  try {
    return imageUses(parseXml(xml, "the domain XML"));
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

/** The name of an image in the VMs' pool, without the snapshot; undefined for another pool. */
const inPool = (image: string) => (image.startsWith(POOL) ? image.slice(POOL.length).replace(/@.*$/, "") : undefined);
const ownerOf = (image: string) => /^(system|data)_([A-Za-z0-9]+?)(?:_\d+)?$/.exec(inPool(image) ?? "");

/** A description of an image for the user. */
function described(image: string): string {
  const [, kind, vm] = ownerOf(image) ?? [];
  if (vm === undefined) return `${image}, an RBD image that is not its own`;
  return `${image}, the ${kind === "system" ? "system" : "data"} disk of VM "${vm}"`;
}

/** The foreign images in a VM's XML; none if it is not XML, which is reported elsewhere. */
const foreignUses = (xml: string, vm: string): ImageUse[] =>
  (usesIn(xml) ?? []).filter(({ image }) => !isOwnImage(vm, inPool(image) ?? ""));

/** Another VM that writes to an image without declaring it as shared. */
function otherWriter(inventory: Inventory, image: string, vm: string): string | undefined {
  const owner = ownerOf(image)?.[2];
  for (const { name, metadata = {} } of inventory.images.values()) {
    const other = name.startsWith("system_") ? name.slice("system_".length) : vm;
    if (other === vm || (other !== owner && metadata["xml"]?.includes(inPool(image) ?? image) !== true)) continue;
    const uses = usesIn(metadata["xml"] ?? "")?.filter((use) => use.image === image);
    if (
      uses === undefined ||
      (other === owner && uses.length === 0) ||
      uses.some((use) => !use.shareable && !use.readOnly)
    )
      return other;
  }
  // A VM that its program has not created yet has declared nothing.
  return owner !== undefined && !inventory.images.has(systemImage(owner)) ? owner : undefined;
}

/** Reasons to reject the images in a VM's XML. */
export function foreignImageRefusals(inventory: Inventory, { name, xml }: { name?: string; xml?: string }): Refusal[] {
  if (xml === undefined || name === undefined) return [];
  return foreignUses(xml, name)
    .filter(({ readOnly }) => !readOnly)
    .flatMap(({ image, at, shareable }) => {
      const writer = shareable ? otherWriter(inventory, image, name) : undefined;
      if (shareable && writer === undefined) return [];
      const why =
        writer === undefined ? "and both would write to it" : `and VM "${writer}" does not have it as <shareable/>`;
      const reason =
        `${at} is ${described(image)}, ${why}: what is on it would be destroyed. Take it out: a VM's own disks are put in by ` +
        `themselves, others are given to it by ${words().giveDisk}. What is to be shared is <readonly/> here, or <shareable/> in both VMs`;
      return [{ property: "xml", reason }];
    });
}

/** The images a VM shares with others, for the preview. */
export const sharedImageNotices = ({ name, xml }: { name?: string; xml?: string }): string[] =>
  xml === undefined || name === undefined
    ? []
    : foreignUses(xml, name).map(
        ({ image, at, readOnly }) => `${at} is ${described(image)}; it ${readOnly ? "only reads it" : "shares it"}`,
      );
