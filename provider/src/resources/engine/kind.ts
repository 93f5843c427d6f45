/**
 * A kind of resource, defined by its specific parts. The common parts (Pulumi's calls, unknown values, the state after
 * a create that could not be undone, error texts) are here once.
 */
import type { dynamic } from "@pulumi/pulumi";
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import type { Cluster, Context, Refusal } from "../../vmmgr";
import { Asked, keyOf, notAnew } from "./anew";
import { clusterFailures, readInputsAs, schemaFailures } from "./refused";
import { rollingOf } from "./rolling";
import { recorded, shown } from "./shown";
import type { Dependencies } from "./dependencies";
import { isUnknown, unknownPaths } from "./unknowns";
import { dropUndefined, filled, isRecord, TIMEOUTS, whatWasSaid, type Raw } from "./values";

/** The inputs common to all kinds. */
export interface CommonInputs {
  cluster?: string | undefined;
  timeouts: { create: number; update: number; delete: number };
}

/** A resource as observed: the inputs that would describe it, and its outputs. */
export interface Observed<Inputs> {
  inputs: Inputs;
  outputs: Raw;
}

/** The planned action, as far as a check can tell. With `replace`, the one with the same id is removed first. */
export type KindIntent = "create" | "update" | "replace";

export interface Kind<Inputs extends CommonInputs> {
  /** As in programs: `seapath.Snapshot`. */
  type: string;
  /** As in messages: `snapshot`. */
  noun: string;
  /** The inputs with defaults filled in; strict, so that a misspelt one is reported. */
  schema: z.ZodType<Inputs>;
  /** The inputs as stored in a state, if more can be observed than requested. @default schema */
  stored?: z.ZodType<Inputs>;
  /** Fills in the kind's own defaults. `cluster` and `timeouts` are handled elsewhere. Unknown values stay. */
  withDefaults(inputs: Raw): Raw;
  /** Outputs that are not inputs. */
  outputs: readonly string[];
  /** Inputs whose change replaces the resource; `cluster` is always one. */
  replacedBy: readonly (keyof Inputs & string)[];
  /** Those of them after whose change both can exist, so that the new one is made first. @default [] */
  beside?: readonly (keyof Inputs & string)[];
  /**
   * Those that follow another resource, such as `vm`. If that resource is replaced, which the engine signals by an
   * unknown value, so is this one. @default []
   */
  follows?: readonly (keyof Inputs & string)[];
  /**
   * Whether the resource it followed, by the state, is replaced in this run; otherwise another one may merely be named.
   * @default always
   */
  followedGoes?(olds: Raw): boolean;
  /**
   * Those that record what it was once made of: only a different value replaces it, an added or removed one does not.
   * @default []
   */
  origins?: readonly (keyof Inputs & string)[];
  /** Its create does something that a delete does not undo, so it cannot exist beforehand. */
  acts?: boolean;
  /** It is deleted and recreated in the same run, although none of its own inputs asks for that. */
  comesBack?(before: Inputs): void;
  /** The id on the cluster. It never changes during the resource's life. */
  idOf(inputs: Inputs): string;
  /**
   * Reasons to reject the inputs; called in a preview, and again before a create and an update. In a preview, unknown
   * top-level inputs are absent.
   * @param olds the inputs of the last run; empty if there was none
   */
  refusals?(
    cluster: Cluster,
    inputs: Partial<Inputs>,
    intent: KindIntent,
    say: (text: string) => void,
    olds: Raw,
  ): Promise<Refusal[]>;
  /**
   * Inputs that are chosen if none are given, and kept from then on: from `olds`, the earlier inputs, or by the
   * cluster's state. A given input, known or not, takes precedence. Called in each check.
   */
  chosen?(cluster: Cluster, inputs: Partial<Inputs>, olds: Raw): Promise<Partial<Inputs>>;
  /** Effects of a change that its diff does not show, one sentence each. `olds` is the state. */
  announce?(olds: Raw, news: Raw, replaces?: readonly string[]): string[];
  /**
   * Makes it and returns it as observed. On failure it leaves nothing behind, or throws ChangeFailed with the
   * leftovers.
   */
  create(context: Context, inputs: Inputs): Promise<Observed<Inputs>>;
  /** Its current state, or undefined if it is gone. `before`, the state, supplies what cannot be observed. */
  read(
    cluster: Cluster,
    id: string,
    before: Inputs,
    state: Raw,
    say: (text: string) => void,
  ): Promise<Observed<Inputs> | undefined>;
  /** Turns what exists into what was requested, even if a create left it half done. */
  update(context: Context, id: string, inputs: Inputs, state: Raw): Promise<Observed<Inputs>>;
  /** Removes it. If it is already gone, that counts as removed. */
  delete(context: Context, id: string, before: Inputs, state: Raw): Promise<void>;
}

