/** A VM as a Pacemaker primitive of `ocf:seapath:VirtualDomain`. */
import { child, children, element, nvpairs, seconds, type XmlElement } from "../../cluster";
import { Senseless } from "./broken";
import type { PacemakerSettings, VmSpec } from "./model";
import { configFile } from "./names";
import { inputsAt, readSettingsBy, valuesAt, type NamedSetting } from "./settings";

/** Set by RemoteGuest and by vm-mgr's add_pacemaker_remote: not for this resource to show or change. */
const REMOTE_META = ["remote-node", "remote-addr", "remote-port", "remote-connect-timeout"];
/** The resource agent writes these itself at each monitor. */
const AUTOSET_UTILIZATION = ["cpu", "hv_memory", "host_memory"];

const fixedParams = (spec: VmSpec): Record<string, string> => ({
  config: configFile(spec.name),
  hypervisor: "qemu:///system",
  seapath: "true",
  force_stop: "false",
  migration_transport: "ssh",
  ...valuesAt(spec, "param"),
});
const PARAM_NAMES = [
  "config",
  "hypervisor",
  "seapath",
  "force_stop",
  "migration_transport",
  ...Object.keys(inputsAt("param")),
];
const META_NAMES = [...Object.keys(inputsAt("meta")), "target-role"];

/** Seconds. Those of `stop` and `migrate_to` are settings. */
const operations = (spec: VmSpec): Record<string, { timeout: number; interval: number }> => {
  const found = { start: 120, stop: 0, migrate_from: 60, migrate_to: 0, monitor: 60, ...valuesAt(spec, "timeoutOf") };
  return Object.fromEntries(
    Object.entries(found).map(([name, timeout]) => [
      name,
      { timeout: Number(timeout), interval: name === "monitor" ? 10 : 0 },
    ]),
  );
};

/**
 * The primitive that a VM must have. Anything in `before` that this project does not own stays.
 * @param remote the meta attributes of a guest node, for a VM that becomes one again when it is enabled
 */
export function vmPrimitive(
  spec: VmSpec,
  before: XmlElement | undefined,
  remote: Record<string, string> = {},
): XmlElement {
  const meta: Record<string, string> = {
    ...valuesAt(spec, "meta"),
    "target-role": spec.started ? "Started" : "Stopped",
    ...spec.pacemaker.meta,
  };
  const utilization = { ...spec.pacemaker.utilization };
  const present = nvpairs(before, "utilization");
  for (const name of AUTOSET_UTILIZATION) {
    if (utilization[name] === undefined && present[name] !== undefined) utilization[name] = present[name];
  }
  const guest = before === undefined ? remote : nvpairs(before, "meta_attributes");
  for (const name of REMOTE_META) if (guest[name] !== undefined) meta[name] = guest[name];
  const sets = [
    pairs(before, "instance_attributes", spec.name, { ...fixedParams(spec), ...spec.pacemaker.params }),
    pairs(before, "meta_attributes", spec.name, meta),
    operationsElement(before, spec),
    ...(Object.keys(utilization).length > 0 ? [pairs(before, "utilization", spec.name, utilization)] : []),
  ];
  const attrs = { id: spec.name, class: "ocf", provider: "seapath", type: "VirtualDomain" };
  return { ...element("primitive", attrs, sets), attrs: { ...before?.attrs, ...attrs } };
}

function pairs(before: XmlElement | undefined, name: string, vm: string, wanted: Record<string, string>): XmlElement {
  const set = child(before, name);
  const id = set?.attrs["id"] ?? `${vm}-${name}`;
  const known = new Map(children(set, "nvpair").map((node) => [node.attrs["name"] ?? "", node.attrs["id"] ?? ""]));
  const nodes = Object.entries(wanted).map(([key, value]) =>
    element("nvpair", { id: known.get(key) ?? `${id}-${key}`, name: key, value }),
  );
  return { ...element(name, { id }, nodes), attrs: { ...set?.attrs, id } };
}

