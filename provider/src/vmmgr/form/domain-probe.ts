/** The domain that libvirt is asked about in the place of a VM's own. */
import { randomUUID } from "node:crypto";
import type { XmlElement } from "../../cluster";

/**
 * What a domain has that libvirt would delete with it, or write to: the variables of its firmware, by whatever path, and the
 * state of its TPM. An undefine takes them away, and they are the VM's own. The node program refuses a probe with them.
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
 * A domain like that of a VM which can be defined and undefined beside it: under another name and another uuid, since the
 * real one may run on that very node, and without anything that would go with it.
 */
export function probeOf(domain: XmlElement, name: string): XmlElement {
  const stripped = OWNED_FILES.reduce(without, domain);
  const children = stripped.children.map((node) => {
    if (node.name === "name") return { ...node, text: name };
    return node.name === "uuid" ? { ...node, text: randomUUID() } : node;
  });
  return { ...stripped, children };
}
