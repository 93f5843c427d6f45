/** How this platform makes a VM: what all of them have in common stands here once. */
import type { VmArgs } from "pulumi-seapath";
import type { PlatformConfig } from "./config";

/** The inputs of a VM, with those that others look at as plain values. */
export type PlatformVm = VmArgs & { name: string; metadata: Record<string, string> };

/** What the program says of a VM, and not the configuration. */
export interface Own {
  /** Which image it is made of. */
  image: keyof PlatformConfig["images"];
  /** The team that answers for it. The policies ask for it. */
  owner: string;
  /** When there is no room for all, the higher ones run. */
  priority: number;
}

/** The inputs of a VM. */
export function platformVm(
  config: PlatformConfig,
  role: keyof PlatformConfig["vms"],
  { image, owner, priority }: Own,
): PlatformVm {
  const { memory, vcpus, address, preferredHost, pinnedHost } = config.vms[role];
  const mac = address === undefined ? {} : { mac: macOf(address) };
  return {
    name: `${config.prefix}${role}`,
    source: { nodePath: config.images[image] },
    domain: { ...config.hardware, memory, vcpus, interfaces: [{ bridge: config.bridge, ...mac }] },
    ...(preferredHost === undefined ? {} : { preferredHost }),
    // A VM that is bound to a node has nowhere to move to.
    ...(pinnedHost === undefined ? { liveMigration: true } : { pinnedHost }),
    priority,
    stopTimeout: 90,
    // Without it Pacemaker moves VMs about whenever another one comes or goes.
    pacemaker: { meta: { "resource-stickiness": "1" } },
    metadata: { owner },
  };
}

/** The MAC that belongs to an address, so that one table has both. The lab's guests take their address from it. */
const macOf = (address: string): string =>
  [
    "52",
    "54",
    "00",
    ...address
      .split(".")
      .slice(1)
      .map((byte) => Number(byte).toString(16).padStart(2, "0")),
  ].join(":");
