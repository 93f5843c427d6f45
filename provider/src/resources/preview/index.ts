/** The plans of a preview for the cluster, from `pulumi preview --json`. */
import { z } from "zod";
import { SeapathError } from "../../errors";
import {
  wrongPlace,
  type GuestNodeSpec,
  type GuestResourceSpec,
  type Plan,
  type VmSpec,
  type XmlElement,
} from "../../vmmgr";
import { readGuestNode, readService, type ReadInputs } from "./planned-guests";
import { RELATIONS } from "../relation/planned";
import { unknownPaths } from "../engine/unknowns";
import type { Raw } from "../engine/values";
import { withDefaults } from "../vm/defaults";
import { vmSchema } from "../vm/schema";
import { OUTPUTS, specOf } from "../vm/state";

const bag = z.record(z.string(), z.unknown()).optional();
const stateSchema = z.object({ type: z.string(), inputs: bag, outputs: bag, retainOnDelete: z.boolean().optional() });
const previewSchema = z.object({
  steps: z
    .array(
      z.object({ op: z.string(), urn: z.string(), oldState: stateSchema.nullish(), newState: stateSchema.nullish() }),
    )
    .optional(),
});

/** A preview in terms of one cluster. */
export interface PlannedChange {
  plan: Plan;
  /** Empty if the result holds whatever the unknown values are; otherwise what is unknown, one sentence each. */
  unknown: string[];
  /** VMs of the plan by their resource names. */
  resources: Map<string, string>;
  /** Everything was readable: whatever is not in the plan is not in the program either. */
  whole: boolean;
}

const UNCHANGED = "same";
const MAKES = ["create", "update", "replace", "create-replacement", UNCHANGED, "read", "refresh"];
const REMOVES = ["delete", "delete-replaced", "remove"];

const kindOf = (type: string) => type.split("/").at(-1) ?? "";
const nameOf = (urn: string) => urn.split("::").at(-1) ?? urn;

/** The inputs that decide where a VM runs. If one is unknown, the answer is a guess, and a message says so. */
const DECISIVE = [
  "name",
  "cluster",
  "enabled",
  "started",
  "pinnedHost",
  "preferredHost",
  "liveMigration",
  "priority",
  "pacemaker",
];

/**
 * Reads the steps of a preview.
 * @param cluster the cluster's name; resources of others are ignored
 * @throws SeapathError if it is not a preview
 */
export function readPreview(preview: unknown, cluster: string | undefined): PlannedChange {
  const read = previewSchema.safeParse(preview);
  if (!read.success) {
    throw new SeapathError(
      "preview",
      `This is no preview of Pulumi's: ${wrongPlace(read.error)} is not of the form that it should have`,
      { hint: "Give what `pulumi preview --json` prints." },
    );
  }
  const reader = new Reader();
  for (const { op, urn, oldState, newState } of read.data.steps ?? []) {
    const take = reader.kinds[kindOf(newState?.type ?? oldState?.type ?? "")];
    const made = MAKES.includes(op) && newState?.inputs?.["cluster"] === cluster ? newState?.inputs : undefined;
    const removes = REMOVES.includes(op);
    // A retained resource leaves the program but stays on the cluster.
    const left =
      oldState?.inputs?.["cluster"] === cluster && !(removes && oldState?.retainOnDelete === true)
        ? oldState
        : undefined;
    take?.({ resource: nameOf(urn), op, made, left: left ?? undefined, gone: removes ? left?.inputs : undefined });
  }
  return reader.result();
}

/** A step for a resource of that cluster. */
interface Step {
  resource: string;
  op: string;
  /** The inputs to make it with. */
  made: Raw | undefined;
  /** Its earlier state. */
  left: { inputs?: Raw | undefined; outputs?: Raw | undefined } | undefined;
  /** The inputs of a removed resource. */
  gone: Raw | undefined;
}

/** Collects steps by kind. */
class Reader {
  readonly #unknown: string[] = [];
  #whole = true;
  readonly #resources = new Map<string, string>();
  readonly #vms = new Map<string, VmSpec>();
  readonly #removed = new Set<string>();
  readonly #constraints: XmlElement[] = [];
  readonly #removedConstraints: string[] = [];
  readonly #guests = new Map<string, GuestNodeSpec>();
  readonly #removedGuests: { vm: string; name: string }[] = [];
  readonly #services = new Map<string, GuestResourceSpec>();
  readonly #removedServices: string[] = [];
  /** The ids of resources that are only listed. */
  readonly #unchanged: string[] = [];

