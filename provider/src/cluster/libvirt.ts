/** libvirt on the node that is asked. */
import type { Runner } from "../transport/types";
import { runLong, runProgram } from "./program";

/**
 * Tells a running guest that a disk has grown.
 * @param at where the guest runs: the node that is asked, or another one, which libvirt reaches by its own SSH
 * @param target the disk's device, e.g. `vda`
 */
export async function growDisk(
  runner: Runner,
  at: { domain: string; node: string; asked: string; user: string },
  target: string,
  bytes: number,
): Promise<void> {
  const uri = at.node === at.asked ? "qemu:///system" : `qemu+ssh://${at.user}@${at.node}/system`;
  const argv = ["virsh", "--connect", uri, "blockresize", at.domain, target, `${bytes}B`];
  await runLong(runner, { argv, timeoutMs: 60_000 });
}

/**
 * Asks libvirt whether it takes a domain, by defining it with validation and undefining it.
 * The XML must carry a name and a uuid of its own: a running domain of that name would become a persistent one.
 * @throws ProgramError (`kind` "libvirtError") with libvirt's words when it does not
 */
export async function validateDomain(runner: Runner, xml: string): Promise<void> {
  await runProgram(runner, "validate", { xml });
}
