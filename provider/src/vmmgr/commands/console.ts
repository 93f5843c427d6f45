/** The serial console of a VM, on the user's terminal. */
import { libvirtUri, openTerminal, openWay, type Terminal } from "../../cluster";
import type { Context } from "../core/context";
import { getVm, NotNow } from "../vm/lifecycle";

export type { Terminal } from "../../cluster";

/**
 * Opens it where the VM runs, until the user leaves it (Ctrl-]).
 * @param user the user that libvirt tries first between nodes; if the nodes accept no user, ssh may ask for this one's
 * password
 * @returns the exit code of `virsh console`
 */
export async function openConsole({ cluster }: Context, vm: string, user: string, terminal: Terminal): Promise<number> {
  const inventory = await cluster.inventory();
  const { node } = getVm(inventory, vm, "open the console of");
  if (node === undefined)
    throw new NotNow(
      "open the console of",
      vm,
      inventory.node,
      "it is not running on any hypervisor",
      "Start it first.",
    );
  const at = { domain: vm, node, asked: inventory.node, user };
  const uri = node === inventory.node ? libvirtUri(at) : ((await openWay(cluster.runner, at)) ?? libvirtUri(at, true));
  return openTerminal(cluster.runner, ["virsh", "--connect", uri, "console", vm], terminal);
}
