/**
 * What a clone inherits from its source VM if its program does not specify it: vm-mgr's clone takes over everything
 * that is not cleared. It is looked up once, when the clone is made, and kept with its source. Later changes of the
 * source VM do not affect the clone.
 */
import {
  defaultMac,
  domainElement,
  findVm,
  renderPretty,
  sameDomain,
  parseXml,
  readSettingsBy,
  type Inventory,
  type ObservedVm,
  type XmlElement,
} from "../../vmmgr";
import { isUnknown } from "../engine/unknowns";
import { isRecord, withoutEmpty, type Raw } from "../engine/values";
import { signedMap, signedVm, signedXml } from "./kept";
import type { CLEARABLE } from "./schema";

type Clearable = (typeof CLEARABLE)[number];

/** The other VM of a clone's inputs, if they are those of one and it is known. */
function cloned(inputs: Raw): (Raw & { vm: string }) | undefined {
  const { source } = inputs;
  return isRecord(source) && typeof source["vm"] === "string" && !isUnknown(source["vm"])
    ? (source as Raw & { vm: string })
    : undefined;
}

/**
 * The inputs with what they inherit, unchanged if the cluster does not have the source VM yet.
 * @param olds the inputs in the state: what was inherited then counts
 */
export async function withInherited(inventory: () => Promise<Inventory>, olds: Raw, news: Raw): Promise<Raw> {
  const source = cloned(news);
  if (source === undefined || typeof news["name"] !== "string" || isUnknown(news["name"])) return news;
  const before = olds["name"] === news["name"] ? cloned(olds) : undefined;
  let inherited = before?.vm === source.vm ? before["inherited"] : source["inherited"];
  if (!isRecord(inherited)) {
    const observed = findVm(await inventory(), source.vm);
    if (observed === undefined || observed.unfinished !== undefined) return news;
    inherited = inheritable(signedVm(observed), news["name"], (source["clear"] ?? []) as Clearable[]);
  }
  inherited = signedInherited(inherited as Raw);
  return merged({ ...news, source: { ...source, mode: source["mode"] ?? "copy", inherited } }, inherited as Raw);
}

/** The same for a state from before secrets were kept on the cluster. */
function signedInherited(inherited: Raw): Raw {
  const map = (value: unknown) => (isRecord(value) ? signedMap(value as Record<string, string>) : value);
  const { xml, metadata, pacemaker } = inherited;
  return {
    ...inherited,
    ...(typeof xml === "string" ? { xml: signedXml(xml) } : {}),
    ...(metadata === undefined ? {} : { metadata: map(metadata) }),
    ...(isRecord(pacemaker)
      ? { pacemaker: Object.fromEntries(Object.entries(pacemaker).map(([key, value]) => [key, map(value)])) }
      : {}),
  };
}

/**
 * What a clone of that name inherits from a VM. Crm commands are left out: they contain the source VM's name and ids.
 */
function inheritable(observed: ObservedVm, name: string, clear: readonly Clearable[]): Raw {
  const keeps = (what: Clearable) => !clear.includes(what);
  const { pinnedHost, preferredHost, pacemaker } = observed;
  return {
    ...domainOf(observed, name),
    ...(keeps("placement") && pinnedHost !== undefined ? { pinnedHost } : {}),
    ...(keeps("placement") && preferredHost !== undefined ? { preferredHost } : {}),
    ...(keeps("settings") ? readSettingsBy(({ name }) => observed[name]) : {}),
    ...(keeps("settings") ? { bus: observed.diskBus } : {}),
    metadata: keeps("metadata") ? withoutEmpty(observed.metadata) : {},
    pacemaker: {
      meta: keeps("pacemaker.meta") ? pacemaker.meta : {},
      params: keeps("pacemaker.params") ? pacemaker.params : {},
      utilization: keeps("pacemaker.utilization") ? pacemaker.utilization : {},
    },
  };
}

/** The domain in a form that expresses all of it, with the clone's own MACs and without the source VM's files. */
function domainOf(observed: ObservedVm, name: string): Raw {
  if (sameDomain(domainElement(observed.domain), observed)) {
    const interfaces = observed.domain.interfaces.map((each, index) => ({ ...each, mac: defaultMac(name, index) }));
    return { domain: { ...observed.domain, interfaces } };
  }
  let index = 0;
  const own = (node: XmlElement): XmlElement => {
    const children = node.children.filter((each) => each.name !== "nvram").map(own);
    if (node.name !== "interface") return { ...node, children };
    const mac = { name: "mac", attrs: { address: defaultMac(name, index++) }, children: [] };
    return { ...node, children: [...children.filter((each) => each.name !== "mac"), mac] };
  };
  return { xml: renderPretty(own(parseXml(observed.baseXml, `the XML stored for VM "${observed.name}"`))) };
}

function merged(news: Raw, inherited: Raw): Raw {
  const { domain, xml, pinnedHost, preferredHost, bus, metadata, pacemaker, ...settings } = inherited;
  const both = (given: unknown, other: unknown) =>
    given === undefined || isRecord(given) ? { ...(other as Raw), ...(given ?? {}) } : given;
  const said = (key: string) => news[key] !== undefined && news[key] !== null;
  const form =
    said("domain") || said("xml")
      ? {}
      : { ...(domain === undefined ? {} : { domain }), ...(xml === undefined ? {} : { xml }) };
  const place =
    said("pinnedHost") || said("preferredHost")
      ? {}
      : {
          ...(pinnedHost === undefined ? {} : { pinnedHost }),
          ...(preferredHost === undefined ? {} : { preferredHost }),
        };
  const given = Object.fromEntries(Object.entries(news).filter(([, value]) => value !== undefined && value !== null));
  const sets = isRecord(news["pacemaker"]) ? news["pacemaker"] : {};
  return {
    ...settings,
    ...form,
    ...place,
    ...given,
    ...(isUnknown(news["systemDisk"]) || bus === undefined
      ? {}
      : { systemDisk: { bus, ...(news["systemDisk"] as Raw | undefined) } }),
    metadata: both(news["metadata"], metadata),
    pacemaker: isUnknown(news["pacemaker"])
      ? news["pacemaker"]
      : Object.fromEntries(Object.entries(pacemaker as Raw).map(([key, map]) => [key, both(sets[key], map)])),
  };
}

/**
 * The inputs of a clone of a VM that does not exist yet, with a list of the inputs that the program gave: the defaults
 * filled in later are not among them.
 */
export function withSaid(inputs: Raw): Raw {
  const source = cloned(inputs);
  if (source === undefined || isRecord(source["inherited"])) return inputs;
  const said = Object.entries(inputs)
    .filter(([key, value]) => value !== undefined && value !== null && !key.startsWith("__"))
    .map(([key]) => key);
  return { ...inputs, source: { ...source, said: said.sort() } };
}

/** The inputs of a create, which may have been checked before the source VM existed. */
export async function wholeInputs(inventory: () => Promise<Inventory>, raw: Raw): Promise<Raw> {
  const source = cloned(raw);
  if (source === undefined || isRecord(source["inherited"])) return raw;
  const { said, ...rest } = source;
  const keys = Array.isArray(said) ? (said as string[]) : Object.keys(raw);
  return withInherited(
    inventory,
    {},
    { ...Object.fromEntries(Object.entries(raw).filter(([key]) => keys.includes(key))), source: rest },
  );
}
