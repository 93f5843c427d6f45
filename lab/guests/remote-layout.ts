/** The three partitions of the guest remote's disk, in MiB: syslinux and the kernel, the root, the lab's keys. */
export const MiB = 1024 * 1024;

export interface Partition {
  from: number;
  size: number;
}

export const boot: Partition = { from: 1, size: 19 };
export const root: Partition = { from: 20, size: 140 };
export const seed: Partition = { from: 160, size: 1 };
