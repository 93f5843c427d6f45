/** An initramfs of busybox, an init and some modules of Debian's kernel. */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { run } from "../run.ts";

/** What a guest with a network needs, in the order in which they need each other; a kernel may have some built in. */
export const networkModules = [
  "button",
  "evdev",
  "virtio_ring",
  "virtio",
  "virtio_pci_modern_dev",
  "virtio_pci_legacy_dev",
  "virtio_pci",
  "failover",
  "net_failover",
  "virtio_net",
];

export interface InitramfsParts {
  /** Where the packages of busybox and the kernel were unpacked. */
  unpacked: string;
  /** The first process. */
  init: string;
  modules: readonly string[];
  work: string;
}

/** Packs an initramfs and gives its path. */
export async function buildInitramfs({ unpacked, init, modules, work }: InitramfsParts): Promise<string> {
  const root = join(work, "initramfs");
  for (const folder of ["bin", "dev", "modules"]) mkdirSync(join(root, folder), { recursive: true });
  const busybox = join(unpacked, "bin/busybox");
  copyFileSync(busybox, join(root, "bin/busybox"));
  copyFileSync(init, join(root, "init"));
  chmodSync(join(root, "init"), 0o755);
  const files = (
    await run(["find", join(unpacked, "lib/modules/"), "-name", "*.ko", "-o", "-name", "*.ko.xz"])
  ).stdout.split("\n");
  const order: string[] = [];
  for (const name of modules) {
    const file = files.find((path) => path.endsWith(`/${name}.ko`) || path.endsWith(`/${name}.ko.xz`));
    if (file === undefined) continue;
    // insmod of busybox takes none that is compressed, which Debian 13's are.
    if (file.endsWith(".xz")) await run(["xz", "--decompress", file]);
    await run(["strip", "--strip-debug", "-o", join(root, "modules", `${name}.ko`), file.replace(/\.xz$/, "")]);
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
