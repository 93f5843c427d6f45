/** The domain that libvirt checks in place of a VM's own. */
import { randomUUID } from "node:crypto";
import type { XmlElement } from "../../cluster";

/**
 * The parts of a domain that libvirt would delete with it, or write to: the variables of its firmware, in any form, and
 * the state of its TPM. An undefine removes them, and they belong to the VM. The node program refuses a probe that has
 * them.
 */
const OWNED_FILES: readonly (readonly string[])[] = [
  ["os", "nvram"],
  ["os", "varstore"],
  ["devices", "tpm", "backend", "source"],
];

function without(node: XmlElement, [name, ...rest]: readonly string[]): XmlElement {
  const children = node.children.flatMap((each) => {
    if (each.name !== name) return [each];
    return rest.length === 0 ? [] : [without(each, rest)];
  });
  return { ...node, children };
}

/**
 * A copy of a VM's domain that can be defined and undefined beside it: under another name and uuid, since the real one
 * may run on that very node, and without anything that an undefine would remove.
 */
export function probeOf(domain: XmlElement, name: string): XmlElement {
  const stripped = OWNED_FILES.reduce(without, domain);
  const children = stripped.children.map((node) => {
    if (node.name === "name") return { ...node, text: name };
    return node.name === "uuid" ? { ...node, text: randomUUID() } : node;
  });
  return { ...stripped, children };
}
