/**
 * XML as a small tree. In the XML of CIB, crm_mon and libvirt the order of elements matters, so the tree keeps it.
 * fast-xml-parser parses it, and its validator rejects what its parser would accept leniently.
 */
import { XMLBuilder, XMLParser, XMLValidator } from "fast-xml-parser";
import { ParseError } from "./errors";
import { characterOf, checkBounds, forbiddenChar } from "./xml-bounds";

export { forbiddenChar } from "./xml-bounds";

/** An element with its attributes and children in document order. */
export interface XmlElement {
  name: string;
  attrs: Record<string, string>;
  children: XmlElement[];
  /**
   * The text of an element without child elements. Blanks between elements are layout and are dropped; text between
   * elements becomes a child of its own, see `isText`.
   */
  text?: string;
}

const ATTRS = ":@";
const TEXT = "#text";

/** Whether a child is a piece of text between elements, byte for byte, rather than an element. */
export const isText = (node: XmlElement): boolean => node.name === TEXT;

const CDATA = "#cdata";
const options = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // The library leaves character references (&#10;) alone; the functions below escape and unescape.
  processEntities: false,
  cdataPropName: CDATA,
} as const;
const parser = new XMLParser({ ...options, ignoreDeclaration: true, ignorePiTags: true });
const builder = new XMLBuilder({ ...options, format: false, suppressEmptyNode: true });

type Ordered = Record<string, unknown>;

const ENTITIES = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);

/** Resolves the references in a document's text. Entities that the document declares itself are rejected. */
function unescape(text: string): string {
  return text.replace(/&([^;&]*);?/g, (whole, name: string) => {
    const digits = /^#(?:x([0-9a-fA-F]+)|(\d+))$/.exec(name);
    const known = ENTITIES.get(name);
    if (known !== undefined && whole.endsWith(";")) return known;
    if (digits === null || !whole.endsWith(";")) throw new Error(`the entity ${whole.slice(0, 40)} is not known`);
    return characterOf(digits[1] === undefined ? Number(digits[2]) : parseInt(digits[1], 16));
  });
}