  /** The handler of a step by the type of its resource. */
  readonly kinds: Record<string, (step: Step) => void> = {
    "seapath:Vm": ({ resource, op, made, gone }) => {
      if (gone !== undefined) this.#removed.add(String(gone["name"]));
      const spec = made === undefined ? undefined : specOfInputs(resource, made, this.#unknown);
      if (spec === undefined) {
        this.#whole &&= made === undefined;
        return;
      }
      this.#vms.set(spec.name, spec);
      if (op === UNCHANGED) this.#unchanged.push(spec.name);
      this.#resources.set(spec.name, resource);
    },
    "seapath:RemoteGuest": ({ resource, op, made, gone }) => {
      if (gone !== undefined) this.#removedGuests.push({ vm: String(gone["vm"]), name: String(gone["name"]) });
      this.#keep(resource, op, made === undefined ? undefined : readGuestNode(made), this.#guests);
    },
    "seapath:GuestResource": ({ resource, op, made, gone }) => {
      if (gone !== undefined) this.#removedServices.push(String(gone["name"]));
      this.#keep(resource, op, made === undefined ? undefined : readService(made), this.#services);
    },
    ...Object.fromEntries(
      Object.entries(RELATIONS).map(([type, elements]) => [type, (step: Step) => this.#relation(step, elements)]),
    ),
  };

  #keep<T extends { name: string }>(
    resource: string,
    op: string,
    read: ReadInputs<T> | undefined,
    into: Map<string, T>,
  ): void {
    if (read === undefined) return;
    if ("why" in read) return this.#leaveOut(resource, read.why);
    into.set(read.spec.name, read.spec);
    if (op === UNCHANGED) this.#unchanged.push(read.spec.name);
  }

  #relation({ resource, op, made, left }: Step, elements: (inputs: Raw) => XmlElement[]): void {
    if (op !== UNCHANGED) this.#removedConstraints.push(...idsOf(left?.outputs));
    if (made === undefined) return;
    if (unknownPaths(made).length > 0)
      return this.#leaveOut(resource, "which VMs it is about is not known before other resources are made");
    const own = elements(made);
    this.#constraints.push(...own);
    if (op === UNCHANGED) this.#unchanged.push(...own.map(({ attrs }) => attrs["id"] ?? ""));
  }

  #leaveOut(resource: string, why: string): void {
    this.#whole = false;
    this.#unknown.push(`${resource}: ${why}; it is left out`);
  }

  result(): PlannedChange {
    // A replacement under the same name is a remove and a make; only the result counts.
    const isMade = ({ name, vm }: { vm: string; name: string }) => this.#guests.get(name)?.vm === vm;
    return {
      plan: {
        vms: [...this.#vms.values()],
        removed: [...this.#removed].filter((vm) => !this.#vms.has(vm)),
        constraints: this.#constraints,
        removedConstraints: this.#removedConstraints,
        guests: [...this.#guests.values()],
        removedGuests: this.#removedGuests.filter((each) => !isMade(each)),
        services: [...this.#services.values()],
        removedServices: this.#removedServices.filter((name) => !this.#services.has(name)),
        unchanged: this.#unchanged,
      },
      unknown: this.#unknown,
      resources: this.#resources,
      whole: this.#whole,
    };
  }
}

const idsOf = (outputs: Raw | undefined): string[] => {
  const ids = outputs?.["constraintIds"];
  return Array.isArray(ids) ? ids.map(String) : [];
};

function specOfInputs(resource: string, raw: Raw, unknown: string[]): VmSpec | undefined {
  const inputs: Raw = { ...withDefaults(raw) };
  const paths = unknownPaths(inputs).map(([key]) => String(key));
  for (const key of new Set(paths)) {
    if (DECISIVE.includes(key))
      unknown.push(`${resource}: \`${key}\` is not known before other resources are made; it is left out`);
    delete inputs[key];
  }
  for (const output of OUTPUTS) delete inputs[output]; // an unchanged resource lists them among its inputs
  if (inputs["name"] === undefined) return undefined;
  // The domain's content is irrelevant, but it must have some.
  if (inputs["domain"] === undefined && inputs["xml"] === undefined) inputs["xml"] = "<domain/>";
  if (inputs["source"] === undefined) inputs["adopt"] = true;
  const read = vmSchema.safeParse(withDefaults(inputs));
  if (read.success) return specOf(read.data);
  unknown.push(
    `${resource}: its inputs are not whole (${read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")})`,
  );
  return undefined;
}
