/** How this platform defines a VM: everything its VMs have in common is here. */
import type { VmArgs } from "pulumi-seapath";
import type { PlatformConfig } from "./config";

/** The inputs of a VM. Those that other code reads are plain values. */
export type PlatformVm = VmArgs & { name: string; metadata: Record<string, string> };

/** What the program sets for a VM, as opposed to the configuration. */
export interface Own {
  /** The image to create it from. */
  image: keyof PlatformConfig["images"];
  /** The team that is responsible for it. The policies require it. */
  owner: string;
  /** If there is no room for all VMs, those with higher priority run. */
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
    // A pinned VM has nowhere to move to.
    ...(pinnedHost === undefined ? { liveMigration: true } : { pinnedHost }),
    priority,
    stopTimeout: 90,
    // Without it, Pacemaker moves VMs around whenever another one comes or goes.
    pacemaker: { meta: { "resource-stickiness": "1" } },
    metadata: { owner },
  };
}

/** Derives the MAC from an address, so that one table has both. The lab's guests take their address from it. */
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