const ESCAPES: Record<string, string> = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" };
const escape = (text: string, what: RegExp) => {
  const forbidden = forbiddenChar(text);
  if (forbidden !== undefined) throw new Error(`XML cannot hold the character ${forbidden}`);
  return text.replace(what, (each) => ESCAPES[each] ?? `&#${each.charCodeAt(0)};`);
};
const escapeText = (text: string) => escape(text, /[<>&\r]/g);
// An XML parser reads a bare line break in an attribute as a blank.
const escapeAttr = (text: string) => escape(text, /[<>&"\n\r\t]/g);

const mapValues = (attrs: Record<string, string>, map: (value: string) => string) =>
  Object.fromEntries(Object.entries(attrs).map(([name, value]) => [name, map(value)]));

/** Shorthand for an element: `element("nvpair", { id, name, value })`. Undefined attributes are left out. */
export function element(
  name: string,
  attrs: Record<string, string | number | undefined> = {},
  children: XmlElement[] | string = [],
): XmlElement {
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(attrs)) if (value !== undefined) kept[key] = String(value);
  return typeof children === "string"
    ? { name, attrs: kept, children: [], text: children }
    : { name, attrs: kept, children };
}

/** With a missing or extra quotation mark, part of a value becomes an attribute name: a password, for example. */
const withoutValues = (said: string) => said.replace(/^(?:boolean )?attribute '.*' (?=is |has )/is, "an attribute ");

/**
 * Parses a document and returns its root element.
 * @throws ParseError with the line and the reason, if it is not well-formed, has no single root, or declares a document
 * type
 */
export function parseXml(text: string, tool: string): XmlElement {
  try {
    checkBounds(text);
  } catch (cause) {
    throw new ParseError(tool, (cause as Error).message, text);
  }
  const valid = XMLValidator.validate(text);
  if (valid !== true) {
    throw new ParseError(tool, `line ${valid.err.line}: ${withoutValues(valid.err.msg)}`, text);
  }
  let roots: XmlElement[];
  try {
    roots = (parser.parse(text) as Ordered[]).flatMap(fromOrdered);
  } catch (cause) {
    throw new ParseError(tool, cause instanceof Error ? cause.message : String(cause), text);
  }
  const [root, ...others] = roots;
  if (root === undefined || others.length > 0) throw new ParseError(tool, "there is no single root element", text);
  return root;
}

function fromOrdered(node: Ordered): XmlElement[] {
  const name = Object.keys(node).find((key) => key !== ATTRS);
  if (name === undefined || name.startsWith("#")) return [];
  const inner = node[name] as Ordered[];
  const children = childrenOf(inner);
  const attrs = mapValues((node[ATTRS] as Record<string, string> | undefined) ?? {}, (value) =>
    unescape(value.replace(/[\r\n\t]/g, " ")),
  );
  const text = inner.flatMap(textIn);
  return [
    children.length === 0 && text.join("").trim() !== ""
      ? { name, attrs, children, text: text.join("") }
      : { name, attrs, children },
  ];
}

/** The child elements, with the pieces of text between them unless these are only layout. */
function childrenOf(inner: readonly Ordered[]): XmlElement[] {
  const elements = inner.map(fromOrdered);
  const texts = inner.map(textIn);
  const mixed = elements.some((each) => each.length > 0) && texts.some((each) => each.join("").trim() !== "");
  if (!mixed) return elements.flat();
  return inner.flatMap((_, at) => [
    ...(elements[at] ?? []),
    ...(texts[at] ?? []).map((text): XmlElement => ({ name: TEXT, attrs: {}, children: [], text })),
  ]);
}

function textIn(node: Ordered): string[] {
  if (CDATA in node) return (node[CDATA] as Ordered[]).map((part) => String(part[TEXT]));
  return typeof node[TEXT] === "string" ? [unescape(node[TEXT])] : [];
}

function toOrdered(node: XmlElement): Ordered {
  const own = node.text === undefined ? [] : [{ [TEXT]: escapeText(node.text) }];
  if (isText(node)) return own[0] ?? { [TEXT]: "" };
  const inner = [...own, ...node.children.map(toOrdered)];
  const attrs = mapValues(node.attrs, escapeAttr);
  return Object.keys(attrs).length > 0 ? { [node.name]: inner, [ATTRS]: attrs } : { [node.name]: inner };
}

/** The element as escaped text, on one line. */
export function renderXml(node: XmlElement): string {
  return builder.build([toOrdered(node)]);
}

/**
 * The element as readable text, indented by two spaces a level. An element with text between its elements keeps its own
 * layout.
 */
export function renderPretty(node: XmlElement, indent = ""): string {
  if (node.children.length === 0 || node.text !== undefined || node.children.some(isText))
    return `${indent}${renderXml(node)}\n`;
  const open = renderXml({ ...node, children: [] }).replace(/\/>$|><\/[^>]+>$/, ">");
  const inner = node.children.map((child) => renderPretty(child, `${indent}  `)).join("");
  return `${indent}${open}\n${inner}${indent}</${node.name}>\n`;
}

/** The first child with that name. */
export function child(node: XmlElement | undefined, name: string): XmlElement | undefined {
  return node?.children.find((each) => each.name === name);
}

/** The children with that name. */
export function children(node: XmlElement | undefined, name: string): XmlElement[] {
  return node?.children.filter((each) => each.name === name) ?? [];
}

/** The element at a path of names. */
export function descend(node: XmlElement | undefined, ...path: string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((at, name) => child(at, name), node);
}

/** Every element of that name at any depth, including the node itself. */
export function findAll(node: XmlElement, name: string): XmlElement[] {
  const below = node.children.flatMap((each) => findAll(each, name));
  return node.name === name ? [node, ...below] : below;
}

/**
 * The element in a canonical form, equal for documents with the same meaning. Layout and attribute order do not count;
 * the order of elements does, because it matters to libvirt and Pacemaker in places.
 */
export function canonicalXml(node: XmlElement): string {
  return renderXml(sorted(node));
}

function sorted(node: XmlElement): XmlElement {
  const attrs = Object.fromEntries(Object.entries(node.attrs).sort(([a], [b]) => (a < b ? -1 : 1)));
  const children = node.children.map((each) => (isText(each) ? each : sorted(each)));
  return node.text === undefined
    ? { name: node.name, attrs, children }
    : { name: node.name, attrs, children, text: node.text.trim() };
}
