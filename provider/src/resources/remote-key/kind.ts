/** `seapath.RemoteKey`: the key of Pacemaker Remote, for the images of guests. */
import { z } from "zod";
import { ensureAuthKey, findAuthKey, type Context } from "../../vmmgr";
import { common } from "../engine/schema";
import { providerOf, type Kind } from "../engine/kind";
import type { Dependencies } from "../engine/dependencies";

const schema = z.strictObject(common);
type Inputs = z.infer<typeof schema>;

const make = async (context: Context, inputs: Inputs) => {
  const authkey = await ensureAuthKey(context, await context.cluster.inventory());
  return { inputs, outputs: { authkey } };
};

const remoteKeyKind: Kind<Inputs> = {
  type: "seapath.RemoteKey",
  noun: "key of Pacemaker Remote",
  schema,
  withDefaults: (inputs) => inputs,
  outputs: ["authkey"],
  replacedBy: [],
  acts: true,
  idOf: () => "authkey",
  // Nothing is refused; that the cluster lets nobody in is known in the preview all the same.
  refusals: (cluster) => cluster.recentInventory().then(() => []),
  create: make,
  update: (context, _id, inputs) => make(context, inputs),

  async read(cluster, _id, before) {
    const authkey = await findAuthKey(cluster, await cluster.recentInventory());
    return authkey === undefined ? undefined : { inputs: before, outputs: { authkey } };
  },

  // Guests have the key, and Pacemaker would reach none of them any more.
  delete(context) {
    context.report?.("The key of Pacemaker Remote stays as it is: the guests have it");
    return Promise.resolve();
  },
};

/** The provider of `seapath.RemoteKey`. */
export const remoteKeyProvider = (dependencies: Dependencies) => providerOf(remoteKeyKind, dependencies);
