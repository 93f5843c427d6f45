/** The properties, equipment and deficits of nodes. */
import {
  HostKeyError,
  isOutOfReach,
  LoginRefused,
  SettingsError,
  type Examination,
  type Looked,
  type Unexamined,
} from "../../cluster";
import { describeError, SeapathError } from "../../errors";
import { finding, listed, type Finding, type FindingId } from "./finding";

/** The finding for a node that could not be examined, depending on the reason. */
export function unexaminedFinding({ address, error }: Unexamined): Finding {
  const said = error instanceof SeapathError ? error.message : describeError(error);
  const hint = error instanceof SeapathError && error.hint !== undefined ? error.hint : undefined;
  const id: FindingId =
    error instanceof HostKeyError
      ? "host-key-refused"
      : error instanceof LoginRefused
        ? "login-refused"
        : error instanceof SettingsError && error.setting === "sudo"
          ? "sudo-refused"
          : isOutOfReach(error)
            ? "node-unreachable"
            : "node-not-examined";
  return finding(
    id,
    { node: address },
    `${address} could not be examined: ${said}`,
    hint ?? "Put that right, and ask again: nothing is known of this node.",
  );
}

/** Online nodes that were not examined. @param unexamined addresses that did not answer */
export function forgottenFindings(
  online: readonly string[],
  examined: readonly Examination[],
  unexamined: readonly Unexamined[],
): Finding[] {
  const seen = new Set(examined.map(({ node }) => node));
  const told = new Set(unexamined.map(({ address }) => address.replace(/^.*@/, "").replace(/:\d+$/, "")));
  return online
    .filter((node) => !seen.has(node) && !told.has(node))
    .map((node) =>
      finding(
        "node-not-examined",
        { node },
        `${node} is online and was not examined: no host of the settings that answers is ${node}`,
        "Name every node in `seapath:hosts` or --hosts; the host name of each has to be what `crm_node --list` calls it.",
      ),
    );
}

/** The finding for a part of a node that could not be examined. */
const unreadable = (node: string, what: string, words: string): Finding =>
  finding(
    "part-unreadable",
    { node },
    `${what} of ${node} could not be looked at: ${words}`,
    "Put that right, and ask again.",
  );

/** The content of a part, or the finding that it could not be read. */
export const readPart = <T>(node: string, what: string, part: Looked<T>): { value?: T; findings: Finding[] } =>
  "ok" in part ? { value: part.ok, findings: [] } : { findings: [unreadable(node, what, part.error)] };

/** Checks each node's requirements. @param agents the agents of the cluster's primitives, by provider */
export function haveFindings(
  examined: readonly Examination[],
  hypervisors: readonly string[],
  agents: ReadonlyMap<string, readonly string[]>,
): Finding[] {
  const users = examined
    .filter(({ root }) => !root)
    .map(({ node, address }) =>
      finding(
        "not-root",
        { node },
        `programs on ${address} are not run as root, so most of it cannot be looked at or changed`,
        "Log in as root, or set `seapath:sudo` to true (--sudo) for a user that sudo lets run programs.",
      ),
    );
  const hosts = examined.filter(({ node }) => hypervisors.includes(node));
  return [
    ...users,
    ...examined.flatMap((each) => toolFindings(each, hypervisors)),
    ...hosts.flatMap((each) => hypervisorFindings(each, agents)),
    ...secretFindings(hosts),
    ...versionFindings(examined),
  ];
}

/** Software that every machine runs. */
const EVERYWHERE = ["pacemaker", "corosync"];

function toolFindings({ node, versions }: Examination, hypervisors: readonly string[]): Finding[] {
  return Object.entries(versions).flatMap(([tool, version]) => {
    if ("ok" in version || (!EVERYWHERE.includes(tool) && !hypervisors.includes(node))) return [];
    return [
      finding(
        "tool-missing",
        { node },
        `${tool} on ${node} does not say its version: ${version.error}`,
        `Install it on ${node}, or put it right.`,
      ),
    ];
  });
}

