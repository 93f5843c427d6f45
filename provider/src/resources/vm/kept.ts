/**
 * Secrets that are on the cluster and not in the program: those that a clone inherits, and those that a read finds.
 * Pulumi marks a value as secret only if the program did, so these stay on the cluster. Inputs and state hold a
 * placeholder, the sign, which changes with the value and so shows drift. The value itself is read from the cluster
 * when it is written there again.
 */
import { createHash } from "node:crypto";
import {
  findVm,
  isText,
  parseXml,
  ParseError,
  Refused,
  renderPretty,
  type Inventory,
  type ObservedVm,
  type VmSpec,
  type XmlElement,
} from "../../vmmgr";
import { conceal } from "../../errors";
import { isRecord, type Raw } from "../engine/values";
import type { VmInputs } from "./schema";

type Strings = Readonly<Record<string, string>>;

const NAME = /passw|passphrase|passwd|pwd|secret|token|credential|apikey|accesskey|privatekey|authkey/;
const VALUE =
  /-----BEGIN [A-Z ]*PRIVATE KEY|:\/\/[^/\s:@]+:[^/\s@]+@|(?:passw(?:or)?d|passphrase|secret|token)[^=:,\s]*[=:,]/i;
const SIGN = /seapath-kept:[0-9a-f]{6}/g;

const isSign = (value: string) => new RegExp(`^${SIGN.source}$`).test(value);
/** Whether a value is confidential, judging by its name or the value itself. */
const isSecret = (name: string, value: string) =>
  value !== "" && !isSign(value) && (NAME.test(name.toLowerCase().replace(/[^a-z0-9]/g, "")) || VALUE.test(value));

/** Too short to reveal which guess at a weak password is right. */
const signOf = (value: string) => `seapath-kept:${createHash("sha256").update(value).digest("hex").slice(0, 6)}`;

/** The displayed form of a value. `given`: the program has it in clear, and has marked it as it likes. */
const shownAs = (name: string, value: string, given: boolean) =>
  !given && isSecret(name, value) ? signOf(value) : value;

/** A map with signs in place of secrets that the program does not give. @param before the program's values */
export function signedMap(map: Strings, before: Strings = {}): Record<string, string> {
  const given = (key: string) => before[key] !== undefined && !isSign(before[key]);
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, shownAs(key, value, given(key))]));
}

function mapXml(node: XmlElement, change: (name: string, value: string) => string, of = node.name): XmlElement {
  // <qemu:env name="TOKEN" value="…"/>: the name is an attribute.
  const named = node.attrs["name"] ?? "";
  const attrs = Object.entries(node.attrs).map(([key, value]): [string, string] => [
    key,
    change(key === "value" ? `${named} ${key}` : key, value),
  ]);
  const text = node.text === undefined ? {} : { text: change(of, node.text) };
  return {
    ...node,
    attrs: Object.fromEntries(attrs),
    ...text,
    children: node.children.map((each) => mapXml(each, change, isText(each) ? node.name : each.name)),
  };
}

/** All values in a document, unescaped. */
function valuesOf(xml: string): Set<string> {
  const found = new Set<string>();
  if (xml === "") return found;
  mapXml(parseXml(xml, "the domain XML"), (_name, value) => {
    found.add(value);
    return value;
  });
  return found;
}

/** A domain with signs in place of secrets that are not in the program's own XML. */
export function signedXml(xml: string, before = ""): string {
  let changed = false;
  let root: XmlElement;
  try {
    root = parseXml(xml, "the domain XML");
  } catch (error) {
    if (error instanceof ParseError) return xml; // the check of the XML itself reports that
    throw error;
  }
  const given = valuesOf(before);
  const signed = mapXml(root, (name, value) => {
    const shown = shownAs(name, value, given.has(value));
    changed ||= shown !== value;
    return shown;
  });
  return changed ? renderPretty(signed) : xml;
}