function operationsElement(before: XmlElement | undefined, spec: VmSpec): XmlElement {
  const set = child(before, "operations");
  const others = [...children(set, "op")];
  const take = (name: string, interval: number) => {
    const named = others.filter((node) => node.attrs["name"] === name);
    // The user may have added a second monitor: ours is the one with our interval.
    const found = named.find((node) => seconds(node.attrs["interval"]) === interval) ?? named[0];
    if (found !== undefined) others.splice(others.indexOf(found), 1);
    return found;
  };
  const wanted = Object.entries(operations(spec)).map(([name, { timeout, interval }]) => {
    const known = take(name, interval);
    // An equivalent time keeps its notation: a rewritten interval would restart the monitor.
    const attrs = {
      id: known?.attrs["id"] ?? `${spec.name}-${name}-${interval}s`,
      interval: seconds(known?.attrs["interval"]) === interval ? known?.attrs["interval"] : `${interval}s`,
      name,
      timeout: seconds(known?.attrs["timeout"]) === timeout ? known?.attrs["timeout"] : `${timeout}s`,
    };
    return { ...element("op", attrs), attrs: { ...known?.attrs, ...element("op", attrs).attrs } };
  });
  return { name: "operations", attrs: { ...set?.attrs }, children: [...wanted, ...others] };
}

/** A numeric value of a primitive. INFINITY is 1000000 to Pacemaker. @throws Senseless */
function wholeNumber(vm: string, set: "meta" | "params", name: string, value: string | undefined): number | undefined {
  if (value === undefined || value.trim() === "") return undefined;
  const text = value.trim().replace(/^([+-]?)INFINITY$/i, "$11000000");
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
  const option = set === "meta" ? "--meta " : "";
  throw new Senseless(
    undefined,
    `its primitive's ${set} ${name} is no whole number`,
    `\`crm_resource --resource ${vm} ${option}--set-parameter ${name} --parameter-value NUMBER\` puts it right; other VMs are not concerned.`,
  );
}

/** A text of a primitive's. @throws Senseless */
function textValue(vm: string, name: string, value: string | undefined, setting: NamedSetting) {
  if (value === undefined || setting.form === undefined || setting.form.pattern.test(value)) return value;
  throw new Senseless(
    undefined,
    `its primitive's ${name} is not ${setting.form.what}`,
    `\`crm_resource --resource ${vm} --set-parameter ${name} --parameter-value ${setting.default}\` puts it right; other VMs are not concerned.`,
  );
}

/**
 * A VM's settings from its primitive. `asked` are the settings from the metadata: they tell which are the user's own.
 */
export function readPrimitive(primitive: XmlElement, asked: PacemakerSettings) {
  const id = primitive.attrs["id"] ?? "";
  const params = nvpairs(primitive, "instance_attributes");
  const meta = nvpairs(primitive, "meta_attributes");
  const timeout = (name: string) =>
    seconds(children(child(primitive, "operations"), "op").find((op) => op.attrs["name"] === name)?.attrs["timeout"]);
  const read = (setting: NamedSetting) => {
    const { place, default: usual } = setting;
    if ("timeoutOf" in place) return timeout(place.timeoutOf);
    const [set, name] = "meta" in place ? (["meta", place.meta] as const) : (["params", place.param] as const);
    const value = { meta, params }[set][name];
    if (typeof usual === "boolean") return value === "true";
    return typeof usual === "number" ? wholeNumber(id, set, name, value) : textValue(id, name, value, setting);
  };
  const without = (all: Record<string, string>, names: string[], keep: Record<string, string>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name) || name in keep));
  return {
    started: (meta["target-role"] ?? "Started") !== "Stopped",
    ...readSettingsBy(read),
    pacemaker: {
      params: without(params, PARAM_NAMES, asked.params),
      meta: without(meta, [...META_NAMES, ...REMOTE_META], asked.meta),
      utilization: without(nvpairs(primitive, "utilization"), AUTOSET_UTILIZATION, asked.utilization),
    },
  };
}
