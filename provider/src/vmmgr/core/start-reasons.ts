/** Why a start failed: Pacemaker records only the agent's general reason; libvirt's message is in the nodes' logs. */
import { readReasons, type Cluster, type ClusterStatus, type LoggedReason } from "../../cluster";

/** The nodes on which a VM failed to start. */
export const failedStarts = (status: ClusterStatus, vm: string): string[] => [
  ...new Set(
    status.failures.filter((each) => each.resource === vm && each.operation === "start").map(({ node }) => node),
  ),
];

/** The reasons from those nodes' logs. They only add detail, so a failed query yields an empty list. */
export async function startReasons(cluster: Cluster, status: ClusterStatus, vm: string): Promise<LoggedReason[]> {
  const nodes = failedStarts(status, vm);
  return nodes.length === 0 ? [] : readReasons(cluster.runner, vm, "start", nodes).catch(() => []);
}

const all = (names: readonly string[]) => [...new Set(names)].sort().join(", ");

/** The known reasons plus those from the logs, each text once. */
export function withReasons(known: string, logged: readonly LoggedReason[]): string {
  if (logged.length === 0) return known;
  const texts = new Map<string, LoggedReason[]>();
  for (const each of logged) {
    const text = each.lines.join("; ");
    texts.set(text, [...(texts.get(text) ?? []), each]);
  }
  const said = [...texts].map(
    ([text, from]) =>
      `. The log (${all(from.map(({ place }) => place))} on ${all(from.map(({ node }) => node))}) says: ${text}`,
  );
  return known.replace(/\.$/, "") + said.join("");
}

/** Where the reason is, or should be. */
export function reasonHint(vm: string, logged: readonly LoggedReason[]): string {
  const [first] = logged;
  if (first !== undefined)
    return `More is in ${first.place.startsWith("/") ? first.place : `\`${first.place}\``} on ${first.node}.`;
  return (
    "Look on the node for what libvirt said: /var/log/pacemaker/pacemaker.log or `journalctl -u pacemaker -u libvirtd`, and " +
    `/var/log/libvirt/qemu/${vm}.log, the domain's own log.`
  );
}
