/** The layer under test, and inputs for it. */
import { createRequire } from "node:module";
import { cluster, fixture } from "../../cluster/fixtures.ts";
import { ScriptedRunner } from "../../cluster/runner.ts";

const require = createRequire(import.meta.url);
const load = <T>(file: string) => require(`../../../../provider/dist/resources/${file}.js`) as T;

export const { formatSize, parseSize } =
  load<typeof import("../../../../provider/dist/resources/units/size.js")>("units/size");
export const unknowns =
  load<typeof import("../../../../provider/dist/resources/engine/unknowns.js")>("engine/unknowns");
export const { checkVm } = load<typeof import("../../../../provider/dist/resources/vm/check.js")>("vm/check");
export const { claimOf, Claims } = load<typeof import("../../../../provider/dist/resources/vm/claims.js")>("vm/claims");
export const { PlannedRegister } =
  load<typeof import("../../../../provider/dist/resources/engine/planned.js")>("engine/planned");
export const { vmProvider } = load<typeof import("../../../../provider/dist/resources/vm/kind.js")>("vm/kind");
export const { withDefaults } =
  load<typeof import("../../../../provider/dist/resources/vm/defaults.js")>("vm/defaults");
export const { diffVm } = load<typeof import("../../../../provider/dist/resources/vm/diff.js")>("vm/diff");
export const state = load<typeof import("../../../../provider/dist/resources/vm/state.js")>("vm/state");

export type Raw = Record<string, unknown>;
export const TICK = "/var/lib/seapath/images/tick.qcow2";

/** Inputs as a program gives them, with few settings. */
export const typed = (more: Raw = {}): Raw => ({
  name: "web01",
  source: { nodePath: TICK },
  domain: { memory: 64 },
  ...more,
});

/** The same with libvirt's XML. */
export const xmlForm = (more: Raw = {}): Raw => ({
  name: "web01",
  source: { nodePath: TICK },
  xml: `<domain type="kvm"><title>t</title>\n<memory unit="MiB">64</memory><devices><rng model="virtio"/></devices><seclabel type="none"/></domain>`,
  ...more,
});

/** Inputs with every setting. */
export const full = (more: Raw = {}): Raw =>
  typed({
    systemDisk: { size: "20 GiB", bus: "scsi" },
    domain: {
      type: "qemu",
      memory: 2048,
      vcpus: 2,
      machine: "pc",
      firmware: "bios",
      serialConsole: false,
      guestAgent: true,
      interfaces: [
        { bridge: "br0" },
        { bridge: "ovs0", mac: "52:54:00:AA:00:01", model: "e1000", virtualport: "openvswitch", vlan: 7 },
      ],
    },
    started: false,
    preferredHost: "node2",
    liveMigration: true,
    migrationUser: "libvirtadmin",
    migrationDowntime: 100,
    migrateToTimeout: 60,
    stopTimeout: 61,
    priority: -3,
    metadata: { owner: "grid", floor: 3 },
    pacemaker: {
      meta: { "migration-threshold": 3 },
      params: { autoset_utilization_cpu: false },
      utilization: { cpu: 2 },
    },
    crmConfigCommands: ["location x web01 5: node1"],
    timeouts: { create: 900 },
    ...more,
  });

/** The user that a node lets another one log in as, when it tries that user; undefined if none. */
type Lets = (user: string, node: string) => string | undefined;

/** The lab's cluster as seen over a link; with an error, an unreachable cluster. */
export function lab(
  error?: Error,
  takes: (xml: string) => string | undefined = () => undefined,
  lets: Lets = (user) => user,
  machines?: Record<string, string | null>,
): { cluster: () => InstanceType<typeof cluster.Cluster>; asked: () => unknown[] } {
  const requests: unknown[] = [];
  const runner = new ScriptedRunner({
    "the inventory program": (request) => {
      requests.push(request);
      if (error !== undefined) throw error;
      return JSON.parse(fixture("inventory.json"));
    },
    "the lacking program": () => ({ ok: { node: "node1", lacks: [] } }),
    "the capacity program": (request) => {
      const { user, nodes } = request as { user: string; nodes: string[] };
      const others = nodes
        .filter((node) => node !== "node1")
        .map((node) => {
          const as = lets(user, node);
          return as === undefined
            ? { node, error: `root: root@${node}: Permission denied` }
            : { node, vcpus: 1, memoryBytes: 1, user: as };
        });
      const ceph = { totalBytes: 1, usedBytes: 0, availableBytes: 1 };
      return {
        ok: {
          nodes: [{ node: "node1", vcpus: 1, memoryBytes: 1 }, ...others],
          ceph,
          versions: { pacemaker: "", corosync: "", ceph: "", libvirt: "", qemu: "" },
        },
      };
    },
    // libvirt's objection to a domain, or none; the node lacks nothing.
    "the validate program": (request) => ({
      ok: {
        lacks: [],
        ...(machines && { machines: { ok: { x86_64: machines } } }),
        domains: (request as { xmls: string[] }).xmls.map((xml) => {
          const words = takes(xml);
          return words === undefined ? { ok: null } : { error: { kind: "libvirtError", message: words } };
        }),
      },
    }),
  });
  const made = new cluster.Cluster(runner);
  return { cluster: () => made, asked: () => requests };
}

/** The context of a check. */
export function checking(
  ask: () => InstanceType<typeof cluster.Cluster>,
  warn: (text: string) => void = () => undefined,
  replaced: string[] = [],
) {
  const claims = new Claims();
  for (const vm of replaced) claims.replace(vm);
  return { cluster: ask, claims, warn, planned: new PlannedRegister() };
}

/** The failures of `check`, each as "property: reason". */
export async function refused(news: Raw, olds: Raw = {}): Promise<string[]> {
  const { failures } = await checkVm(checking(lab().cluster), olds, news);
  return failures.map(({ property, reason }) => `${property}: ${reason}`);
}
