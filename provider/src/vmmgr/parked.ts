/** Constraints that wait, in the metadata of a VM that is not enabled, until the CIB can hold them again. */
import { parseXml, renderXml, type Inventory, type StorageOperation, type XmlElement } from "../cluster";
import { PARKED_KEY } from "./metadata";

/** Constraints kept with one image. */
export interface Parked {
  image: string;
  nodes: XmlElement[];
}

/** The constraints that an image keeps. @param text the value of its metadata */
export const readParked = (text: string | undefined): XmlElement[] =>
  text === undefined ? [] : parseXml(text, "the parked constraints").children;

/** The same, written down. */
export const writeParked = (nodes: readonly XmlElement[]): string =>
  renderXml({ name: "constraints", attrs: {}, children: [...nodes] });

/** All constraints that wait on a cluster. */
export function parkedOn(inventory: Inventory): Parked[] {
  return [...inventory.images.values()].flatMap(({ name, metadata }) => {
    const nodes = readParked(metadata?.[PARKED_KEY]);
    return nodes.length === 0 ? [] : [{ image: name, nodes }];
  });
}

/** What makes the images forget those of the constraints that `which` names. */
export function forgetParked(inventory: Inventory, which: (node: XmlElement) => boolean): StorageOperation[] {
  return parkedOn(inventory).flatMap(({ image, nodes }): StorageOperation[] => {
    const left = nodes.filter((node) => !which(node));
    if (left.length === nodes.length) return [];
    return [{ op: "setMetadata", image, ...(left.length === 0 ? { unset: [PARKED_KEY] } : { set: { [PARKED_KEY]: writeParked(left) } }) }];
  });
}
