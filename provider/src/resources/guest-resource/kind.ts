/** `seapath.GuestResource`: a service inside a VM, managed by Pacemaker. */
import { isDeepStrictEqual } from "node:util";
import {
  agentDoubts,
  ensureGuestResource,
  findGuestResource,
  guestResourceRefusals,
  hasGuestNode,
  removeGuestResource,
  type GuestResourceSpec,
  type ObservedGuestResource,
} from "../../vmmgr";
import { providerOf, type Kind, type Observed } from "../engine/kind";
import { PlannedRegister } from "../engine/planned";
import type { Dependencies } from "../engine/dependencies";
import { unknownPaths } from "../engine/unknowns";
import { filled, isRecord, strings, type Raw } from "../engine/values";
import { guestResourceSchema, OPERATIONS, type GuestResourceInputs } from "./schema";

const specOf = ({
  cluster: _cluster,
  timeouts: _timeouts,
  owner,
  ...rest
}: GuestResourceInputs): GuestResourceSpec => ({
  ...rest,
  ...(owner === undefined ? {} : { owner }),
});

function observedOf(before: GuestResourceInputs, found: ObservedGuestResource): Observed<GuestResourceInputs> {
  const { status, owner, operations, ...inputs } = found;
  const { owner: _owner, ...rest } = before;
  const seen = {
    ...inputs,
    operations: operations as GuestResourceInputs["operations"],
    ...(owner === undefined ? {} : { owner }),
  };
  return { inputs: { ...rest, ...seen }, outputs: { status } };
}

/** Each operation has Pacemaker's usual times by default. */
function operationsOf(given: unknown): unknown {
  if (!isRecord(given) && given !== undefined) return given;
  const names = [...new Set([...Object.keys(OPERATIONS), ...Object.keys(given ?? {})])];
  return Object.fromEntries(
    names.map((name) => [name, filled(given?.[name], OPERATIONS[name as keyof typeof OPERATIONS] ?? {})]),
  );
}

export const guestResourceKind = (planned: PlannedRegister): Kind<GuestResourceInputs> => ({
  type: "seapath.GuestResource",
  noun: "guest resource",
  schema: guestResourceSchema,
  withDefaults: (inputs) => ({
    ...inputs,
    params: strings(inputs["params"] ?? {}),
    meta: strings(inputs["meta"] ?? {}),
    operations: operationsOf(inputs["operations"]),
    started: inputs["started"] ?? true,
  }),
  outputs: ["status"],
  replacedBy: ["name", "agent"],
  beside: ["name"],
  // A guest node cannot go while something is bound to it. The resource moves to another existing guest node in place.
  follows: ["guest"],
  followedGoes: (olds) => planned.leavesGuest(olds["guest"], olds["cluster"]),
  idOf: ({ name }) => name,

  async refusals(cluster, inputs, intent, say) {
    const inventory = await cluster.recentInventory();
    for (const doubt of await agentDoubts({ cluster }, inputs)) say(`Guest resource "${inputs.name ?? "?"}": ${doubt}`);
    const { guest } = inputs;
    if (
      guest !== undefined &&
      !inventory.cib.nodes.includes(guest) &&
      !hasGuestNode(inventory, guest) &&
      !planned.hasGuest(guest, inputs.cluster)
    ) {
      const reason = `there is no guest node "${guest}" on the cluster, nor in the program before this; give one by its output, as in \`guest: inside.name\``;
      return [{ property: "guest", reason }];
    }
    return guestResourceRefusals(inventory, inputs, intent === "create");
  },

  announce(olds: Raw, news: Raw, replaces = []) {
    if (replaces.includes("guest"))
      return [
        `Guest resource "${String(olds["name"])}": its guest node "${String(olds["guest"])}" is made anew; it is stopped, and started in the new one`,
      ];
    const differs = (key: string) => unknownPaths(news[key]).length === 0 && !isDeepStrictEqual(olds[key], news[key]);
    const name = String(olds["name"]);
    if (differs("agent") || news["started"] === false) return [];
    if (differs("guest"))
      return [
        `Guest resource "${name}" is stopped in "${String(olds["guest"])}" and started in "${String(news["guest"])}"`,
      ];
    return differs("params")
      ? [`Guest resource "${name}": changed parameters make Pacemaker restart it inside of its guest`]
      : [];
  },

  create: async (context, inputs) => observedOf(inputs, await ensureGuestResource(context, specOf(inputs), true)),
  update: async (context, _id, inputs) => observedOf(inputs, await ensureGuestResource(context, specOf(inputs), false)),

  async read(cluster, id, before) {
    const { cib, status } = await cluster.recentInventory();
    const found = findGuestResource(cib, status, id);
    return found === undefined ? undefined : observedOf(before, found);
  },

  delete: (context, id) => removeGuestResource(context, id),
});

/** The provider of `seapath.GuestResource`. */
export const guestResourceProvider = (dependencies: Dependencies) =>
  providerOf(guestResourceKind(dependencies.planned ?? new PlannedRegister()), dependencies);
