/** `seapath.Snapshot`: a snapshot of every disk of a VM, by Pulumi's calls. */
import {
  chainNotice,
  createSnapshot,
  findSnapshot,
  lossNotice,
  moment,
  quiesceRefusals,
  removeSnapshot,
  snapshotRefusals,
  updateSnapshot,
  vmDisks,
  type Inventory,
  type SnapshotSpec,
  type VmSnapshot,
} from "../../vmmgr";
import type { Kind, Observed } from "../engine/kind";
import type { PlannedRegister } from "../engine/planned";
import { withFormerOwner } from "../engine/values";
import { isUnknown } from "../engine/unknowns";
import { snapshotSchema, type SnapshotInputs } from "./schema";

const specOf = ({ vm, name, owner, quiesce, protect, adopt, freezeTimeout }: SnapshotInputs): SnapshotSpec => ({
  vm,
  name,
  owner,
  quiesce,
  protect,
  adopt,
  freezeTimeout,
});

function observed(before: SnapshotInputs, found: VmSnapshot): Observed<SnapshotInputs> {
  return {
    inputs: { ...before, protect: found.protected, complete: found.lost.length === 0 && found.mark?.making !== true },
    outputs: {
      created: moment(found.created),
      disks: found.disks.map(({ image, size }) => ({ name: image, size })),
      lacking: found.lacking,
      quiesced: found.mark?.quiesced ?? false,
      consistency: found.mark?.consistency ?? "not known: another program made it",
    },
  };
}

/**
 * The message of a refresh and a preview about a lost snapshot. Without a refresh, the preview shows no change for it.
 */
function lost(inventory: Inventory, vm: string, name: string): string | undefined {
  const notice = lossNotice(inventory, vm, name);
  return (
    notice &&
    `${notice}. The next \`pulumi up --refresh\` takes a new one, of what the disks hold then; \`protect: true\` keeps that from either`
  );
}

/** @param planned the program's VMs: one of them may be made first */
export const snapshotKind = (planned?: PlannedRegister): Kind<SnapshotInputs> => ({
  type: "seapath.Snapshot",
  noun: "snapshot",
  schema: snapshotSchema,
  withDefaults: (inputs) => ({
    quiesce: "auto",
    protect: false,
    adopt: false,
    freezeTimeout: 10,
    complete: true,
    ...inputs,
  }),
  outputs: ["created", "disks", "lacking", "quiesced", "consistency"],
  replacedBy: ["vm", "name", "complete"],
  beside: ["vm", "name"],
  follows: ["vm"],
  idOf: ({ vm, name }) => `${vm}@${name}`,

  async refusals(cluster, inputs, intent, say, olds) {
    const { vm, name } = inputs;
    const same = olds["vm"] === vm && olds["name"] === name;
    if (intent === "replace" && same) return [];
    const inventory = await cluster.recentInventory();
    if (vm !== undefined && name !== undefined) {
      const notice =
        intent !== "update"
          ? chainNotice(inventory, vm, name)
          : olds["complete"] === false
            ? undefined
            : lost(inventory, vm, name);
      if (notice !== undefined) say(notice);
    }
    if (intent === "update") return [];
    if (
      vm !== undefined &&
      planned !== undefined &&
      planned.on(inputs.cluster)(vm) === undefined &&
      vmDisks(inventory, vm).length === 0
    ) {
      return [
        {
          property: "vm",
          reason: `there is no VM "${vm}" on the cluster, and none of this program that is made before; name it by its resource, \`vm: web.name\``,
        },
      ];
    }
    const spec = planned?.specs(inputs.cluster).find(({ name }) => name === vm);
    return [...snapshotRefusals(inventory, inputs), ...quiesceRefusals(inventory, inputs, spec)];
  },

  announce(olds, news) {
    const what = `snapshot "${String(olds["name"])}" of VM "${String(olds["vm"])}"`;
    if (isUnknown(news["vm"]))
      return [`${what}: its VM is made anew; the snapshot goes with the old disks, and one is taken of the new ones`];
    if (olds["complete"] !== false) return [];
    return [
      `${what} is missing on a disk, or was made anew there: what is left of it is removed, and a new one is taken of what the disks hold now`,
    ];
  },

  create: async (context, inputs) => observed(inputs, await createSnapshot(context, specOf(inputs))),

  async read(cluster, _id, before, _state, say) {
    const inventory = await cluster.recentInventory();
    const found = findSnapshot(inventory, before.vm, before.name);
    const notice = lost(inventory, before.vm, before.name);
    if (notice !== undefined) say(notice);
    return found === undefined ? undefined : observed(before, found);
  },

  async update(context, _id, inputs, state) {
    // Recorded by a create that could not be undone: complete what is left.
    const change = state["created"] === "" ? createSnapshot : updateSnapshot;
    return observed(inputs, await change(context, withFormerOwner(specOf(inputs), state)));
  },

  async delete(context, _id, { vm, name }) {
    await removeSnapshot(context, vm, name);
  },
});
