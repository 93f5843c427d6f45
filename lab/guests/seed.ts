/**
 * Turns a copy of the guest remote into one of this lab, with Pacemaker's key, the key that its sshd accepts, and its
 * own host key. They are a tar on the disk's third partition, which the guest unpacks at its first start.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import { LabError } from "../config.ts";
import { clusterOwner } from "../node.ts";
import { run } from "../run.ts";
import { MiB, seed } from "./remote-layout.ts";

export interface SeedParts {
  /** /etc/pacemaker/authkey of the nodes. */
  pacemakerKey: Uint8Array;
  /** The public key that the guest accepts. */
  publicKey: string;
}

/** The known_hosts file for the guest. */
export const guestKnownHosts = "guests/known_hosts";

/** Creates the seed in a folder and returns its bytes. */
async function makeSeed(folder: string, parts: SeedParts): Promise<Buffer> {
  const tree = join(folder, "seed");
  rmSync(tree, { recursive: true, force: true });
  for (const path of ["etc/pacemaker", "etc/ssh", "root/.ssh"]) mkdirSync(join(tree, path), { recursive: true });
  const [, group] = clusterOwner();
  writeFileSync(join(tree, "etc/pacemaker/authkey"), parts.pacemakerKey);
  writeFileSync(join(tree, "root/.ssh/authorized_keys"), parts.publicKey);
  const hostKey = join(folder, "host_key");
  if (!existsSync(hostKey)) await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "guest", "-f", hostKey]);
  copyFileSync(hostKey, join(tree, "etc/ssh/ssh_host_ed25519_key"));
  const [type, key] = readFileSync(`${hostKey}.pub`, "utf8").split(" ");
  writeFileSync(join(folder, "known_hosts"), `10.99.0.* ${type} ${key}\n`);
  for (const [mode, ...paths] of [
    ["0600", "root/.ssh/authorized_keys", "etc/ssh/ssh_host_ed25519_key"],
    ["0640", "etc/pacemaker/authkey"],
    ["0750", "etc/pacemaker"],
    ["0700", "root", "root/.ssh"],
  ]) {
    await run(["chmod", mode ?? "", ...paths], { cwd: tree });
  }
  await run(["chgrp", String(group), "etc/pacemaker", "etc/pacemaker/authkey"], { cwd: tree });
  const archive = join(folder, "seed.tar");
  await run(["tar", "--numeric-owner", "-cf", archive, "-C", tree, "etc", "root"]);
  const bytes = readFileSync(archive);
  rmSync(tree, { recursive: true });
  rmSync(archive);
  if (bytes.length > seed.size * MiB) throw new LabError("the seed of the guest does not fit");
  return bytes;
}

/** Copies a built guest into a folder of the lab, adds the lab's keys, and returns the copies. */
export async function seedGuest(
  built: { raw: string },
  folder: string,
  parts: SeedParts,
): Promise<{ raw: string; qcow2: string }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [raw, qcow2] = [join(folder, "remote.raw"), join(folder, "remote.qcow2")];
  await run(["cp", "--sparse=always", built.raw, raw]);
  const file = openSync(raw, "r+");
  const bytes = await makeSeed(folder, parts);
  writeSync(file, bytes, 0, bytes.length, seed.from * MiB);
  closeSync(file);
  await run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, qcow2]);
  return { raw, qcow2 };
}
