/** The guest tiny: Debian's kernel for virtual machines and a static busybox in an initramfs. See tiny-init. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { LabError } from "../config.ts";
import { run } from "../run.ts";
import { cloudKernel, unpack } from "./debs.ts";
import { buildInitramfs, networkModules } from "./initramfs.ts";

const commandLine = "console=ttyS0 quiet mitigations=off nokaslr cryptomgr.notests panic=1";

/**
 * Builds its disk: a FAT file system from the first sector to the last with syslinux in it. Tools write it as a plain
 * file, so no loop device and no mount can be left behind.
 */
export async function buildTiny(init: string, work: string, raw: string): Promise<void> {
  const unpacked = await unpack(work, [await cloudKernel(), "busybox-static", "dosfstools", "mtools", "syslinux"]);
  const kernel = readdirSync(join(unpacked, "boot")).find((name) => name.startsWith("vmlinuz-"));
  if (kernel === undefined) throw new LabError("the package of the kernel has no kernel");
  const initramfs = await buildInitramfs({ unpacked, init, modules: networkModules, work });
  const settings = join(work, "syslinux.cfg");
  writeFileSync(
    settings,
    `DEFAULT tiny\nPROMPT 0\nTIMEOUT 0\nLABEL tiny\n LINUX kernel\n INITRD initrd\n APPEND ${commandLine}\n`,
  );
  // syslinux calls the tools of mtools by name.
  const env = {
    PATH: `${join(unpacked, "usr/bin")}:${join(unpacked, "sbin")}:/usr/sbin:/usr/bin:/sbin:/bin`,
    MTOOLS_SKIP_CHECK: "1",
  };
  await run([join(unpacked, "sbin/mkfs.fat"), "-C", "-M", "0xf8", "-n", "TINY", raw, String(20 * 1024)], { env });
  const copy = join(unpacked, "usr/bin/mcopy");
  await run([copy, "-i", raw, join(unpacked, "boot", kernel), "::kernel"], { env });
  await run([copy, "-i", raw, initramfs, "::initrd"], { env });
  await run([copy, "-i", raw, settings, "::syslinux.cfg"], { env });
  await run([join(unpacked, "usr/bin/syslinux"), "--install", raw], { env });
}