const withCommonDefaults = <I extends CommonInputs>(kind: Kind<I>, raw: Raw): Raw => {
  const given = dropUndefined(whatWasSaid(raw));
  delete given["__provider"];
  return dropUndefined({ ...kind.withDefaults(given), timeouts: filled(given["timeouts"], TIMEOUTS) });
};

/** Inputs as the engine passes them after a check, or as a state holds them: they may include outputs. */
function readInputs<I extends CommonInputs>(kind: Kind<I>, raw: Raw, stored = false): I {
  const inputs = withCommonDefaults(kind, raw);
  for (const output of kind.outputs) delete inputs[output];
  return readInputsAs(
    stored ? (kind.stored ?? kind.schema) : kind.schema,
    inputs,
    kind.type,
    `What is known of this ${kind.noun}`,
  );
}

/** The top-level inputs that are known. */
const knownInputs = <I>(inputs: Raw): Partial<I> => {
  const unknown = new Set(unknownPaths(inputs).map(([key]) => key));
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !unknown.has(key))) as Partial<I>;
};

/**
 * What a resource was made of. The format given for its file does not change what exists, so it never replaces a disk.
 */
const made = (input: unknown) => (isRecord(input) ? { ...input, format: undefined } : input);

function replacing<I extends CommonInputs>(kind: Kind<I>, olds: Raw, news: Raw): string[] {
  const wanted = withCommonDefaults(kind, news);
  const has = (keys: readonly string[] | undefined, key: string) => keys?.includes(key) ?? false;
  const differs = (key: string) => {
    if (unknownPaths(wanted[key]).length > 0) return has(kind.follows, key) && (kind.followedGoes?.(olds) ?? true);
    if (!has(kind.replacedBy, key) && key !== "cluster") return false;
    if (has(kind.origins, key) && (olds[key] === undefined || wanted[key] === undefined)) return false;
    return (
      !isDeepStrictEqual(olds[key], wanted[key]) &&
      !(has(kind.origins, key) && isDeepStrictEqual(made(olds[key]), made(wanted[key])))
    );
  };
  return [...new Set([...kind.replacedBy, ...(kind.follows ?? []), "cluster"])].filter(differs);
}

