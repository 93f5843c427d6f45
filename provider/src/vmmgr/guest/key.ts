/** The key that the nodes and all guests have to have in common. */
import { readAuthKey, type Cluster, type Inventory } from "../../cluster";
import { reportOf, type Context } from "../core/context";

/** The key of the nodes in base64; made where there is none, completed where a node lacks it. */
export async function ensureAuthKey(context: Context, inventory: Inventory): Promise<string> {
  const { key, put, unseen } = await readAuthKey(context.cluster.runner, inventory.cib.nodes, true);
  if (put.length > 0) reportOf(context)(`/etc/pacemaker/authkey was put on ${put.join(", ")}`);
  for (const reason of Object.values(unseen))
    reportOf(context)(`its /etc/pacemaker/authkey was not compared: ${reason}`);
  return key;
}

/** The key of the nodes in base64, or undefined when they have none. */
export async function findAuthKey(cluster: Cluster, inventory: Inventory): Promise<string | undefined> {
  return (await readAuthKey(cluster.runner, inventory.cib.nodes, false)).key || undefined;
}
