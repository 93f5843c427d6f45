/** What the stacks differ in: Pulumi.<stack>.yaml, read once, and checked before anything is planned. */
import * as pulumi from "@pulumi/pulumi";
import type { DomainArgs } from "pulumi-seapath";
import { address, host, object, oneOf, optional, path, problemsOf, whole, word } from "./checks";

/** What a stack says of a VM. */
export interface VmSettings {
  /** MiB. */
  memory: number;
  vcpus: number;
  /** Of the guest in its network; the MAC is made of it. */
  address?: string;
  /** It runs there whenever it can, and elsewhere when that node is down. */
  preferredHost?: string;
  /** It runs there and nowhere else: for what is bound to the hardware of a node. */
  pinnedHost?: string;
}

/** The same of a VM with a pacemaker_remoted inside, which the nodes have to reach. */
export type RemoteSettings = VmSettings & { address: string };

export interface PlatformConfig {
  /** Comes before the names on the cluster, so that two stacks can share one. */
  prefix: string;
  /** Files on the nodes: for VMs that Pacemaker sees from outside only, and for those with a pacemaker_remoted inside. */
  images: { plain: string; remote: string };
  /** How all VMs are built. */
  hardware: Pick<DomainArgs, "type" | "machine" | "firmware">;
  /** The bridge of the nodes that all VMs are on. */
  bridge: string;
  /** Whether one of the redundant pair rather stops than share a node with the other. */
  strictlyApart: boolean;
  vms: {
    protection1: VmSettings;
    protection2: VmSettings;
    gateway: RemoteSettings;
    hmi: RemoteSettings;
    recorder: VmSettings;
  };
}

const remoteVm = { memory: whole, vcpus: whole, address, preferredHost: optional(host), pinnedHost: optional(host) };
const vm = object({ ...remoteVm, address: optional(address) });

const schema = object({
  prefix: word,
  images: object({ plain: path, remote: path }),
  hardware: object({
    type: optional(oneOf("kvm", "qemu")),
    machine: optional(host),
    firmware: optional(oneOf("efi", "bios")),
  }),
  bridge: host,
  strictlyApart: oneOf(true, false),
  vms: object({ protection1: vm, protection2: vm, gateway: object(remoteVm), hmi: object(remoteVm), recorder: vm }),
});

/** The configuration of this stack. All that is wrong with it is told at once. @throws {pulumi.RunError} */
export function readConfig(): PlatformConfig {
  const config = new pulumi.Config();
  const given: Record<keyof PlatformConfig, unknown> = {
    prefix: config.get("prefix"),
    images: config.getObject("images"),
    hardware: config.getObject("hardware") ?? {},
    bridge: config.get("bridge") ?? "br0",
    strictlyApart: config.getBoolean("strictlyApart") ?? true,
    vms: config.getObject("vms"),
  };
  const problems = problemsOf(`${pulumi.getProject()}:`, given, schema);
  if (problems.length === 0) return given as PlatformConfig;
  throw new pulumi.RunError([`Unable to use Pulumi.${pulumi.getStack()}.yaml:`, ...problems].join("\n  - "));
}