/** The provider of a kind. */
export function providerOf<I extends CommonInputs>(
  kind: Kind<I>,
  dependencies: Dependencies,
): dynamic.ResourceProvider<Raw, Raw> {
  const { cluster, say } = dependencies;
  const context = (inputs: I, of: keyof CommonInputs["timeouts"]): Context => ({
    cluster: cluster(inputs.cluster),
    deadline: inputs.timeouts[of],
    report: say,
    rolling: rollingOf(dependencies, inputs.cluster),
  });
  const stateOf = ({ inputs, outputs }: Observed<I>): Raw => ({ ...inputs, ...outputs });
  const asked = new Asked();
  /** The key, if the inputs are completely known. */
  const keyIn = (raw: Raw, schema: z.ZodType<I>): string | undefined => {
    const inputs = withCommonDefaults(kind, raw);
    for (const output of kind.outputs) delete inputs[output];
    const read = schema.safeParse(inputs);
    // If its number could not be chosen because the cluster was unreachable, it has no id either.
    if (
      !read.success ||
      unknownPaths(inputs).length > 0 ||
      (kind.chosen !== undefined && inputs["index"] === undefined)
    )
      return undefined;
    return keyOf(kind.idOf(read.data), read.data as unknown as Raw);
  };
  const unset = Object.fromEntries(kind.outputs.map((name) => [name, ""]));

  const isRecorded = (olds: Raw) => Object.keys(dropUndefined(olds)).length > 0;
  const note = (inputs: Raw, olds: Raw) => {
    const key = keyIn(inputs, kind.schema);
    if (key !== undefined) asked.check(key, isRecorded(olds) && replacing(kind, olds, inputs).length === 0);
  };

  return {
    check: (olds, news) =>
      shown(async () => {
        const inputs = withCommonDefaults(kind, news);
        const failures = schemaFailures(kind.schema, inputs, kind.type);
        const asksNothing = kind.chosen === undefined && kind.refusals === undefined;
        if (failures.length > 0 || isUnknown(inputs["cluster"])) return { inputs, failures };
        if (asksNothing) {
          note(inputs, olds);
          return { inputs, failures };
        }
        const recordedInputs = isRecorded(olds);
        const named = [inputs["name"], inputs["vm"], inputs["first"]].find(
          (each) => typeof each === "string" && !isUnknown(each),
        );
        const what = `The inputs of this ${kind.noun} (${typeof named === "string" ? named : "its name is not known yet"})`;
        const ask = async () => {
          const at = cluster(inputs["cluster"] as string | undefined);
          for (const [key, value] of Object.entries((await kind.chosen?.(at, knownInputs<I>(inputs), olds)) ?? {}))
            inputs[key] ??= value;
          const intent = !recordedInputs ? "create" : replacing(kind, olds, inputs).length > 0 ? "replace" : "update";
          return (await kind.refusals?.(at, knownInputs<I>(inputs), intent, say, olds)) ?? [];
        };
        const found = { inputs, failures: await clusterFailures(what, say, ask) };
        note(inputs, olds);
        return found;
      }),

    diff: (_id, olds, news) =>
      shown(() => {
        const replaces = replacing(kind, olds, news);
        for (const text of kind.announce?.(olds, news, replaces) ?? []) say(text);
        const key = replaces.length > 0 ? keyIn(olds, kind.stored ?? kind.schema) : undefined;
        if (key !== undefined) asked.leave(key);
        const beside = replaces.some(
          (key) => key === "cluster" || (kind.beside as readonly string[] | undefined)?.includes(key),
        );
        return Promise.resolve({ replaces, deleteBeforeReplace: !beside });
      }),

    create: (raw) =>
      shown(async () => {
        const inputs = readInputs(kind, raw);
        const id = kind.idOf(inputs);
        try {
          const outs = stateOf(await kind.create(context(inputs, "create"), inputs));
          asked.make(keyOf(id, inputs as unknown as Raw));
          return { id, outs };
        } catch (error) {
          throw recorded(error, id, { ...(inputs as Raw), ...unset, __provider: raw["__provider"] });
        }
      }),

    read: (id, raw = {}) =>
      shown(async () => {
        const before = readInputs(kind, raw, true);
        const observed = await kind.read(cluster(before.cluster), id, before, raw, say);
        if (observed === undefined) return { id: "", props: {} };
        return { id, props: stateOf(observed), inputs: observed.inputs as Raw };
      }),

    update: (id, olds, news) =>
      shown(async () => {
        const inputs = readInputs(kind, news);
        try {
          return { outs: stateOf(await kind.update(context(inputs, "update"), id, inputs, olds)) };
        } catch (error) {
          throw recorded(error, id, { ...olds, __provider: news["__provider"] });
        }
      }),

    delete: (id, raw) =>
      shown(async () => {
        const before = readInputs(kind, raw, true);
        const key = keyOf(id, before as unknown as Raw);
        if (kind.acts !== true && asked.isMade(key)) throw notAnew(`${kind.noun} "${id}"`);
        if (kind.acts !== true && asked.isKept(key)) return say(`${kind.noun} "${id}" stays: the program has it still`);
        if (asked.comesBack(key)) kind.comesBack?.(before);
        await kind.delete(context(before, "delete"), id, before, raw);
      }),
  };
}
