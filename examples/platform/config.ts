/** The differences between the stacks: Pulumi.<stack>.yaml, read once, and checked before anything is planned. */
import * as pulumi from "@pulumi/pulumi";
import type { DomainArgs } from "pulumi-seapath";
import { address, host, object, oneOf, optional, path, problemsOf, whole, word } from "./checks";

/** A stack's settings for a VM. */
export interface VmSettings {
  /** MiB. */
  memory: number;
  vcpus: number;
  /** The guest's address in its network; the MAC is derived from it. */
  address?: string;
  /** The node it runs on whenever it can; if that is down, it runs elsewhere. */
  preferredHost?: string;
  /** The only node it may run on: for VMs bound to a node's hardware. */
  pinnedHost?: string;
}

/** The same for a VM with a pacemaker_remoted inside, which the nodes must reach. */
export type RemoteSettings = VmSettings & { address: string };

export interface PlatformConfig {
  /** Prefix of the names on the cluster, so that two stacks can share one. */
  prefix: string;
  /**
   * Image files on the nodes: for VMs that Pacemaker only sees from outside, and for those with a pacemaker_remoted
   * inside.
   */
  images: { plain: string; remote: string };
  /** The hardware of all VMs. */
  hardware: Pick<DomainArgs, "type" | "machine" | "firmware">;
  /** The bridge on the nodes that all VMs connect to. */
  bridge: string;
  /** Whether one VM of the redundant pair stops rather than share a node with the other. */
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

/** The configuration of this stack. Reports all its problems at once. @throws {pulumi.RunError} */
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
