/** Connections between nodes: root's ssh, and live migration. */
import type { Examination } from "../../cluster";
import { finding, listed, type Finding } from "./finding";

/** Broken ssh connections of root that our own links do not replace: our requests to a node use those as well. */
export function sshFindings(examined: readonly Examination[]): Finding[] {
  const reached = new Set(examined.map(({ node }) => node));
  return examined.flatMap(({ node, ssh }) =>
    Object.entries(ssh).flatMap(([to, way]) =>
      "ok" in way || reached.has(to)
        ? []
        : [
            finding(
              "ssh-between-nodes",
              { node },
              `root of ${node} does not get to ${to} by ssh, and no link of ours does: ${way.error}`,
              `Name ${to} in \`seapath:hosts\` or --hosts, or have it let root of ${node} in: ${node} knows nothing of the key of guest nodes on ${to} otherwise, nor takes files of removed VMs from there.`,
            ),
          ],
    ),
  );
}

/**
 * Pairs of nodes between which no VM can migrate live, or not as its user.
 * @param users the VMs that migrate as each user
 */
export function moveFindings(hosts: readonly Examination[], users: ReadonlyMap<string, readonly string[]>): Finding[] {
  return hosts.flatMap(({ node, moves }) =>
    Object.entries(moves).flatMap(([to, ways]) => {
      const open = Object.entries(ways)
        .filter(([, way]) => "ok" in way)
        .map(([user]) => user);
      const closed = Object.entries(ways).flatMap(([user, way]) => ("ok" in way ? [] : [{ user, why: way.error }]));
      const refused = closed.flatMap(({ user, why }) => {
        const vms = users.get(user) ?? [];
        if (vms.length === 0) return [];
        const names = listed(vms.map((vm) => `VM "${vm}"`));
        return [
          finding(
            "migration-refused",
            { node, ...(vms.length === 1 ? { vm: vms[0] ?? "" } : {}) },
            `${names} cannot be moved live from ${node} to ${to} as ${user}: ${why}`,
            open.length > 0
              ? `Set \`migrationUser\` to ${open.join(" or ")}, which gets there, or let ${user} in.`
              : `Have ${to} let ${user} in from ${node}: it is stopped and started instead.`,
          ),
        ];
      });
      if (open.length > 0 || refused.length > 0) return refused;
      const why = closed.map(({ user, why: words }) => `as ${user}: ${words}`).join("; ");
      return [
        finding(
          "migration-impossible",
          { node },
          `no VM could be moved live from ${node} to ${to}: ${why}`,
          `Have ${to} let one of these in from ${node}, and name it in \`migrationUser\`.`,
        ),
      ];
    }),
  );
}
