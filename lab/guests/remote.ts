/**
 * The guest remote: Debian's kernel for virtual machines, pacemaker-remote and qemu-guest-agent, resource agents, sshd.
 * Its disk has three partitions: FAT with syslinux, the root (ext4), and a tar with the keys of the lab, see seed.ts.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import { LabError } from "../config.ts";
import { run } from "../run.ts";
import { cloudKernel, unpack } from "./debs.ts";
import { buildInitramfs, networkModules } from "./initramfs.ts";
import { boot, MiB, root, seed, type Partition } from "./remote-layout.ts";
import { buildRoot } from "./remote-root.ts";

const modules = [...networkModules, "rng-core", "virtio-rng", "virtio_console", "virtio_blk"];
const commandLine = "console=ttyS0 quiet mitigations=off nokaslr cryptomgr.notests net.ifnames=0 panic=1";
const packages = [
  "busybox-static",
  "dosfstools",
  "mtools",
  "syslinux",
  "syslinux-common",
  "pacemaker-remote",
  "qemu-guest-agent",
];

/** An entry of a partition table. */
function partition({ from, size }: Partition, type: number, active: boolean): Buffer {
  const entry = Buffer.alloc(16, 0xff);
  entry.writeUInt8(active ? 0x80 : 0, 0);
  entry.writeUInt8(type, 4);
  entry.writeUInt32LE((from * MiB) / 512, 8);
  entry.writeUInt32LE((size * MiB) / 512, 12);
  return entry;
}

function masterBootRecord(code: Buffer): Buffer {
  const record = Buffer.alloc(512);
  code.copy(record, 0, 0, 440);
  const table = [partition(boot, 0x0c, true), partition(root, 0x83, false), partition(seed, 0x83, false)];
  table.forEach((entry, index) => entry.copy(record, 446 + 16 * index));
  record.writeUInt16LE(0xaa55, 510);
  return record;
}

/** Copies a file to an offset of another. */
function place(file: string, from: string, offset: number): void {
  const target = openSync(file, "r+");
  const bytes = readFileSync(from);
  writeSync(target, bytes, 0, bytes.length, offset);
  closeSync(target);
}

async function bootPartition(unpacked: string, initramfs: string, work: string): Promise<string> {
  const kernel = readdirSync(join(unpacked, "boot")).find((name) => name.startsWith("vmlinuz-"));
  if (kernel === undefined) throw new LabError("the package of the kernel has no kernel");
  const settings = join(work, "syslinux.cfg");
  writeFileSync(
    settings,
    `DEFAULT remote\nPROMPT 0\nTIMEOUT 0\nLABEL remote\n LINUX kernel\n INITRD initrd\n APPEND ${commandLine}\n`,
  );
  const file = join(work, "boot.fat");
  // syslinux calls the tools of mtools by name.
  const env = {
    PATH: `${join(unpacked, "usr/bin")}:${join(unpacked, "sbin")}:/usr/sbin:/usr/bin:/sbin:/bin`,
    MTOOLS_SKIP_CHECK: "1",
  };
  const hidden = String((boot.from * MiB) / 512);
  await run(
    [join(unpacked, "sbin/mkfs.fat"), "-C", "-M", "0xf8", "-h", hidden, "-n", "REMOTE", file, String(boot.size * 1024)],
    { env },
  );
  const copies = [
    [join(unpacked, "boot", kernel), "::kernel"],
    [initramfs, "::initrd"],
    [settings, "::syslinux.cfg"],
  ];
  for (const [from = "", to = ""] of copies)
    await run([join(unpacked, "usr/bin/mcopy"), "-i", file, from, to], { env });
  await run([join(unpacked, "usr/bin/syslinux"), "--install", file], { env });
  return file;
}

/** Builds its disk, without keys. Tools write it as a plain file: no loop device and no mount can be left behind. */
export async function buildRemote(init: string, bootInit: string, work: string, raw: string): Promise<void> {
  const unpacked = await unpack(work, [await cloudKernel(), ...packages]);
  const initramfs = await buildInitramfs({ unpacked, init: bootInit, modules, work });
  const tree = join(work, "tree");
  mkdirSync(tree, { mode: 0o755 });
  await buildRoot(unpacked, init, tree);
  writeFileSync(raw, masterBootRecord(readFileSync(join(unpacked, "usr/lib/syslinux/mbr/mbr.bin"))));
  truncateSync(raw, (seed.from + seed.size) * MiB);
  place(raw, await bootPartition(unpacked, initramfs, work), boot.from * MiB);
  const options = ["-q", "-F", "-t", "ext4", "-m", "0", "-L", "root", "-J", "size=4", "-d", tree];
  await run(["mke2fs", ...options, "-E", `offset=${root.from * MiB}`, raw, `${root.size}M`]);
}
