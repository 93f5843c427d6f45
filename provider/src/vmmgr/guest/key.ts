/** The key that the nodes and all guests must share. */
import { readAuthKey, type Cluster, type Inventory } from "../../cluster";
import { reportOf, type Context } from "../core/context";

/** The nodes' key in base64; created if there is none, and copied to nodes that lack it. */
export async function ensureAuthKey(context: Context, inventory: Inventory): Promise<string> {
  const { key, put, unseen } = await readAuthKey(context.cluster.runner, inventory.cib.nodes, true);
  if (put.length > 0) reportOf(context)(`/etc/pacemaker/authkey was put on ${put.join(", ")}`);
  for (const reason of Object.values(unseen))
    reportOf(context)(`its /etc/pacemaker/authkey was not compared: ${reason}`);
  return key;
}

/** The nodes' key in base64, or undefined if they have none. */
export async function findAuthKey(cluster: Cluster, inventory: Inventory): Promise<string | undefined> {
  return (await readAuthKey(cluster.runner, inventory.cib.nodes, false)).key || undefined;
}
