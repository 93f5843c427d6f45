/** Whether live migration between nodes works, and as which user. */
import { isOnline, readCapacity, type Between, type Cluster } from "../../cluster";
import { words } from "../../words";
import { hypervisorsOf } from "../core/context";
import { DEFAULTS } from "../form/model";

const asked = new WeakMap<Cluster, Map<string, Promise<Between>>>();

/**
 * How the queried node reaches the other online hypervisors. Checked once per cluster and process.
 * @param user the user to try first
 */
export function betweenNodes(cluster: Cluster, user: string = DEFAULTS.migrationUser): Promise<Between> {
  const known = asked.get(cluster) ?? new Map<string, Promise<Between>>();
  asked.set(cluster, known);
  const before = known.get(user);
  if (before !== undefined) return before;
  const answer = look(cluster, user);
  known.set(user, answer);
  answer.catch(() => known.delete(user));
  return answer;
}

async function look(cluster: Cluster, user: string): Promise<Between> {
  const inventory = await cluster.recentInventory();
  const online = hypervisorsOf(inventory).filter((name) => isOnline(inventory.status, name));
  return (await readCapacity(cluster.runner, online, user)).between;
}

/**
 * The notice for a VM whose live migration cannot work, or undefined if it can.
 * @param user its `migrationUser`
 */
export function migrationNotice({ user: works, closed, seen }: Between, user: string): string | undefined {
  if (seen === 0 || works === user) return undefined;
  const [live, as] = [words().input("liveMigration"), words().input("migrationUser")];
  const instead = "a move stops it and starts it elsewhere";
  const reasons = Object.entries(closed).map(([node, reason]) => `${node} lets nobody in (${reason.slice(0, 200)})`);
  if (reasons.length > 0) {
    return (
      `${live} cannot work from node to node, so that ${instead}: ${reasons.join("; ")}. ` +
      "Put the public key of root of each node into authorized_keys of root or libvirtadmin on the others, and their host keys into root's known_hosts"
    );
  }
  if (works === undefined)
    return `${live} cannot work from node to node, so that ${instead}: not all nodes let the same user in; let each have libvirtadmin or root`;
  return `${live} cannot work as ${user}, so that ${instead}: the nodes let each other in as ${works}; have that as ${as}`;
}
