/** `seapath.RemoteKey`: the key of Pacemaker Remote, for guest images. */
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
  // It rejects nothing, but the preview already shows whether the cluster admits us.
  refusals: (cluster) => cluster.recentInventory().then(() => []),
  create: make,
  update: (context, _id, inputs) => make(context, inputs),

  async read(cluster, _id, before) {
    const authkey = await findAuthKey(cluster, await cluster.recentInventory());
    return authkey === undefined ? undefined : { inputs: before, outputs: { authkey } };
  },

  // The guests have the key; without it, Pacemaker could reach none of them.
  delete(context) {
    context.report?.("The key of Pacemaker Remote stays as it is: the guests have it");
    return Promise.resolve();
  },
};

/** The provider of `seapath.RemoteKey`. */
export const remoteKeyProvider = (dependencies: Dependencies) => providerOf(remoteKeyKind, dependencies);
