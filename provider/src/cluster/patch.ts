/**
 * CIB changes as one patch in Pacemaker's second format, without versions: `cibadmin --patch` applies all of it or
 * nothing, and it conflicts only with changes of the very same elements (docs/decisions/0002).
 */
import { element, renderXml, type XmlElement } from "./xml";

/** One change of a patch. */
export type CibChange = XmlElement;

/** The places in the CIB that this project writes to. */
export const RESOURCES = "/cib/configuration/resources";
export const CONSTRAINTS = "/cib/configuration/constraints";

/** Adds an element below a path. */
export function createChange(parent: string, child: XmlElement): CibChange {
  return element("change", { operation: "create", path: parent }, [child]);
}

/** Removes the element at a path. Does nothing if it is already gone. */
export function deleteChange(path: string): CibChange {
  return element("change", { operation: "delete", path });
}

/**
 * The path of an element with an id. XPath 1.0 literals have no escapes, so the quotes depend on the id. An id with
 * both kinds of quotes is refused; Pacemaker's XML ids cannot have both.
 */
export function pathOf(parent: string, node: XmlElement): string {
  const id = node.attrs["id"];
  if (id === undefined) return `${parent}/${node.name}`;
  if (id.includes("'")) throw new Error(`an id with a quote cannot be in a CIB: ${id}`);
  return `${parent}/${node.name}[@id='${id}']`;
}

function modifyChange(path: string, before: XmlElement, after: XmlElement): CibChange {
  const names = new Set([...Object.keys(before.attrs), ...Object.keys(after.attrs)]);
  const changed = [...names]
    .filter((name) => before.attrs[name] !== after.attrs[name])
    .map((name) =>
      after.attrs[name] === undefined
        ? element("change-attr", { name, operation: "unset" })
        : element("change-attr", { name, operation: "set", value: after.attrs[name] }),
    );
  return element("change", { operation: "modify", path }, [
    element("change-list", {}, changed),
    element("change-result", {}, [element(after.name, after.attrs)]),
  ]);
}

/** Whether two elements have the same name and attributes, whatever their content. */
function sameHead(a: XmlElement, b: XmlElement): boolean {
  const names = Object.keys(a.attrs);
  return (
    a.text?.trim() === b.text?.trim() &&
    names.length === Object.keys(b.attrs).length &&
    names.every((name) => a.attrs[name] === b.attrs[name])
  );
}

/** The changes that turn `before` (below `parent`) into `after`, element by element, matched by name and id. */
export function diffElement(
  parent: string,
  before: XmlElement | undefined,
  after: XmlElement | undefined,
): CibChange[] {
  if (before === undefined) return after === undefined ? [] : [createChange(parent, after)];
  const path = pathOf(parent, before);
  if (after === undefined) return [deleteChange(path)];
  const changes: CibChange[] = [];
  if (!sameHead(before, after)) {
    changes.push(modifyChange(path, before, after));
  }
  const key = (node: XmlElement) => `${node.name}#${node.attrs["id"] ?? ""}`;
  const wanted = new Map(after.children.map((node) => [key(node), node]));
  for (const node of before.children) if (!wanted.has(key(node))) changes.push(deleteChange(pathOf(path, node)));
  const present = new Map(before.children.map((node) => [key(node), node]));
  for (const node of after.children) changes.push(...diffElement(path, present.get(key(node)), node));
  return changes;
}

/** The patch as text for `cibadmin --patch`. */
export function renderPatch(changes: readonly CibChange[]): string {
  return renderXml(element("diff", { format: "2" }, [...changes]));
}
