/** The files that turn a copy of this machine's root into a SEAPATH node. */
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";

import { sourceDir, type LabNode } from "./config.ts";
import { hardenedFiles, takenAway } from "./hardened.ts";
import { filesOfRelease } from "./release-files.ts";
import { clientConf, keyring, secretUuid, type Ceph } from "./ceph.ts";

export interface NodeFile {
  path: string;
  text: string | Uint8Array;
  mode?: number;
  owner?: "cluster";
}

/** What all nodes share. */
export interface Cluster {
  nodes: LabNode[];
  ceph: Ceph;
  /** root's key pair on all nodes; the lab's user logs in to the nodes with it too. */
  privateKey: string;
  publicKey: string;
  knownHosts: string;
  hostKeys: Map<string, { privateKey: string; publicKey: string }>;
  pacemakerKey: Uint8Array;
  /** Hardened nodes: root's key pair on all of them; it does not log in as root. */
  nodeKeys?: { privateKey: string; publicKey: string };
  upstreamAgent: boolean;
}

/**
 * Folders whose content a node does not share with this machine: it belongs to services that this machine may run
 * itself. `cluster` marks those of Pacemaker's user.
 */
export const ownFolders: { path: string; mode: number; owner?: "cluster" }[] = [
  { path: "/root", mode: 0o700 },
  { path: "/root/.ssh", mode: 0o700 },
  { path: "/etc/ceph", mode: 0o755 },
  { path: "/etc/corosync", mode: 0o755 },
  { path: "/etc/libvirt/qemu", mode: 0o700 },
  { path: "/etc/libvirt/secrets", mode: 0o700 },
  { path: "/etc/libvirt/storage", mode: 0o755 },
  { path: "/etc/pacemaker", mode: 0o755 },
  { path: "/etc/ssh", mode: 0o755 },
  { path: "/var/cache/libvirt", mode: 0o755 },
  { path: "/var/lib/ceph", mode: 0o755 },
  { path: "/var/lib/corosync", mode: 0o700 },
  { path: "/var/lib/libvirt", mode: 0o755 },
  { path: "/var/lib/libvirt/images", mode: 0o711 },
  { path: "/var/lib/pacemaker", mode: 0o755 },
  { path: "/var/lib/pacemaker/blackbox", mode: 0o750, owner: "cluster" },
  { path: "/var/lib/pacemaker/cib", mode: 0o750, owner: "cluster" },
  { path: "/var/lib/pacemaker/cores", mode: 0o750, owner: "cluster" },
  { path: "/var/lib/pacemaker/pengine", mode: 0o750, owner: "cluster" },
  { path: "/var/lib/seapath", mode: 0o755 },
  { path: "/var/lib/seapath/images", mode: 0o755 },
  { path: "/var/log", mode: 0o755 },
  { path: "/var/log/ceph", mode: 0o755 },
  { path: "/var/log/crmsh", mode: 0o775, owner: "cluster" },
  { path: "/var/log/corosync", mode: 0o755 },
  { path: "/var/log/libvirt", mode: 0o755 },
  { path: "/var/log/libvirt/qemu", mode: 0o755 },
  { path: "/var/log/pacemaker", mode: 0o770, owner: "cluster" },
];

/**
 * The token timeout is corosync's default of 3 s, so that a busy machine does not count as a dead node; joining can be
 * fast.
 */
const corosync = (nodes: LabNode[]): string => `totem {
  version: 2
  cluster_name: seapath
  transport: knet
  crypto_cipher: none
  crypto_hash: none
  token: 3000
  join: 50
}
nodelist {
${nodes.map((node, index) => `  node {\n    ring0_addr: ${node.address}\n    name: ${node.name}\n    nodeid: ${index + 1}\n  }`).join("\n")}
}
quorum {
  provider: corosync_votequorum
}
logging {
  to_logfile: yes
  logfile: /var/log/corosync/corosync.log
  to_syslog: no
  timestamp: on
}
`;

/**
 * The cluster's first configuration, present before Pacemaker starts: with the default dc-deadtime, a node that hears
 * of no coordinator waits 20 s for one.
 */
const cib = `<cib admin_epoch="0" epoch="1" num_updates="0" validate-with="pacemaker-3.9">
  <configuration>
    <crm_config>
      <cluster_property_set id="cib-bootstrap-options">
        <nvpair id="cib-bootstrap-options-stonith-enabled" name="stonith-enabled" value="false"/>
        <nvpair id="cib-bootstrap-options-dc-deadtime" name="dc-deadtime" value="4s"/>
      </cluster_property_set>
    </crm_config>
    <nodes/>
    <resources/>
    <constraints/>
    <rsc_defaults>
      <meta_attributes id="rsc-options">
        <nvpair id="rsc-options-resource-stickiness" name="resource-stickiness" value="1"/>
      </meta_attributes>
    </rsc_defaults>
  </configuration>
  <status/>
</cib>
`;