/** Shorter values occur in other words by chance. */
const SHORTEST = 6;

/**
 * Redacts whatever looks like a secret in a VM's inputs from all later messages: check failures, and words of libvirt
 * and crm. The engine does not tell a provider which inputs a program marked as secret.
 */
export function concealSecrets({ metadata, pacemaker, xml }: Raw): void {
  const found = new Set<string>();
  const note = (name: string, value: unknown) => {
    if (typeof value === "string" && value.length >= SHORTEST && isSecret(name, value)) found.add(value);
    return String(value);
  };
  const maps = [metadata, ...(isRecord(pacemaker) ? Object.values(pacemaker) : [])];
  for (const map of maps.filter(isRecord)) for (const [key, value] of Object.entries(map)) note(key, value);
  if (typeof xml === "string") {
    try {
      mapXml(parseXml(xml, "the domain XML"), note);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error; // it is rejected without quoting its values
    }
  }
  conceal(found);
}

/** A VM in displayable form: as observed, with signs. */
export function signedVm(
  observed: ObservedVm,
  before: Partial<Pick<VmInputs, "metadata" | "pacemaker" | "xml">> = {},
): ObservedVm {
  const { meta, params, utilization } = observed.pacemaker;
  const xml = signedXml(observed.baseXml, before.xml);
  return {
    ...observed,
    baseXml: xml,
    metadata: signedMap(observed.metadata, before.metadata),
    pacemaker: {
      meta: signedMap(meta, before.pacemaker?.meta),
      params: signedMap(params, before.pacemaker?.params),
      utilization: signedMap(utilization, before.pacemaker?.utilization),
    },
  };
}

/** The values behind signs, from the VMs that may have them. */
function keptIn(vms: readonly (ObservedVm | undefined)[]): Map<string, string> {
  const found = new Map<string, string>();
  const note = (name: string, value: string) => {
    if (isSecret(name, value)) found.set(signOf(value), value);
    return value;
  };
  for (const vm of vms.filter((each) => each !== undefined)) {
    const { meta, params, utilization } = vm.pacemaker;
    for (const map of [vm.metadata, meta, params, utilization])
      for (const [key, value] of Object.entries(map)) note(key, value);
    if (vm.baseXml !== "") mapXml(parseXml(vm.baseXml, `the XML stored for VM "${vm.name}"`), note);
  }
  return found;
}

/**
 * A spec with the actual secrets, from the VM and its clone source.
 * @throws Refused if the cluster no longer has the value behind a sign
 */
export async function withKept(inventory: () => Promise<Inventory>, verb: string, spec: VmSpec): Promise<VmSpec> {
  if (JSON.stringify(spec).match(SIGN) === null) return spec;
  const seen = await inventory();
  const source = spec.source !== undefined && "vm" in spec.source ? findVm(seen, spec.source.vm) : undefined;
  const kept = keptIn([source, findVm(seen, spec.name)]);
  const resolved = (property: string) => (value: string) => {
    if (!isSign(value)) return value;
    const found = kept.get(value);
    if (found !== undefined) return found;
    throw new Refused(verb, spec.name, seen.node, [
      {
        property,
        reason: `stands for a secret that the cluster no longer has (${value}); give the value, as a secret of the configuration say`,
      },
    ]);
  };
  const map = (property: string, values: Strings) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, resolved(`${property}.${key}`)(value)]));
  const { meta, params, utilization } = spec.pacemaker;
  const xml =
    spec.xml === undefined || spec.xml.match(SIGN) === null
      ? {}
      : { xml: renderPretty(mapXml(parseXml(spec.xml, "the domain XML"), (_name, value) => resolved("xml")(value))) };
  return {
    ...spec,
    ...xml,
    metadata: map("metadata", spec.metadata),
    pacemaker: {
      meta: map("pacemaker.meta", meta),
      params: map("pacemaker.params", params),
      utilization: map("pacemaker.utilization", utilization),
    },
  };
}
