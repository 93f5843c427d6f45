/** Makes defaults explicit, so that the engine's own diff is accurate and a preview shows the outcome. */
import { defaultMac, DEFAULTS, settingList } from "../../vmmgr";
import { isUnknown } from "../engine/unknowns";
import { dropUndefined, filled, isRecord, RESOURCE, strings, TIMEOUTS, whatWasSaid, type Raw } from "../engine/values";

function withInterfaceDefaults(interfaces: unknown, vm: unknown): unknown {
  if (!Array.isArray(interfaces)) return interfaces;
  return interfaces.map((each, index) => {
    if (!isRecord(each)) return each as unknown;
    const mac = typeof vm === "string" && !isUnknown(vm) ? defaultMac(vm, index) : vm;
    const found = filled(each, { mac, model: "virtio" }) as Raw;
    return typeof found["mac"] === "string" ? { ...found, mac: found["mac"].toLowerCase() } : found;
  });
}

function withDomainDefaults(domain: unknown, vm: unknown): unknown {
  if (!isRecord(domain)) return domain;
  const found = filled(domain, {
    type: "kvm",
    vcpus: 1,
    machine: "q35",
    firmware: "efi",
    interfaces: [],
    serialConsole: true,
    guestAgent: false,
  }) as Raw;
  return { ...found, interfaces: withInterfaceDefaults(found["interfaces"], vm) };
}

/** The inputs of a VM with all defaults. Unknown values stay. */
export function withDefaults(inputs: Raw): Raw {
  const given = dropUndefined(whatWasSaid(inputs));
  delete given["__provider"];
  delete given[RESOURCE];
  const pacemaker = filled(given["pacemaker"], { meta: {}, params: {}, utilization: {} });
  return dropUndefined({
    ...given,
    systemDisk: filled(given["systemDisk"], { bus: DEFAULTS.diskBus }),
    domain: withDomainDefaults(given["domain"], given["name"]),
    adopt: given["adopt"] ?? false,
    enabled: given["enabled"] ?? true,
    started: given["started"] ?? true,
    restart: given["restart"] ?? "never",
    ...Object.fromEntries(settingList.map(({ name, default: usual }) => [name, given[name] ?? usual])),
    metadata: strings(given["metadata"] ?? {}),
    pacemaker: isRecord(pacemaker)
      ? Object.fromEntries(Object.entries(pacemaker).map(([key, each]) => [key, strings(each)]))
      : pacemaker,
    crmConfigCommands: given["crmConfigCommands"] ?? [],
    timeouts: filled(given["timeouts"], TIMEOUTS),
  });
}
