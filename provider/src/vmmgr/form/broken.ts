/**
 * Stored data of a VM that makes no sense. It affects that VM alone: a read of that VM reports what is wrong and how to
 * fix it, and nothing falls back to a default. Values are never shown: one that ended up under the wrong key may be
 * anything.
 */
import { parseXml, ParseError, type Inventory, type XmlElement } from "../../cluster";
import { SeapathError } from "../../errors";
import { systemImage } from "./names";

/** Stored data makes no sense; the reader adds the VM it belongs to. */
export class Senseless extends Error {
  /** The image's metadata key; undefined for anything else. */
  readonly key: string | undefined;
  readonly hint: string | undefined;

  /** @param reason the problem, as the end of a sentence: "which is no whole number" */
  constructor(key: string | undefined, reason: string, hint?: string) {
    super(reason);
    this.key = key;
    this.hint = hint;
  }
}

/** A VM that exists but cannot be read; the others can. */
export class BrokenVm extends SeapathError {
  readonly vm: string;
  /** The problem, without the VM's name. */
  readonly reason: string;

  constructor(vm: string, node: string, reason: string, hint: string, cause?: unknown) {
    super("broken-vm", `Unable to read VM "${vm}" on ${node}: ${reason}`, { hint, cause });
    this.vm = vm;
    this.reason = reason;
  }
}

/** How to view, fix and remove a metadata key of a VM. */
const keyHint = (vm: string, key: string) => {
  const at = `${systemImage(vm)} ${key}`;
  return `Look at it with \`rbd image-meta get ${at}\`, and put it right with \`rbd image-meta set ${at} VALUE\` or \`rbd image-meta remove ${at}\`; other VMs are not concerned.`;
};

/** The error for a VM whose stored data makes no sense. */
export function brokenVm(
  inventory: Pick<Inventory, "node">,
  vm: string,
  { key, message, hint }: Senseless,
  cause?: unknown,
): BrokenVm {
  const what = key === undefined ? message : `its metadata \`${key}\` ${message}`;
  return new BrokenVm(
    vm,
    inventory.node,
    what,
    hint ?? (key === undefined ? "Other VMs are not concerned." : keyHint(vm, key)),
    cause,
  );
}

/** Reads data of a VM that may make no sense. @throws BrokenVm instead of Senseless */
export function readOf<T>(inventory: Pick<Inventory, "node">, vm: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Senseless ? brokenVm(inventory, vm, error) : error;
  }
}

/** A stored document as a tree. @throws Senseless */
export function readDocument(key: string | undefined, text: string, root: string, what = "holds"): XmlElement {
  try {
    const found = parseXml(text, "what is stored");
    if (found.name === root) return found;
    throw new Senseless(key, `${what} <${found.name.slice(0, 40)}> in place of <${root}>`);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new Senseless(
      key,
      `${what} what is no XML: ${error.message.replace(/^.*?answered: /, "").replace(/\.$/, "")}`,
    );
  }
}

/** Throws the reason if a VM's image cannot be read. */
export function refuseUnreadable(inventory: Inventory, vm: string): void {
  const broken = inventory.images.get(systemImage(vm))?.broken;
  if (broken === undefined) return;
  const hint = `Look at \`rbd info ${systemImage(vm)}\` and \`rbd image-meta list ${systemImage(vm)}\`; other VMs are not concerned.`;
  throw new BrokenVm(vm, inventory.node, broken, hint);
}

/** The domain that is stored for a VM; undefined if there is none. @throws BrokenVm if it is not a domain */
export function storedDomain(inventory: Inventory, vm: string): { text: string; root: XmlElement } | undefined {
  refuseUnreadable(inventory, vm);
  const text = inventory.images.get(systemImage(vm))?.metadata?.["xml"];
  if (text === undefined) return undefined;
  return { text, root: readOf(inventory, vm, () => readDocument("xml", text, "domain")) };
}
