/** The common part of `Colocation` and `Order`: a relation between VMs, which is a constraint in the CIB. */
import {
  createRelation,
  findRelation,
  isInPlace,
  isMarkedBy,
  memberRefusals,
  nodesOf,
  NotFound,
  removeRelation,
  takenRefusals,
  updateRelation,
  waitUntilSettled,
  type Cluster,
  type Context,
  type FoundRelation,
  type Inventory,
  type Known,
  type Named,
  type PlannedVms,
  type Refusal,
  type Relation,
  type XmlElement,
} from "../../vmmgr";
import type { CommonInputs, Kind, Observed } from "../engine/kind";
import type { PlannedRegister } from "../engine/planned";
import { formerOwner, type Raw } from "../engine/values";

/** The inputs common to all relations. */
export interface RelationInputs extends CommonInputs {
  adopt: boolean;
  owner: string;
  /** In a state only: the cluster's version, if no input could express it. */
  altered?: string | undefined;
}

/** A kind of relation. */
export interface RelationParts<I extends RelationInputs> extends Pick<
  Kind<I>,
  "type" | "schema" | "withDefaults" | "idOf"
> {
  noun: Relation["noun"];
  /** The inputs that name VMs. */
  members: readonly (keyof I & string)[];
  /** The constraints for the CIB. */
  relation(inputs: I): Relation;
  /** Reads constraints back as inputs. */
  read(elements: readonly XmlElement[], before: I): Partial<I>;
  /** Conflicts with other constraints. @param constraints of the cluster, plus those that the program makes first */
  refusals(constraints: readonly XmlElement[], inputs: I): Refusal[];
  /** Parts that can never hold, given the program's VMs. @default nothing */
  never?(inventory: Inventory, inputs: I, planned: PlannedVms): Refusal[];
  /** Its effects, one sentence each. */
  notices(inventory: Inventory, inputs: I, planned: PlannedVms): string[];
}

const OUTPUTS = ["constraintIds", "status", "nodes"] as const;

/** Builds the kind from its parts. */
export function relationKind<I extends RelationInputs>(
  parts: RelationParts<I>,
  planned: PlannedRegister | undefined,
): Kind<I> {
  const { type, noun, schema, withDefaults, idOf } = parts;

  const knownOf = (id: string, before: RelationInputs, state: Raw): Known => {
    const ids = state["constraintIds"];
    return {
      noun,
      owners: [before.owner, ...formerOwner(state, before)],
      ids: Array.isArray(ids) ? ids.map(String) : [id],
    };
  };

  const observed = (inventory: Inventory, found: FoundRelation, before: I): Observed<I> => {
    const { altered: _altered, score: _score, ...rest } = before as I & { score?: unknown };
    const inputs = { ...rest, ...parts.read(found.elements, before) } as unknown as I;
    return {
      inputs,
      outputs: {
        constraintIds: found.elements.map((node) => node.attrs["id"] ?? ""),
        status: found.waitsFor.length === 0 ? "Active" : `Waiting for ${found.waitsFor.join(", ")} to be enabled`,
        nodes: nodesOf(inventory.status.resources, parts.relation(inputs).members),
      },
    };
  };

  const readBack = async (context: Context, inputs: I): Promise<Observed<I>> => {
    const wanted = parts.relation(inputs);
    await waitUntilSettled(context, wanted.members);
    const inventory = await context.cluster.inventory();
    const ids = wanted.elements.map((node) => node.attrs["id"] ?? "");
    const found = findRelation(inventory, { noun, owners: [inputs.owner], ids });
    if (found !== undefined) return observed(inventory, found, inputs);
    throw new NotFound(`The ${noun} "${wanted.label}" was made, and is gone again; someone removed it meanwhile`);
  };

  return {
    type,
    noun,
    schema,
    withDefaults,
    idOf,
    outputs: OUTPUTS,
    replacedBy: [],

    async refusals(cluster: Cluster, inputs, intent, say, olds) {
      if (inputs.altered !== undefined) return [{ property: "altered", reason: `is no input of ${type}` }];
      const inventory = await cluster.recentInventory();
      const plans = planned?.on(inputs.cluster) ?? (() => undefined);
      const whole = schema.safeParse(inputs);
      if (!whole.success) return memberRefusals(inventory, namedBy(parts.members, inputs), plans);
      const wanted = parts.relation(whole.data);
      const former = formerOwner(olds, whole.data);
      const known = { noun, owners: [whole.data.owner, ...former], ids: [] };
      if (intent === "update" && isInPlace(inventory, wanted)) {
        const found = findRelation(inventory, known);
        for (const vm of found?.waitsFor ?? [])
          if (plans(vm)?.enabled !== true) say(`The ${noun} "${wanted.label}" waits until VM "${vm}" is enabled`);
        // If it could not hold before either, this change is not to blame.
        const never = (plans: PlannedVms) => parts.never?.(inventory, whole.data, plans) ?? [];
        return never(() => undefined).length > 0 ? [] : never(plans);
      }
      const others = withoutOwners(inventory.cib.constraints, former);
      const constraints = planned?.constraints(others, inputs.cluster) ?? others;
      planned?.noteRelation(whole.data.owner, inputs.cluster, wanted.elements, former);
      const failures = [
        ...(intent === "update" ? [] : takenRefusals(inventory, wanted, known)),
        ...memberRefusals(inventory, namedBy(parts.members, inputs), plans),
        ...parts.refusals(constraints, whole.data),
        ...(parts.never?.(inventory, whole.data, plans) ?? []),
      ];
      if (failures.length === 0) for (const text of parts.notices(inventory, whole.data, plans)) say(text);
      return failures;
    },

    async create(context, inputs) {
      await createRelation(context, parts.relation(inputs), ({ cib }) => parts.refusals(cib.constraints, inputs));
      return readBack(context, inputs);
    },

    async read(cluster, id, before, state) {
      const inventory = await cluster.recentInventory();
      const found = findRelation(inventory, knownOf(id, before, state));
      return found === undefined ? undefined : observed(inventory, found, before);
    },

    async update(context, id, inputs, state) {
      const former = formerOwner(state, inputs);
      await updateRelation(context, knownOf(id, inputs, state), parts.relation(inputs), ({ cib }) =>
        parts.refusals(withoutOwners(cib.constraints, former), inputs),
      );
      return readBack(context, inputs);
    },

    async delete(context, id, before, state) {
      await removeRelation(context, knownOf(id, before, state));
    },
  };
}

/** Constraints without those of some owners: a renamed resource does not conflict with its earlier self. */
const withoutOwners = (constraints: readonly XmlElement[], owners: readonly string[]) =>
  constraints.filter((node) => !owners.some((owner) => isMarkedBy(node, owner)));

function namedBy<I>(members: readonly (keyof I & string)[], inputs: Partial<I>): Named[] {
  return members.flatMap((property) => {
    const value: unknown = inputs[property];
    if (typeof value === "string") return [{ property, vm: value }];
    return Array.isArray(value)
      ? value.map((vm, index) => ({ property: `${property}[${index}]`, vm: String(vm) }))
      : [];
  });
}
