/** The guest tiny: Debian's kernel for virtual machines and a static busybox in an initramfs. See tiny-init. */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { LabError } from "../config.ts";
import { run } from "../run.ts";
import { cloudKernel, unpack } from "./debs.ts";

/** In the order in which they need each other; a kernel may have some of them built in. */
const modules = [
  "button", "evdev", "virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci",
  "failover", "net_failover", "virtio_net",
];

const commandLine = "console=ttyS0 quiet mitigations=off nokaslr cryptomgr.notests panic=1";

/** Packs the initramfs. */
async function buildInitramfs(unpacked: string, init: string, work: string): Promise<string> {
  const root = join(work, "initramfs");
  for (const folder of ["bin", "dev", "modules"]) mkdirSync(join(root, folder), { recursive: true });
  const busybox = join(unpacked, "bin/busybox");
  copyFileSync(busybox, join(root, "bin/busybox"));
  copyFileSync(init, join(root, "init"));
  chmodSync(join(root, "init"), 0o755);
  const files = (await run(["find", join(unpacked, "lib/modules"), "-name", "*.ko"])).stdout.split("\n");
  const order: string[] = [];
  for (const name of modules) {
    const file = files.find((path) => path.endsWith(`/${name}.ko`));
    if (file === undefined) continue;
    await run(["strip", "--strip-debug", "-o", join(root, "modules", `${name}.ko`), file]);
    order.push(name);
  }
  writeFileSync(join(root, "modules/order"), `${order.join("\n")}\n`);
  // The kernel opens these before init mounts anything.
  await run(["mknod", join(root, "dev/console"), "c", "5", "1"]);
  await run(["mknod", join(root, "dev/null"), "c", "1", "3"]);
  const archive = join(work, "initramfs.gz");
  await run(["sh", "-c", 'find . | "$1" cpio -o -H newc | gzip -9 >"$2"', "sh", busybox, archive], { cwd: root });
  return archive;
}

/**
 * Builds its disk: a FAT file system from the first sector to the last with syslinux in it. Tools write it as a plain
 * file, so no loop device and no mount can be left behind.
 */
export async function buildTiny(init: string, work: string, raw: string): Promise<void> {
  const unpacked = await unpack(work, [await cloudKernel(), "busybox-static", "dosfstools", "mtools", "syslinux"]);
  const kernel = readdirSync(join(unpacked, "boot")).find((name) => name.startsWith("vmlinuz-"));
  if (kernel === undefined) throw new LabError("the package of the kernel has no kernel");
  const initramfs = await buildInitramfs(unpacked, init, work);
  const settings = join(work, "syslinux.cfg");
  writeFileSync(settings, `DEFAULT tiny\nPROMPT 0\nTIMEOUT 0\nLABEL tiny\n LINUX kernel\n INITRD initrd\n APPEND ${commandLine}\n`);
  // syslinux calls the tools of mtools by name.
  const env = { PATH: `${join(unpacked, "usr/bin")}:${join(unpacked, "sbin")}:/usr/sbin:/usr/bin:/sbin:/bin`, MTOOLS_SKIP_CHECK: "1" };
  await run([join(unpacked, "sbin/mkfs.fat"), "-C", "-M", "0xf8", "-n", "TINY", raw, String(20 * 1024)], { env });
  const copy = join(unpacked, "usr/bin/mcopy");
  await run([copy, "-i", raw, join(unpacked, "boot", kernel), "::kernel"], { env });
  await run([copy, "-i", raw, initramfs, "::initrd"], { env });
  await run([copy, "-i", raw, settings, "::syslinux.cfg"], { env });
  await run([join(unpacked, "usr/bin/syslinux"), "--install", raw], { env });
}
