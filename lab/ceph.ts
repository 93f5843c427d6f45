/** A Ceph cluster of one monitor, one manager and one OSD, beside the nodes and in the lab's own folder. */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";

import { cephAddress, inLab, network } from "./config.ts";
import { inSpace, findSpace } from "./space.ts";
import { until } from "./run.ts";

/** The libvirt secret that holds the key of client.libvirt: the same on all nodes, as on SEAPATH. */
export const secretUuid = "6f1cd2a1-35cc-4b3c-9d7c-2d5ad6b50b5a";

export interface Ceph {
  fsid: string;
  adminKey: string;
  libvirtKey: string;
}

const conf = inLab("ceph", "ceph.conf");

/** A key in cephx format: type, time, length, secret. Created here, so that the nodes need not wait for Ceph. */
function newKey(): string {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(1, 0);
  head.writeUInt32LE(Math.floor(Date.now() / 1000), 2);
  head.writeUInt32LE(0, 6);
  head.writeUInt16LE(16, 10);
  return Buffer.concat([head, randomBytes(16)]).toString("base64");
}

/** The text of a keyring; `caps` are those that the monitor imports from its first keyring. */
export function keyring(entity: string, key: string, caps: Record<string, string> = {}): string {
  const lines = Object.entries(caps).map(([service, cap]) => `\tcaps ${service} = "${cap}"\n`);
  return `[${entity}]\n\tkey = ${key}\n${lines.join("")}`;
}

const common = (fsid: string): string => `[global]
fsid = ${fsid}
mon_host = [v2:${cephAddress}:3300,v1:${cephAddress}:6789]
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
rbd_default_features = 61
`;

/** /etc/ceph/ceph.conf of a node. */
export const clientConf = common;

/** The daemons' own settings: one replica, little memory, and no files outside the lab. */
const serverConf = (fsid: string): string => `${common(fsid)}
mon_initial_members = a
public_network = ${network}
run_dir = ${inLab("ceph", "run")}
admin_socket = ${inLab("ceph", "run")}/$name.asok
pid_file = ${inLab("ceph", "run")}/$name.pid
log_file = ${inLab("log")}/ceph-$name.log
crash_dir = ${inLab("ceph", "crash")}
mon_data = ${inLab("ceph", "mon")}
mgr_data = ${inLab("ceph", "mgr")}
osd_data = ${inLab("ceph", "osd")}
mon_cluster_log_to_file = false
auth_allow_insecure_global_id_reclaim = false
mon_allow_pool_size_one = true
mon_allow_pool_delete = true
mon_warn_on_pool_no_redundancy = false
mon_data_avail_warn = 1
mon_data_avail_crit = 0
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_memory_target = 939524096
osd_objectstore = bluestore
bluestore_block_size = 10737418240
mgr_initial_modules =
[client.admin]
keyring = ${inLab("ceph", "admin.keyring")}
`;

export const ceph = (lab: number, argv: readonly string[]): Promise<string> =>
  inSpace(lab, ["ceph", "-c", conf, ...argv]).then((output) => output.stdout);

/** Writes the settings and keys; starts nothing. */
export function layOutCeph(): Ceph & { osdUuid: string } {
  const [admin, mon, mgr, osd, libvirt] = [newKey(), newKey(), newKey(), newKey(), newKey()] as const;
  const fsid = randomUUID();
  for (const name of ["mon", "mgr", "osd", "run", "crash"]) mkdirSync(inLab("ceph", name), { recursive: true });
  const put = (name: string, text: string): void => writeFileSync(inLab("ceph", name), text, { mode: 0o600 });
  put("ceph.conf", serverConf(fsid));
  const all = { mon: "allow *", osd: "allow *", mgr: "allow *", mds: "allow *" };
  put("admin.keyring", keyring("client.admin", admin));
  put("mgr/keyring", keyring("mgr.x", mgr));
  put("osd/keyring", keyring("osd.0", osd));
  put(
    "first.keyring",
    [
      keyring("mon.", mon, { mon: "allow *" }),
      keyring("client.admin", admin, all),
      keyring("mgr.x", mgr, { mon: "allow profile mgr", osd: "allow *", mds: "allow *" }),
      keyring("osd.0", osd, { mon: "allow profile osd", mgr: "allow profile osd", osd: "allow *" }),
      keyring("client.libvirt", libvirt, { mon: "profile rbd", osd: "profile rbd pool=rbd" }),
    ].join(""),
  );
  return { fsid, adminKey: admin, libvirtKey: libvirt, osdUuid: randomUUID() };
}

/** Starts the daemons; returns when the OSD serves the pool. */
export async function startCeph(lab: number, made: ReturnType<typeof layOutCeph>): Promise<void> {
  const daemon = (...argv: string[]) => inSpace(lab, [argv[0] ?? "", "-c", conf, ...argv.slice(1)]);
  const monitors = `[v2:${cephAddress}:3300,v1:${cephAddress}:6789]`;
  const map = inLab("ceph", "monmap");
  await inSpace(lab, ["monmaptool", "--create", "--clobber", "--addv", "a", monitors, "--fsid", made.fsid, map]);
  await daemon("ceph-mon", "--mkfs", "-i", "a", "--monmap", map, "--keyring", inLab("ceph", "first.keyring"));
  await daemon("ceph-mon", "-i", "a");
  // One session for all commands: each call of `ceph` costs half a second of Python.
  await inSpace(lab, ["ceph", "-c", conf], {
    stdin: `osd new ${made.osdUuid} 0\nosd pool create rbd 8 8 replicated\nosd pool application enable rbd rbd\n`,
  });
  await daemon("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", made.osdUuid, "--monmap", map);
  await daemon("ceph-osd", "-i", "0");
  await daemon("ceph-mgr", "-i", "x");
  await until("an answer of the pool rbd", 40, () => cephAnswers(lab), 200);
}

/** Whether the pool is readable and writable. */
export async function cephAnswers(lab: number | undefined = findSpace().lab): Promise<boolean> {
  if (lab === undefined) return false;
  const probe = ["timeout", "3", "rados", "-c", conf, "-p", "rbd", "put", "seapath-lab-probe", "-"];
  return (await inSpace(lab, probe, { ok: true, stdin: "here" })).exitCode === 0;
}
