/** The root file system of the guest remote: files of packages that this machine has, and of some that it may not have. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { clusterOwner } from "../node.ts";
import { run } from "../run.ts";

/** Their programs come along. The resource agents of all of Debian's packages that are installed do as well. */
const packages = [
  "bash",
  "coreutils",
  "dash",
  "debianutils",
  "findutils",
  "grep",
  "hostname",
  "pacemaker-cli-utils",
  "procps",
  "sed",
];
/** OpenSSH from 9.8 on has a program of its own for each part of a session. */
const sshdParts = ["sshd-session", "sshd-auth"].map((name) => `/usr/lib/openssh/${name}`);

const programs = [
  "gawk",
  "getopt",
  "flock",
  "ip",
  "ldd",
  "logger",
  "mke2fs",
  "mount",
  "mountpoint",
  "setsid",
  "sshd",
  "tar",
  "umount",
];

const folders = [
  "usr/bin",
  "usr/sbin",
  "usr/lib",
  "usr/lib64",
  "usr/share",
  "etc/acpi/PWRF",
  "etc/init.d",
  "etc/pacemaker",
  "etc/ssh",
  "root/.ssh",
  "proc",
  "sys",
  "dev",
  "run",
  "tmp",
  "data",
  "srv/www",
  "var/log/pacemaker",
  "var/lib/pacemaker/cib",
  "var/lib/pacemaker/cores",
  "var/lib/pacemaker/pengine",
  "var/lib/pacemaker/blackbox",
];

const accounts = /^(root|hacluster|sshd|nobody|daemon|haclient|nogroup|tty|adm|disk):/;

/** Lines of a file of this machine that name accounts which the guest has too. */
async function accountLines(file: string): Promise<string> {
  const { stdout } = await run(["cat", file]);
  return stdout
    .split("\n")
    .filter((line) => accounts.test(line))
    .map((line) => `${line.replace(/^(root:.*:)[^:]*$/, "$1/bin/bash")}\n`)
    .join("");
}

const files = async (): Promise<Record<string, string>> => ({
  "etc/passwd": await accountLines("/etc/passwd"),
  "etc/group":
    (await run(["cat", "/etc/group"])).stdout
      .split("\n")
      .filter((line) => accounts.test(line))
      .join("\n") + "\n",
  "etc/shadow": "root:*:19000:0:99999:7:::\nhacluster:!:19000::::::\nsshd:!:19000::::::\n",
  "etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
  "etc/acpi/PWRF/00000080": "#!/bin/sh\nsync\nbusybox poweroff -f\n",
  // Emulated, a key exchange that is safe from quantum computers too takes seconds.
  "etc/ssh/sshd_config":
    "PermitRootLogin prohibit-password\nPasswordAuthentication no\nUsePAM no\nUseDNS no\nKexAlgorithms curve25519-sha256\n",
  "srv/www/index.html": "served from inside of the guest\n",
});

/** The programs with their paths in the guest, where /bin is /usr/bin. */
async function programPaths(): Promise<string[]> {
  const listed = (await run(["dpkg", "-L", ...packages])).stdout
    .split("\n")
    .filter((path) => /^(\/usr)?\/s?bin\/./.test(path));
  const found = (await run(["which", ...programs])).stdout.trim().split("\n");
  return [...new Set([...listed, ...found])].filter((path) => existsSync(path));
}

const inGuest = (path: string): string => (/^\/(s?bin|lib|lib64)\//.test(path) ? `/usr${path}` : path);

function copy(root: string, from: string, to = inGuest(from)): string {
  const target = join(root, to);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(realpathSync(from), target);
  return target;
}

/** Copies the libraries that programs ask for. */
async function copyLibraries(root: string, binaries: string[]): Promise<string[]> {
  // A script is none, which ldd says with its exit code.
  const { stdout } = await run(["ldd", ...binaries], { ok: true });
  const libraries = new Set(stdout.match(/\/\S+\.so\S*/g)?.filter((path) => !path.endsWith(":")) ?? []);
  for (const name of ["libnss_files.so.2"]) libraries.add(`/lib/x86_64-linux-gnu/${name}`);
  return [...libraries].map((library) => copy(root, library));
}

/** Lays out the root in a folder. */
export async function buildRoot(unpacked: string, init: string, root: string): Promise<void> {
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  for (const name of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${name}`, join(root, name));
  symlinkSync("/run", join(root, "var/run"));
  const binaries = [
    ...[...(await programPaths()), ...sshdParts.filter((path) => existsSync(path))].map((path) => copy(root, path)),
    ...["usr/sbin/pacemaker-remoted", "usr/sbin/qemu-ga"].map((path) => copy(root, join(unpacked, path), path)),
  ];
  await run(["cp", "-a", "/usr/lib/ocf", join(root, "usr/lib/")]);
  await run(["cp", "-a", "/usr/share/pacemaker", join(root, "usr/share/")]);
  const helpers = (await run(["find", join(root, "usr/lib/ocf"), "-type", "f", "-perm", "-1"])).stdout
    .trim()
    .split("\n");
  const libraries = await copyLibraries(root, [...binaries, ...helpers]);
  await run(["strip", "--strip-unneeded", ...binaries, ...libraries], { ok: true }); // scripts are refused
  copy(root, join(unpacked, "bin/busybox"), "/usr/bin/busybox");
  chmodSync(join(root, "usr/bin/busybox"), 0o755);
  // What is not there in full is there as busybox has it. Its su needs no PAM.
  for (const name of (await run([join(unpacked, "bin/busybox"), "--list"])).stdout.trim().split("\n")) {
    const there = ["usr/bin", "usr/sbin"].some((folder) => existsSync(join(root, folder, name)));
    if (!there) symlinkSync("busybox", join(root, "usr/bin", name));
  }
  symlinkSync("gawk", join(root, "usr/bin/mawk"));
  await run(["ln", "-sf", "gawk", join(root, "usr/bin/awk")]);
  await run(["ln", "-sf", "dash", join(root, "usr/bin/sh")]);
  copy(root, init, "/usr/sbin/init");
  for (const [path, text] of Object.entries(await files())) writeFileSync(join(root, path), text);
  for (const path of ["usr/sbin/init", "etc/acpi/PWRF/00000080"]) chmodSync(join(root, path), 0o755);
  chmodSync(join(root, "etc/shadow"), 0o640);
  chmodSync(join(root, "root/.ssh"), 0o700);
  chmodSync(join(root, "root"), 0o700);
  await run(["ldconfig", "-r", root]);
  const [user, group] = clusterOwner();
  for (const path of folders.filter((each) => /^var\/(log|lib)\/pacemaker/.test(each)))
    chownSync(join(root, path), user, group);
}