/** OpenSSH's defaults, except for passwords. */
const sshd = `HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
`;

/** There are no cgroups, udev or other users here that libvirt could use for isolation. */
const qemu = `user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
remember_owner = 0
`;

const secret = `<secret ephemeral='no' private='no'>
  <uuid>${secretUuid}</uuid>
  <usage type='ceph'><name>client.libvirt secret</name></usage>
</secret>
`;

/** A fixed identity per name. Two libvirts with the same identity refuse to migrate to each other. */
const identity = (name: string): string =>
  createHash("sha256").update(`seapath-lab ${name}`).digest("hex").slice(0, 32);

export function nodeFiles(node: LabNode, cluster: Cluster): NodeFile[] {
  const files = plainFiles(node, cluster);
  if (cluster.nodeKeys === undefined) return files;
  const own = hardenedFiles(cluster, cluster.nodeKeys, uuidOf(node));
  return [...files.filter(({ path }) => !takenAway.includes(path) && !own.some((each) => each.path === path)), ...own];
}

function uuidOf(node: LabNode): string {
  return identity(node.name).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
}

function plainFiles(node: LabNode, cluster: Cluster): NodeFile[] {
  const id = identity(node.name);
  const uuid = uuidOf(node);
  const hostKey = cluster.hostKeys.get(node.name) ?? { privateKey: "", publicKey: "" };
  const hosts = cluster.nodes.map(({ address, name }) => `${address} ${name}\n`).join("");
  const observers = cluster.nodes.filter(({ role }) => role === "observer").map(({ name }) => `observer=${name}\n`);
  return [
    { path: "/etc/seapath-lab/node", text: `NAME=${node.name}\nADDRESS=${node.address}\n` },
    { path: "/usr/local/sbin/node-init", text: readFileSync(`${sourceDir}boot/node-init`), mode: 0o755 },
    ...filesOfRelease(),
    { path: "/etc/hostname", text: `${node.name}\n` },
    { path: "/etc/hosts", text: `127.0.0.1 localhost\n${hosts}` },
    { path: "/etc/machine-id", text: `${id}\n` },
    { path: "/etc/cluster.conf", text: `[machines]\n${observers.join("")}` },
    { path: "/etc/corosync/corosync.conf", text: corosync(cluster.nodes) },
    { path: "/etc/ceph/ceph.conf", text: clientConf(cluster.ceph.fsid) },
    { path: "/etc/ceph/ceph.client.admin.keyring", text: keyring("client.admin", cluster.ceph.adminKey), mode: 0o600 },
    {
      path: "/etc/ceph/ceph.client.libvirt.keyring",
      text: keyring("client.libvirt", cluster.ceph.libvirtKey),
      mode: 0o600,
    },
    { path: "/etc/pacemaker/authkey", text: cluster.pacemakerKey, mode: 0o640, owner: "cluster" },
    { path: "/var/lib/pacemaker/cib/cib.xml", text: cib, mode: 0o600, owner: "cluster" },
    {
      path: "/etc/libvirt/libvirtd.conf",
      text: `host_uuid = "${uuid}"\nauth_unix_ro = "none"\nauth_unix_rw = "none"\n`,
    },
    { path: "/etc/libvirt/qemu.conf", text: qemu },
    { path: `/etc/libvirt/secrets/${secretUuid}.xml`, text: secret, mode: 0o600 },
    { path: `/etc/libvirt/secrets/${secretUuid}.base64`, text: cluster.ceph.libvirtKey, mode: 0o600 },
    { path: "/etc/ssh/sshd_config", text: sshd },
    { path: "/etc/ssh/ssh_host_ed25519_key", text: hostKey.privateKey, mode: 0o600 },
    { path: "/etc/ssh/ssh_host_ed25519_key.pub", text: hostKey.publicKey },
    { path: "/root/.ssh/authorized_keys", text: cluster.publicKey, mode: 0o600 },
    { path: "/root/.ssh/id_ed25519", text: cluster.privateKey, mode: 0o600 },
    { path: "/root/.ssh/known_hosts", text: cluster.knownHosts },
    {
      path: "/usr/lib/ocf/resource.d/seapath/VirtualDomain",
      text: readFileSync(`${sourceDir}agent/VirtualDomain`),
      mode: 0o755,
    },
    ...(cluster.upstreamAgent ? [{ path: "/etc/seapath-lab/upstream-agent", text: "" }] : []),
  ];
}