function hypervisorFindings(
  { node, modules, agents, ceph, libvirt, virtual }: Examination,
  needed: ReadonlyMap<string, readonly string[]>,
): Finding[] {
  const about = { node };
  const missing = Object.entries(modules)
    .filter(([, there]) => !there)
    .map(([name]) => name);
  const reason = "error" in libvirt ? libvirt.error : "error" in virtual ? virtual.error : undefined;
  return [
    ...(missing.length === 0
      ? []
      : [
          finding(
            "module-missing",
            about,
            `Python on ${node} has no ${listed(missing)}: commands do the same, more slowly`,
            `Install ${listed(missing.map((name) => `python3-${name}`))} on ${node}.`,
          ),
        ]),
    ...("error" in ceph
      ? [
          finding(
            "ceph-unreachable",
            about,
            `Ceph does not answer ${node}: ${ceph.error}`,
            `See \`ceph status\` on ${node}: no VM can have its disks there.`,
          ),
        ]
      : []),
    ...(reason === undefined
      ? []
      : [
          finding(
            "libvirt-unreachable",
            about,
            `libvirt on ${node} does not answer: ${reason}`,
            `See \`virsh version\` on ${node}: no VM can run there.`,
          ),
        ]),
    ...[...needed].flatMap(([provider, names]) => {
      const { value, findings } = readPart(
        node,
        `the agents of ocf:${provider}`,
        agents[provider] ?? { error: "it did not say" },
      );
      const lacking = value === undefined ? [] : names.filter((name) => !value.includes(name));
      return [
        ...findings,
        ...lacking.map((name) =>
          finding(
            "agent-missing",
            about,
            `${node} has no resource agent ocf:${provider}:${name}, so what is of it cannot be started there`,
            `Install it on ${node}, as on the other nodes.`,
          ),
        ),
      ];
    }),
  ];
}

/** libvirt opens disks with a secret that must have the same uuid on every hypervisor: domains refer to it. */
function secretFindings(hosts: readonly Examination[]): Finding[] {
  const found = hosts.flatMap(({ node, libvirt }) => ("ok" in libvirt ? [{ node, secret: libvirt.ok.secret }] : []));
  const missing = found
    .filter(({ secret }) => secret === null)
    .map(({ node }) =>
      finding(
        "libvirt-secret-missing",
        { node },
        `libvirt on ${node} has no secret "client.libvirt secret", by which it opens disks`,
        `Define it on ${node} under the uuid that it has on the other nodes (\`virsh secret-list\`).`,
      ),
    );
  const uuids = grouped(found.flatMap(({ node, secret }) => (secret === null ? [] : [[node, secret] as const])));
  if (uuids.size < 2) return missing;
  return [
    ...missing,
    finding(
      "libvirt-secret-differs",
      {},
      `libvirt's secret "client.libvirt secret" has not the same uuid everywhere, so a VM starts on some nodes only: ${said(uuids)}`,
      "Define it under one uuid on every hypervisor.",
    ),
  ];
}

/** The nodes by value. */
function grouped(pairs: readonly (readonly [node: string, value: string])[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [node, value] of pairs) found.set(value, [...(found.get(value) ?? []), node]);
  return found;
}

const said = (groups: ReadonlyMap<string, readonly string[]>) =>
  [...groups].map(([value, nodes]) => `${value} on ${listed(nodes)}`).join(", ");

/** Tools whose versions differ between nodes. */
function versionFindings(examined: readonly Examination[]): Finding[] {
  const all = examined.map(({ node, versions, virtual }) => ({
    node,
    has: { ...onlyRead(versions), ...("ok" in virtual ? virtual.ok : {}) },
  }));
  const tools = [...new Set(all.flatMap(({ has }) => Object.keys(has)))];
  return tools.flatMap((tool) => {
    const groups = grouped(all.flatMap(({ node, has }) => (has[tool] ? [[node, has[tool]] as const] : [])));
    if (groups.size < 2) return [];
    return [
      finding(
        "versions-differ",
        {},
        `nodes have different versions of ${tool}: ${said(groups)}`,
        "Bring all nodes to one version: a VM does not always move to an older one.",
      ),
    ];
  });
}

const onlyRead = (parts: Readonly<Record<string, Looked<string>>>): Record<string, string> =>
  Object.fromEntries(Object.entries(parts).flatMap(([key, part]) => ("ok" in part ? [[key, part.ok]] : [])));

/** Processors of different models. */
export function processorFindings(hosts: readonly Examination[]): Finding[] {
  const parts = hosts.map(({ node, cpu }) => ({ node, ...readPart(node, "the processor", cpu) }));
  const groups = grouped(parts.flatMap(({ node, value }) => (value === undefined ? [] : [[node, value] as const])));
  const differ =
    groups.size < 2
      ? []
      : [
          finding(
            "processors-differ",
            {},
            `hypervisors have processors of different models: ${said(groups)}`,
            "Give VMs that are to move live a model that all have, in `<cpu>` of their domain.",
          ),
        ];
  return [...parts.flatMap(({ findings }) => findings), ...differ];
}
