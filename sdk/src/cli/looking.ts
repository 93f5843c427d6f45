/** Read-only verbs: status, list, cluster. */
import { api, printable, type VmSummary } from "pulumi-seapath-provider";
import { printed, tableLines, terminalOf, wrapped, type Terminal } from "./print";
import { JSON_OUTPUT, NAME, WATCH, type Run, type Verb } from "./verb";
import { watched } from "./watch";

/** The rows of `list --long`, fitted to the terminal. */
export const listLines = (vms: readonly VmSummary[], terminal: Terminal): string[] =>
  tableLines(
    vms.map(({ name, status, node }) => [name, status, node ?? ""].map(printable)),
    terminal,
  );

/** The terminal without colors: the output filter would escape them like foreign escape sequences. */
const here = (): Terminal => ({ ...terminalOf(), color: false });

function printList(
  { json, given, out }: Run,
  vms: readonly VmSummary[],
  before: readonly VmSummary[] | undefined,
): void {
  if (json) return out(printed(true, vms, ""));
  if (!given.has("watch")) {
    const lines = given.has("long") ? listLines(vms, here()) : vms.map(({ name }) => name);
    return out(lines.map((line) => `${line}\n`).join(""));
  }
  if (process.stdout.isTTY) {
    process.stdout.write("\u001b[H\u001b[2J"); // our own sequence, so it bypasses the filter for foreign text
    return out(
      listLines(vms, here())
        .map((line) => `${line}\n`)
        .join(""),
    );
  }
  const known = new Map((before ?? []).map((vm) => [vm.name, JSON.stringify(vm)]));
  const gone = (before ?? []).filter(({ name }) => !vms.some((vm) => vm.name === name));
  const changed = vms.filter((vm) => known.get(vm.name) !== JSON.stringify(vm));
  const lines = [...listLines(changed, here()), ...gone.map(({ name }) => `${name}  Undefined`)];
  out(lines.map((line) => `${line}\n`).join(""));
}

type ClusterFacts = Awaited<ReturnType<typeof api.getCluster>>;

const GIB = 1024 ** 3;
const gib = (bytes: number | undefined) => (bytes === undefined ? "?" : `${(bytes / GIB).toFixed(1)} GiB`);

/** The output of `cluster`, fitted to the terminal. */
export function clusterLines(cluster: ClusterFacts, terminal: Terminal): string[] {
  const nodes = cluster.nodes.map((node) => {
    const flags = [
      node.online ? "online" : "offline",
      ...(["standby", "maintenance", "unclean"] as const).filter((flag) => node[flag]),
    ];
    return [
      node.name,
      node.role,
      flags.join(" "),
      `${node.vcpus ?? "?"} vCPUs`,
      gib(node.memoryBytes),
      node.vms.join(" "),
    ];
  });
  const { storage, versions } = cluster;
  return [
    ...tableLines(
      nodes.map((row) => row.map(printable)),
      terminal,
    ),
    ...[
      ...cluster.guestNodes.map(({ name, online }) => `${name}  guest node  ${online ? "online" : "offline"}`),
      `machines: ${cluster.machines}${cluster.oddMachines ? "" : ", an even number: SEAPATH wants an odd one, by another hypervisor or an observer"}`,
      `quorum: ${cluster.quorum ? "yes" : "no"}${cluster.maintenance ? "; in maintenance" : ""}; DC: ${cluster.dc ?? "none"}`,
      `live migration: ${cluster.migrationUser === undefined ? "no user is known whom all nodes let in" : `as ${cluster.migrationUser}`}`,
      `storage: ${gib(storage.availableBytes)} of ${gib(storage.totalBytes)} available`,
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ].flatMap((line) => wrapped(printable(line), terminal.columns)),
  ];
}

async function printCluster({ at, json, out }: Run): Promise<void> {
  const cluster = await api.getCluster(at);
  out(
    json
      ? printed(true, cluster, "")
      : clusterLines(cluster, here())
          .map((line) => `${line}\n`)
          .join(""),
  );
}

export const looking: readonly Verb[] = [
  {
    name: "status",
    help: "Print the state of a VM: Undefined, Disabled, Starting, Started, Stopped, Stopped (disabled), Stopping, FAILED",
    options: [NAME, JSON_OUTPUT, ...WATCH],
    run: (run) =>
      watched(
        run,
        () => api.getStatus(run.at, run.given.get("name")),
        (vm) => run.out(printed(run.json, vm, vm.status)),
      ),
  },
  {
    name: "list",
    help: "Print the VMs of the cluster, a name a line",
    options: [
      { name: "enabled", takes: "flag", ours: true, help: "only those that Pacemaker has" },
      {
        name: "long",
        short: "l",
        takes: "flag",
        ours: true,
        help: "with status and node; with --json also owner, hosts, vCPUs, memory and disks",
      },
      JSON_OUTPUT,
      ...WATCH,
    ],
    run: (run) => {
      const { at, given, json } = run;
      const all = (): Promise<VmSummary[]> => (json && given.has("long") ? api.listVmsInDetail(at) : api.listVms(at));
      const ask = async () => (await all()).filter((vm) => vm.enabled || !given.has("enabled"));
      return watched(run, ask, (vms, before) => printList(run, vms, before));
    },
  },
  {
    name: "cluster",
    help: "Print the cluster: nodes, quorum, what it has to offer, versions",
    options: [JSON_OUTPUT],
    ours: true,
    run: printCluster,
  },
];
