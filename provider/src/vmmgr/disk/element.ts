/** The `<disk>` element of a data disk, in the stored XML of its VM and in the running guest. */
import { child, children, type Inventory, type XmlElement } from "../../cluster";
import { diskElement, ownDisks } from "../form/domain";
import { dataImage, dataNumber, isDataImage } from "../form/names";
import type { DiskSettings } from "./model";

/** The disk settings in an element. */
export type ElementSettings = Pick<DiskSettings, "bus" | "cache" | "readOnly" | "serial">;

/** The element for a spec. */
export function wantedElement(spec: ElementSettings & { vm: string; index: number }, inventory: Inventory): XmlElement {
  const { secret = "", cephHosts } = inventory;
  const options = {
    cache: spec.cache,
    readOnly: spec.readOnly,
    ...(spec.serial === undefined ? {} : { serial: spec.serial }),
  };
  return diskElement(dataImage(spec.vm, spec.index), spec.index + 1, { bus: spec.bus, secret, cephHosts }, options);
}

/** Reads an element. Without a cache mode QEMU uses its default, writeback. */
export function readElement(node: XmlElement): ElementSettings & { target: string } {
  const serial = child(node, "serial")?.text?.trim();
  const target = child(node, "target");
  return {
    bus: target?.attrs["bus"] ?? "",
    target: target?.attrs["dev"] ?? "",
    cache: child(node, "driver")?.attrs["cache"] ?? "writeback",
    readOnly: child(node, "readonly") !== undefined,
    ...(serial === undefined || serial === "" ? {} : { serial }),
  };
}

/** Whether an element matches the spec. */
export function isSame(node: XmlElement | undefined, spec: ElementSettings): boolean {
  if (node === undefined) return false;
  const { bus, cache, readOnly, serial } = readElement(node);
  return bus === spec.bus && cache === spec.cache && readOnly === spec.readOnly && serial === spec.serial;
}

/** The domain with this element for a data disk, or without one; other disks stay unchanged, sorted by number. */
export function withElement(root: XmlElement, vm: string, image: string, wanted: XmlElement | undefined): XmlElement {
  const before = ownDisks(root, vm).get(image);
  if (before === undefined && wanted === undefined) return root;
  const others = [...ownDisks(root, vm)].filter(
    ([each]) => each !== image && (!isDataImage(vm, each) || dataNumber(each) < dataNumber(image)),
  );
  const previous = others.at(-1)?.[1];
  const devices = (nodes: XmlElement[]): XmlElement[] => {
    if (before !== undefined) return nodes.flatMap((node) => (node === before ? (wanted ?? []) : node));
    const at = previous === undefined ? nodes.length : nodes.indexOf(previous) + 1;
    return [...nodes.slice(0, at), ...(wanted === undefined ? [] : [wanted]), ...nodes.slice(at)];
  };
  return {
    ...root,
    children: root.children.map((node) =>
      node.name === "devices" ? { ...node, children: devices(node.children) } : node,
    ),
  };
}

/** Another device in a domain with the same target as an element, in words. */
export function targetHolder(root: XmlElement, wanted: XmlElement): string | undefined {
  const { target } = readElement(wanted);
  const image = child(wanted, "source")?.attrs["name"];
  for (const node of children(child(root, "devices"), "disk")) {
    const source = child(node, "source")?.attrs ?? {};
    if (child(node, "target")?.attrs["dev"] !== target || source["name"] === image) continue;
    return source["name"] ?? source["file"] ?? source["dev"] ?? `a ${node.attrs["device"] ?? "disk"}`;
  }
  return undefined;
}
