/** Pulumi's calls for `seapath.Vm`, each a few lines over vmmgr. */
import type { dynamic } from "@pulumi/pulumi";
import { describeError } from "../../errors";
import { ChangeFailed, createVm, findVm, removeVm, updateVm, type Cluster, type Context } from "../../vmmgr";
import { PartialCreateError } from "../errors";
import { checkVm, takenByOther } from "./check";
import { Claims } from "./claims";
import { diffVm } from "./diff";
import { observedInputs, OUTPUTS, readInputs, specOf, stateOf } from "./state";
import type { VmInputs } from "./schema";

type Raw = Record<string, unknown>;

/** What a kind of resource needs of its surroundings. */
export interface Surroundings {
  /** The cluster that the stack's configuration names. Connects with the first thing that is asked of it. */
  cluster: () => Cluster;
  /** Shown to the person who runs Pulumi. */
  say: (text: string) => void;
}

/** The provider of `seapath.Vm`. */
export function vmProvider({ cluster, say }: Surroundings): dynamic.ResourceProvider<Raw, Raw> {
  const context = (deadline: number): Context => ({ cluster: cluster(), deadline, report: say });
  const claims = new Claims();
  return {
    check: (olds, news) => shown(() => checkVm({ cluster, claims, warn: say }, olds, news)),

    diff: (_id, olds, news) =>
      shown(() => {
        const found = diffVm(olds, news, say);
        if (found.deleteBeforeReplace) claims.replace(String(olds["name"]));
        return Promise.resolve(found);
      }),

    create: (raw) =>
      shown(async () => {
        const inputs = readInputs(raw);
        if (claims.isOthers(inputs.name)) throw new Error(takenByOther(inputs.name));
        claims.make(inputs.name);
        try {
          const made = await createVm(context(inputs.timeouts.create), specOf(inputs));
          return { id: inputs.name, outs: stateOf(observedInputs(inputs, made), made) };
        } catch (error) {
          throw recorded(error, inputs.name, { ...inputs, ...unknownOutputs(), __provider: raw["__provider"] });
        }
      }),

    read: (id, raw = {}) =>
      shown(async () => {
        const observed = findVm(await cluster().inventory(), id);
        if (observed === undefined) return { id: "", props: {} };
        const inputs: VmInputs = observedInputs(readInputs(raw), observed);
        return { id, props: stateOf(inputs, observed), inputs };
      }),

    update: (id, olds, news) =>
      shown(async () => {
        const inputs = readInputs(news);
        try {
          // Recorded by a create that failed and could not undo all: what is left is taken up where it is.
          const make = olds["uuid"] === "" ? createVm : updateVm;
          const changed = await make(context(inputs.timeouts.update), specOf(inputs));
          return { outs: stateOf(observedInputs(inputs, changed), changed) };
        } catch (error) {
          throw recorded(error, id, { ...olds, __provider: news["__provider"] });
        }
      }),

    delete: (id, raw) =>
      shown(async () => {
        if (claims.isKept(id)) say(`VM "${id}" stays: another resource of this program has it now`);
        else await removeVm(context(readInputs(raw).timeouts.delete), id);
      }),
  };
}

const unknownOutputs = () => Object.fromEntries(OUTPUTS.map((name) => [name, ""]));

/** An error that left something behind becomes one that Pulumi records; any other leaves no trace in the state. */
function recorded(error: unknown, id: string, properties: Raw): unknown {
  if (!(error instanceof ChangeFailed) || error.left.length === 0) return error;
  return new PartialCreateError(id, properties, [describeError(error)]);
}

/** What reaches a person has the next step in it; the engine shows the message alone. */
async function shown<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof PartialCreateError) throw error;
    throw new Error(describeError(error), { cause: error });
  }
}
