/** Pulumi's calls for `seapath.Vm`, each a few lines over vmmgr. */
import type { dynamic } from "@pulumi/pulumi";
import { createVm, findVm, removeVm, updateVm, type Context } from "../../vmmgr";
import { recorded, shown } from "../shown";
import type { Surroundings } from "../surroundings";
import type { Raw } from "../values";
import { checkVm, takenByOther } from "./check";
import { claimOf, Claims } from "./claims";
import { announcedRestart, diffVm } from "./diff";
import { wholeInputs } from "./inherit";
import { observedInputs, OUTPUTS, readInputs, sensible, specOf, stateOf, storedInputs } from "./state";
import { withKept } from "./kept";
import type { VmInputs } from "./schema";

/** The provider of `seapath.Vm`. */
export function vmProvider({ cluster, say, planned }: Surroundings): dynamic.ResourceProvider<Raw, Raw> {
  const context = (name: string | undefined, deadline: number): Context => ({ cluster: cluster(name), deadline, report: say });
  const claims = new Claims();
  return {
    check: (olds, news) => shown(() => checkVm({ cluster, claims, planned, warn: say }, olds, news)),

    diff: (_id, olds, news) =>
      shown(() => {
        const found = diffVm(olds, news, say);
        if (found.deleteBeforeReplace) claims.replace(claimOf(String(olds["name"]), olds["cluster"] as string | undefined));
        return Promise.resolve(found);
      }),

    create: (raw) =>
      shown(async () => {
        const at = typeof raw["cluster"] === "string" ? raw["cluster"] : undefined;
        const inputs = readInputs(await wholeInputs(() => cluster(at).inventory(), raw));
        const vm = claimOf(inputs.name, inputs.cluster);
        if (claims.isOthers(vm)) throw new Error(takenByOther(inputs.name));
        claims.make(vm);
        try {
          const spec = await withKept(() => cluster(at).inventory(), "create", specOf(inputs));
          const made = await createVm(context(inputs.cluster, inputs.timeouts.create), spec);
          return { id: inputs.name, outs: stateOf(observedInputs(inputs, made), made) };
        } catch (error) {
          throw recorded(error, inputs.name, { ...inputs, ...unknownOutputs(), __provider: raw["__provider"] });
        }
      }),

    read: (id, raw = {}) =>
      shown(async () => {
        const before = storedInputs(raw);
        const inventory = await cluster(before.cluster).recentInventory();
        const observed = findVm(inventory, id);
        if (observed === undefined) return { id: "", props: {} };
        const inputs: VmInputs = sensible(observedInputs(before, observed), observed, inventory.node);
        return { id, props: stateOf(inputs, observed), inputs };
      }),

    update: (id, olds, news) =>
      shown(async () => {
        const inputs = readInputs(news);
        try {
          // Recorded by a create that failed and could not undo all: what is left is taken up where it is.
          const make = olds["uuid"] === "" ? createVm : updateVm;
          // What the diff did not announce is not restarted, whatever has happened since.
          const restart = announcedRestart(olds, inputs) ? inputs.restart : "never";
          const spec = await withKept(() => cluster(inputs.cluster).inventory(), "change", specOf({ ...inputs, restart }));
          const changed = await make(context(inputs.cluster, inputs.timeouts.update), spec);
          return { outs: stateOf(observedInputs(inputs, changed), changed) };
        } catch (error) {
          throw recorded(error, id, { ...olds, __provider: news["__provider"] });
        }
      }),

    delete: (id, raw) =>
      shown(async () => {
        const { cluster: at, timeouts } = storedInputs(raw);
        if (claims.isKept(claimOf(id, at))) say(`VM "${id}" stays: another resource of this program has it now`);
        else await removeVm(context(at, timeouts.delete), id, { comesBack: claims.isReplaced(claimOf(id, at)) });
      }),
  };
}

const unknownOutputs = () => Object.fromEntries(OUTPUTS.map((name) => [name, ""]));
