// @ts-check
// Describes a created resource in a few words: nothing about it differs from before, so a table would be empty.
import { shown, valueAt } from "./properties.mjs";
import { redacted } from "./secrets.mjs";

/**
 * @typedef {object} Fact
 * @property {string} word before the value
 * @property {string} [value] absent if there is only the word
 * @property {string} [after] after the value
 */
/**
 * @typedef {{ facts: Fact[], vm?: string, cluster?: string }} Made `vm`: the VM it is on a cluster, to tell where it
 * will run
 */

/**
 * @typedef {(keys: string) => string | undefined} Read the value at some keys, without secrets; undefined if there is
 * none
 */

const MIB = 1024 ** 2;

/** libvirt's units in bytes. The default is KiB. @type {Record<string, number>} */
const UNITS = {
  b: 1,
  bytes: 1,
  KB: 1000,
  k: 1024,
  KiB: 1024,
  MB: 1000 ** 2,
  M: MIB,
  MiB: MIB,
  GB: 1000 ** 3,
  G: 1024 ** 3,
  GiB: 1024 ** 3,
  TB: 1000 ** 4,
  T: 1024 ** 4,
  TiB: 1024 ** 4,
};

/** An amount in a readable form. @param {number} mib */
const memory = (mib) => (mib >= 1024 ? `${Number((mib / 1024).toFixed(1))} GiB` : `${Number(mib.toFixed(1))} MiB`);

/** @param {string} word @param {string | undefined} value @param {string} [after] @returns {Fact[]} */
const fact = (word, value, after) =>
  value === undefined ? [] : [{ word, value, ...(after === undefined ? {} : { after }) }];

/** @param {string | undefined} text a number of MiB, or a placeholder for an unknown or secret one */
const mebibytes = (text) => (text !== undefined && /^\d+$/.test(text) ? memory(Number(text)) : text);

/** The facts in a libvirt domain's XML. @param {string | undefined} xml @returns {Fact[]} */
function ofXml(xml) {
  if (xml === undefined) return [];
  const [, attributes = "", amount] = /<memory\b([^<>]*)>\s*(\d+)\s*<\/memory>/.exec(xml) ?? [];
  const unit = UNITS[/\bunit\s*=\s*["'](\w+)["']/.exec(attributes)?.[1] ?? "KiB"];
  const vcpus = /<vcpu\b[^<>]*>\s*(\d+)\s*<\/vcpu>/.exec(xml)?.[1];
  return [
    ...fact("memory", amount === undefined || unit === undefined ? undefined : memory((Number(amount) * unit) / MIB)),
    ...fact("vCPUs", vcpus),
    { word: "domain as XML" },
  ];
}

/**
 * The distinguishing facts of each kind.
 * @type {Record<string, (read: Read, whole: (keys: string) => string | undefined) => Fact[]>}
 */
const KINDS = {
  Vm: (read, whole) => [
    ...fact("memory", mebibytes(read("domain.memory"))),
    ...fact("vCPUs", read("domain.vcpus")),
    ...ofXml(whole("xml")),
    ...fact("image", read("source.nodePath")),
    ...fact("image", read("source.path"), "of the job's machine"),
    ...fact("clone of", read("source.vm")),
    ...(read("adopt") === "true" ? [{ word: "adopted as it is there" }] : []),
    ...fact("system disk", read("systemDisk.size")),
    ...fact("pinned to", read("pinnedHost")),
    ...fact("prefers", read("preferredHost")),
  ],
  Disk: (read) => [
    ...fact("of", read("vm")),
    ...fact("size", read("size")),
    ...fact("image", read("source.nodePath")),
    ...fact("image", read("source.path"), "of the job's machine"),
    ...fact("copy of", read("source.image")),
  ],
  Snapshot: (read) => [...fact("of", read("vm")), ...fact("named", read("name"))],
  Rollback: (read) => [...fact("of", read("vm")), ...fact("to", read("snapshot"))],
  SnapshotRetention: (read) => fact("of", read("vm")),
  Colocation: (read) => [
    ...fact(read("apart") === "true" ? "keeps apart" : "keeps together", read("vm")),
    ...fact("and", read("with")),
  ],
  Order: (read) => [...fact("first", read("first")), ...fact("then", read("then"))],
  Metadata: (read) => fact("of", read("vm")),
  RemoteGuest: (read) => [...fact("VM", read("vm")), ...fact("address", read("address"))],
  GuestResource: (read) => [...fact("agent", read("agent")), ...fact("in", read("guest"))],
};

/**
 * @param {import("./pulumi.mjs").Step} step
 * @param {string} kind
 * @param {(text: string) => string} redact
 * @returns {Made | undefined} undefined for an unknown kind
 */
export function madeOf({ newState }, kind, redact) {
  const inputs = newState?.inputs;
  const describe = KINDS[kind];
  if (inputs === undefined || describe === undefined) return undefined;
  const clean = (/** @type {string} */ keys) => redacted(valueAt(inputs, keys.split(".")), redact);
  const read = (/** @type {string} */ keys) => {
    const value = clean(keys);
    if (value === undefined || value === null || value === "") return undefined;
    return shown(Array.isArray(value) ? value.map(String).join(", ") : value);
  };
  const whole = (/** @type {string} */ keys) => {
    const value = clean(keys);
    return typeof value === "string" ? value : undefined;
  };
  const [vm, cluster] = kind === "Vm" ? [read("name"), read("cluster")] : [];
  return {
    facts: describe(read, whole),
    ...(vm === undefined ? {} : { vm }),
    ...(cluster === undefined ? {} : { cluster }),
  };
}
