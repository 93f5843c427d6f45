/** What a preview plans for the cluster, read from `pulumi preview --json`. */
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

/** A preview in the terms of one cluster. */
export interface PlannedChange {
  plan: Plan;
  /** Whether what is said holds whatever the unknown values are: else what is not known, a sentence each. */
  unknown: string[];
  /** VMs of the plan by the names of their resources. */
  resources: Map<string, string>;
  /** All of it could be read: what is not in the plan is not in the program either. */
  whole: boolean;
}

const UNCHANGED = "same";
const MAKES = ["create", "update", "replace", "create-replacement", UNCHANGED, "read", "refresh"];
const REMOVES = ["delete", "delete-replaced", "remove"];

const kindOf = (type: string) => type.split("/").at(-1) ?? "";
const nameOf = (urn: string) => urn.split("::").at(-1) ?? urn;

/** What decides where a VM runs. A value of these that is not known makes the answer a guess, and it is said. */
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
 * @param cluster the name of the cluster that is asked about; resources of others are left out
 * @throws SeapathError when it is no preview
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
    // What is retained leaves the program, and stays on the cluster.
    const left =
      oldState?.inputs?.["cluster"] === cluster && !(removes && oldState?.retainOnDelete === true)
        ? oldState
        : undefined;
    take?.({ resource: nameOf(urn), op, made, left: left ?? undefined, gone: removes ? left?.inputs : undefined });
  }
  return reader.result();
}

/** A step about a resource of the cluster that is asked about. */
interface Step {
  resource: string;
  op: string;
  /** What it is made of. */
  made: Raw | undefined;
  /** What it was before. */
  left: { inputs?: Raw | undefined; outputs?: Raw | undefined } | undefined;
  /** The inputs of one that is removed. */
  gone: Raw | undefined;
}

/** Gathers steps, kind by kind. */
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
  /** The ids of what is only named. */
  readonly #unchanged: string[] = [];

  /** What is done with a step, by the type of its resource. */
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
    // What is replaced under its name is removed and made; what counts is how it will be.
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
  for (const output of OUTPUTS) delete inputs[output]; // a resource that is not changed has them beside its inputs
  if (inputs["name"] === undefined) return undefined;
  // What the domain is made of decides nothing; something has to be there.
  if (inputs["domain"] === undefined && inputs["xml"] === undefined) inputs["xml"] = "<domain/>";
  if (inputs["source"] === undefined) inputs["adopt"] = true;
  const read = vmSchema.safeParse(withDefaults(inputs));
  if (read.success) return specOf(read.data);
  unknown.push(
    `${resource}: its inputs are not whole (${read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")})`,
  );
  return undefined;
}
