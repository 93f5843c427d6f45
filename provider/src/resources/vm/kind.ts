/** Pulumi's calls for `seapath.Vm`, each a thin layer over vmmgr. */
import type { dynamic } from "@pulumi/pulumi";
import { beginTurn, createVm, findVm, removeVm, turnNotice, updateVm, type Context } from "../../vmmgr";
import { rollingOf, type RollingInputs } from "../engine/rolling";
import { recorded, shown } from "../engine/shown";
import type { Dependencies } from "../engine/dependencies";
import { RESOURCE, resourceIn, withFormerOwner, type Raw } from "../engine/values";
import { notAnew } from "../engine/anew";
import { checkVm, takenByOther } from "./check";
import { claimOf, Claims } from "./claims";
import { announcedRestart, diffVm, stoppedBy } from "./diff";
import { wholeInputs } from "./inherit";
import { observedInputs, OUTPUTS, readInputs, sensible, specOf, stateOf, storedInputs } from "./state";
import { withKept } from "./kept";
import type { VmInputs } from "./schema";

/** The provider of `seapath.Vm`. */
export function vmProvider(dependencies: Dependencies): dynamic.ResourceProvider<Raw, Raw> {
  const { cluster, say, planned } = dependencies;
  const context = (name: string | undefined, deadline: number): Context => ({
    cluster: cluster(name),
    deadline,
    report: say,
  });
  const rolling = (at: string | undefined, inputs: RollingInputs | undefined) => rollingOf(dependencies, at, inputs);
  const claims = new Claims();
  /** The new inputs of VMs that are recreated: a delete only gets the old ones. */
  const said = new Map<string, RollingInputs | undefined>();

  /** Announces the order in which VMs that are kept apart are stopped. */
  const announceTurn = async (olds: Raw, news: Raw) => {
    if (stoppedBy(olds, news) === undefined) return;
    const at = olds["cluster"] as string | undefined;
    const vm = String(olds["name"]);
    try {
      const text = turnNotice(
        await cluster(at).recentInventory(),
        vm,
        rolling(at, news["rolling"] as RollingInputs | undefined),
      );
      if (text !== undefined) say(text);
    } catch (error) {
      // The diff's result does not depend on it, and the change itself asks again.
      say(
        `VM "${vm}": which others are stopped with it, and in which order, is not known: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };

  return {
    check: (olds, news) =>
      shown(async () => {
        const { inputs, failures } = await checkVm({ cluster, claims, planned, warn: say, rolling }, olds, news);
        said.set(
          claimOf(String(inputs["name"]), inputs["cluster"] as string | undefined),
          inputs["rolling"] as RollingInputs | undefined,
        );
        return { inputs: { ...inputs, ...resourceIn(news) }, failures };
      }),

    diff: (_id, olds, news) =>
      shown(async () => {
        const found = diffVm(olds, news, say);
        const vm = claimOf(String(olds["name"]), olds["cluster"] as string | undefined);
        if (found.replaces.length > 0) {
          said.set(vm, news["rolling"] as RollingInputs | undefined);
          if (found.deleteBeforeReplace) claims.replace(vm);
          claims.checkedAgain(claimOf(String(news["name"]), news["cluster"] as string | undefined));
        }
        await announceTurn(olds, news);
        return found;
      }),

    create: (raw) =>
      shown(async () => {
        const at = typeof raw["cluster"] === "string" ? raw["cluster"] : undefined;
        const inputs = readInputs(await wholeInputs(() => cluster(at).inventory(), raw));
        const vm = claimOf(inputs.name, inputs.cluster);
        if (claims.isOthers(vm))
          throw claims.isOf(vm, raw[RESOURCE]) ? notAnew(`VM "${inputs.name}"`) : new Error(takenByOther(inputs.name));
        claims.make(vm);
        const { turns, readyAfter } = rolling(inputs.cluster, inputs.rolling);
        let done = false;
        turns.made(inputs.name);
        try {
          const spec = await withKept(() => cluster(at).inventory(), "create", specOf(inputs));
          const made = await createVm(context(inputs.cluster, inputs.timeouts.create), spec);
          done = true;
          return { id: inputs.name, outs: { ...stateOf(observedInputs(inputs, made), made), ...resourceIn(raw) } };
        } catch (error) {
          throw recorded(error, inputs.name, {
            ...inputs,
            ...unknownOutputs(),
            ...resourceIn(raw),
            __provider: raw["__provider"],
          });
        } finally {
          // A VM deleted for its replacement has kept its turn until now.
          turns.end(inputs.name, done, readyAfter);
        }
      }),

    read: (id, raw = {}) =>
      shown(async () => {
        const before = storedInputs(raw);
        const inventory = await cluster(before.cluster).recentInventory();
        const observed = findVm(inventory, id);
        if (observed === undefined) return { id: "", props: {} };
        const inputs: VmInputs = sensible(observedInputs(before, observed), observed, inventory.node);
        return {
          id,
          props: { ...stateOf(inputs, observed), ...resourceIn(raw) },
          inputs: { ...inputs, ...resourceIn(raw) },
        };
      }),

    update: (id, olds, news) =>
      shown(async () => {
        const inputs = readInputs(news);
        try {
          // Recorded by a create that failed and could not undo everything: continue from what is left.
          const make = olds["uuid"] === "" ? createVm : updateVm;
          // Without an announcement in the diff there is no restart, whatever has happened since.
          const restart = announcedRestart(olds, inputs) ? inputs.restart : "never";
          const spec = await withKept(
            () => cluster(inputs.cluster).inventory(),
            "change",
            withFormerOwner(specOf({ ...inputs, restart }), olds),
          );
          const turn = { rolling: rolling(inputs.cluster, inputs.rolling) };
          const changed = await make({ ...context(inputs.cluster, inputs.timeouts.update), ...turn }, spec);
          return { outs: { ...stateOf(observedInputs(inputs, changed), changed), ...resourceIn(news) } };
        } catch (error) {
          throw recorded(error, id, { ...olds, __provider: news["__provider"] });
        }
      }),

    delete: (id, raw) =>
      shown(async () => {
        const { cluster: at, timeouts } = storedInputs(raw);
        const vm = claimOf(id, at);
        // If it was made before this delete, it was only taken over: two VMs cannot have the same name.
        if (claims.isMade(vm) && claims.isOf(vm, raw[RESOURCE])) throw notAnew(`VM "${id}"`);
        if (claims.isKept(vm, raw[RESOURCE]))
          return say(`VM "${id}" stays: another resource of this program has it now`);
        if (claims.isChecked(vm)) claims.replace(vm);
        const comesBack = claims.isReplaced(vm);
        const turn = rolling(at, said.get(vm));
        await beginTurn(context(at, timeouts.delete), turn, id, "delete", !comesBack);
        try {
          await removeVm(context(at, timeouts.delete), id, { comesBack });
          turn.turns.deleted(id);
        } catch (error) {
          turn.turns.end(id, false);
          throw error;
        }
      }),
  };
}

const unknownOutputs = () => Object.fromEntries(OUTPUTS.map((name) => [name, ""]));
