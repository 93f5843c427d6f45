/** The names that vm-mgr accepts, and the names it derives from them on the cluster. */

/** Why a name is refused, or undefined if it is valid. The rule applies to VMs and metadata keys alike. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "must not be empty";
  if (!/^[A-Za-z0-9]+$/.test(name))
    return `must have letters and digits only, as vm-mgr's names do (no spaces or special chars); "${name}" has others`;
  if (name === "xml") return 'must not be "xml": that is a reserved word of vm-mgr\'s';
  return undefined;
}

/** The message for a missing VM in vm-mgr's words, which scripts look for. */
export const noSuchVm = (vm: string) => `VM "${vm}" does not exist: it is not on the cluster`;

/** Why an empty metadata value is refused. */
export const emptyValue =
  "must not be empty: of a VM with an empty value vm-mgr reads others at the wrong keys; leave the key out";

/** The RBD image of a VM's system disk. */
export const systemImage = (vm: string) => `system_${vm}`;

/** Whether an image is one of the VM's data disks. */
export const isDataImage = (vm: string, image: string) =>
  image.startsWith(`data_${vm}_`) && /^\d+$/.test(image.slice(`data_${vm}_`.length));

/** The RBD image of a VM's data disk. */
export const dataImage = (vm: string, index: number) => `data_${vm}_${index}`;

/** The number of a data disk. */
export const dataNumber = (image: string) => Number(image.slice(image.lastIndexOf("_") + 1));

/** Whether an image is one of the VM's disks. */
export const isOwnImage = (vm: string, image: string) => image === systemImage(vm) || isDataImage(vm, image);

/** Where the resource agent keeps the libvirt XML of a VM on each node. */
export const configFile = (vm: string) => `/etc/pacemaker/${vm}.xml`;

/** The ids of a VM's constraints; all but the first are vm-mgr's. */
export const constraintIds = {
  nodesOnly: (vm: string) => `nodes-only-${vm}`,
  ban: (vm: string, node: string) => `cli-ban-${vm}-on-${node}`,
  prefer: (vm: string) => `cli-prefer-${vm}`,
  pin: (vm: string, node: string) => `pin-${vm}-on${node}`,
};
