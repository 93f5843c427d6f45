/**
 * Whether the running guest is the stored one. The stored domain carries a hash of itself, as our element in libvirt's
 * `<metadata>`; a domain started from it has the same hash and keeps it when it migrates (docs/decisions/0006).
 */
import { createHash } from "node:crypto";
import { child, element, isText, RESTART_KEY, type Inventory, type XmlElement } from "../../cluster";
import { readDocument, readOf } from "./broken";

const PREFIX = "seapath";
const NAMESPACE = "https://lfenergy.org/seapath/pulumi/1";
const isOurs = (node: XmlElement) => node.name === `${PREFIX}:revision`;

/**
 * The hash of everything in a domain that needs a restart: all but name, uuid and disks, plus the disks' bus. Disks are
 * hot-plugged without a restart.
 */
export function revisionOf(baseXml: string, bus: string): string {
  return createHash("sha256").update(`${bus}\n${baseXml}`).digest("hex").slice(0, 16);
}

/** The children of a domain without our mark, and without a `<metadata>` that only held the mark. */
export function withoutRevision(children: readonly XmlElement[]): XmlElement[] {
  return children.flatMap((node) => {
    if (node.name !== "metadata") return [node];
    const others = node.children.filter((each) => !isOurs(each));
    if (!others.every(isText)) return [{ ...node, children: others }];
    const text = [node.text ?? "", ...others.map((each) => each.text ?? "")].join("");
    return text === "" ? [] : [{ ...node, children: [], text }];
  });
}

/** The children of a domain with our mark, in the existing `<metadata>` or a new one. */
export function withRevision(children: readonly XmlElement[], revision: string): XmlElement[] {
  const mark = element(`${PREFIX}:revision`, { [`xmlns:${PREFIX}`]: NAMESPACE }, revision);
  if (!children.some((node) => node.name === "metadata")) return [element("metadata", {}, [mark]), ...children];
  return children.map((node) => (node.name === "metadata" ? { ...node, children: [...node.children, mark] } : node));
}

/** The mark of a domain as libvirt runs it; undefined if it started without one. */
function liveRevision(xml: string): string | undefined {
  return child(readDocument(undefined, xml, "domain", "its running domain, as libvirt has it, holds"), "metadata")
    ?.children.find(isOurs)
    ?.text?.trim();
}

/**
 * The revision that a VM runs: the mark of its live domain, or, if that has none, the value kept when the stored domain
 * first changed under it.
 * @returns undefined if no change is known that the guest has not seen: then it runs the stored domain
 */
export function runningRevision(
  inventory: Inventory,
  vm: string,
  metadata: Record<string, string>,
): string | undefined {
  const kept = metadata[RESTART_KEY];
  if (kept === undefined) return undefined;
  const live = inventory.live.get(vm);
  return (live === undefined ? undefined : readOf(inventory, vm, () => liveRevision(live))) ?? kept;
}
