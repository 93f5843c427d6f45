/** `seapath.RemoteGuest`: a VM's pacemaker_remoted as a node of the cluster. */
import {
  ensureGuestNode,
  findGuestNode,
  findAuthKey,
  findVm,
  GUEST_DEFAULTS,
  guestNodeRefusals,
  openTo,
  removeGuestNode,
  type Context,
  type GuestNodeSpec,
  type ObservedGuestNode,
} from "../../vmmgr";
import { providerOf, type Kind, type Observed } from "../engine/kind";
import { isUnknown } from "../engine/unknowns";
import type { Raw } from "../engine/values";
import { PlannedRegister } from "../engine/planned";
import type { Dependencies } from "../engine/dependencies";
import { remoteGuestSchema, type RemoteGuestInputs } from "./schema";

const specOf = ({ name, vm, address, port, timeout }: RemoteGuestInputs): GuestNodeSpec => ({
  name,
  vm,
  address,
  port,
  timeout,
});

const observedOf = (
  before: RemoteGuestInputs,
  found: ObservedGuestNode,
  authkey: string,
): Observed<RemoteGuestInputs> => ({
  inputs: { ...before, vm: found.vm, address: found.address, port: found.port, timeout: found.timeout },
  outputs: { authkey, online: found.online, node: found.host ?? "" },
});

const make = async (context: Context, inputs: RemoteGuestInputs) => {
  const made = await ensureGuestNode(context, specOf(inputs));
  return observedOf(inputs, made, made.authkey);
};

/** Tells the user which of the cluster's primitives could run on the new node. */
function announceOpen(
  guest: string,
  { vms, others }: { vms: string[]; others: string[] },
  say: (text: string) => void,
): void {
  if (vms.length > 0) {
    say(
      `Guest node "${guest}": ${vms.join(", ")} could be placed into it, as nothing forbids that; each gets a ban, as vm-mgr gives one to a VM that it enables later`,
    );
  }
  if (others.length > 0)
    say(`Guest node "${guest}": Pacemaker may place ${others.join(", ")} into it, which no constraint forbids`);
}

export const remoteGuestKind = (planned: PlannedRegister): Kind<RemoteGuestInputs> => ({
  type: "seapath.RemoteGuest",
  noun: "guest node",
  schema: remoteGuestSchema,
  withDefaults: (inputs) => ({
    ...inputs,
    port: inputs["port"] ?? GUEST_DEFAULTS.port,
    timeout: inputs["timeout"] ?? GUEST_DEFAULTS.timeout,
  }),
  outputs: ["authkey", "online", "node"],
  replacedBy: ["name", "vm"],
  follows: ["vm"],
  idOf: ({ name }) => name,

  async refusals(cluster, inputs, intent, say) {
    const { name, vm } = inputs;
    const inventory = await cluster.recentInventory();
    if (name !== undefined) planned.noteGuest(name, inputs.cluster);
    if (vm !== undefined && findVm(inventory, vm) === undefined && planned.on(inputs.cluster)(vm) === undefined) {
      const reason = `there is no VM "${vm}" on the cluster, nor in the program before this; give a VM by its output, as in \`vm: web.name\``;
      return [{ property: "vm", reason }];
    }
    // In a preview, the node that it replaces still exists.
    if (intent === "replace") return [];
    if (intent === "create" && name !== undefined) announceOpen(name, openTo(inventory.cib, name, vm ?? ""), say);
    return guestNodeRefusals(inventory, inputs);
  },

  announce(olds, news, replaces = []) {
    if (replaces.length === 0) return [];
    planned.leaveGuest(olds["name"], olds["cluster"]);
    return isUnknown(news["vm"])
      ? [`Guest node "${String(olds["name"])}": its VM is made anew, and so is the guest node`]
      : [];
  },

  create: make,
  update: (context, _id, inputs) => make(context, inputs),

  async read(cluster, id, before, state: Raw) {
    const inventory = await cluster.recentInventory();
    const found = findGuestNode(inventory, before.vm);
    if (found?.name !== id) return undefined;
    const kept = typeof state["authkey"] === "string" ? state["authkey"] : "";
    return observedOf(before, found, (await findAuthKey(cluster, inventory)) ?? kept);
  },

  delete: (context, id, before) => removeGuestNode(context, { vm: before.vm, name: id }),
});

/** The provider of `seapath.RemoteGuest`. */
export const remoteGuestProvider = (dependencies: Dependencies) =>
  providerOf(remoteGuestKind(dependencies.planned ?? new PlannedRegister()), dependencies);
