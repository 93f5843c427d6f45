/** `seapath.Disk`: a data disk of a VM. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  createDisk,
  diskRefusals,
  findVm,
  missingBelow,
  nextNumber,
  NotFound,
  observeDisk,
  removeDisk,
  sourceQuestions,
  updateDisk,
  type Cluster,
  type Context,
} from "../../vmmgr";
import type { Kind } from "../engine/kind";
import type { PlannedRegister } from "../engine/planned";
import { isUnknown } from "../engine/unknowns";
import { withFormerOwner, type Raw } from "../engine/values";
import { differences } from "../vm/adopt";
import { localFileFailures } from "../vm/check";
import { claimOf } from "../vm/claims";
import { DiskClaims } from "./claims";
import { diskSchema, type DiskInputs } from "./schema";
import { observedDisk, OUTPUTS, partialSpec, specOf } from "./state";

/** What a running guest gets only at its next start. */
const AT_NEXT_START = ["bus", "cache", "readOnly", "serial"];
/** The project and stack of an owner, which is `project/stack/name`. */
const stackOf = (owner: string | undefined) => owner?.split("/").slice(0, 2).join("/");
const imageOf = (disk: Raw) => `data_${String(disk["vm"])}_${String(disk["index"])}`;

export function diskKind(program?: PlannedRegister): Kind<DiskInputs> {
  const isPlannedVm = (vm: string, cluster: string | undefined) => program?.on(cluster)(vm) !== undefined;
  const claims = new DiskClaims();
  /** By VM and owner: the number that a disk is giving up. */
  const leaving = new Map<string, number>();

  /** Waits until this run has made the disks with lower numbers: no disk stands behind a gap for longer than that. */
  async function lowerOnes(context: Context, { vm, cluster, index = 0, timeouts }: DiskInputs): Promise<void> {
    for (const until = Date.now() + timeouts.create * 1000; ; await sleep(500)) {
      const missing = await missingBelow(context, vm, index);
      const coming = missing.every((each) => claims.has(vm, cluster, each) && !claims.hasFailed(vm, cluster, each));
      if (missing.length === 0) return;
      if (coming && Date.now() < until) continue;
      const hint = "vm-mgr's clone counts a VM's data disks from 0 without a gap.";
      throw new NotFound(
        `Unable to create disk "data_${vm}_${index}": VM "${vm}" has no data disk ${missing.join(", ")}`,
        hint,
      );
    }
  }

  async function adoptionNotice(
    cluster: Cluster,
    inputs: Partial<DiskInputs>,
    say: (text: string) => void,
  ): Promise<void> {
    const { vm, index } = inputs;
    if (vm === undefined || index === undefined || inputs.adopt !== true) return;
    const observed = await observeDisk(cluster, vm, index);
    const read = diskSchema.safeParse(inputs);
    if (observed === undefined || !read.success) return;
    const has = observedDisk(read.data, observed).inputs as Raw;
    const changes = differences(has, read.data as Raw).filter((line) => !/^(drift|owner)\b/.test(line));
    const what = `disk "${observed.image}" is adopted`;
    say(
      changes.length === 0
        ? `${what} as it is`
        : [`${what}, and changed in place:`, ...changes.map((line) => `  ${line}`)].join("\n"),
    );
  }

  return {
    type: "seapath.Disk",
    noun: "disk",
    schema: diskSchema,
    outputs: OUTPUTS,
    replacedBy: ["vm", "index", "source"],
    beside: ["vm"],
    follows: ["vm"],
    origins: ["source"],
    withDefaults: (inputs) => ({
      ...inputs,
      adopt: inputs["adopt"] ?? false,
      bus: inputs["bus"] ?? "virtio",
      cache: inputs["cache"] ?? "writeback",
      readOnly: inputs["readOnly"] ?? false,
      retain: inputs["retain"] ?? false,
    }),
    idOf: (inputs) => imageOf({ vm: inputs.vm, index: specOf(inputs).index }),

    async chosen(cluster, inputs, olds) {
      const { vm, owner = "", cluster: at } = inputs;
      if (vm === undefined) return {};
      const kept = olds["vm"] === vm && olds["cluster"] === at ? (olds["index"] as number | undefined) : undefined;
      const index =
        inputs.index ??
        kept ??
        nextNumber(await cluster.recentInventory({ disks: true }), vm, owner, (each) =>
          claims.has(vm, at, each, owner),
        );
      claims.check(vm, at, index, owner);
      if (kept !== undefined && kept !== index) leaving.set(`${claimOf(vm, at)}/${owner}`, kept);
      return { index };
    },

    async refusals(cluster, inputs, intent, say) {
      const local = await localFileFailures(inputs);
      if (local.length > 0) return local;
      const { vm = "", cluster: at, owner, source } = inputs;
      const inventory = await cluster.recentInventory({
        disks: true,
        ...(intent === "update" ? {} : await sourceQuestions(source)),
      });
      if (intent === "create") await adoptionNotice(cluster, inputs, say);
      const leaves = leaving.get(`${claimOf(vm, at)}/${owner ?? ""}`);
      const planned = {
        vm: isPlannedVm(vm, at),
        index: (index: number) => claims.has(vm, at, index, owner ?? ""),
        ...(leaves === undefined ? {} : { leaves }),
      };
      return diskRefusals(inventory, partialSpec(inputs), intent, planned);
    },

    announce(olds, news, replaces = []) {
      const image = imageOf(olds);
      if (replaces.length === 0) {
        const later = AT_NEXT_START.filter((key) => !isUnknown(news[key]) && news[key] !== olds[key]);
        if (later.length === 0 || olds["attached"] !== true) return [];
        return [
          `disk "${image}": another ${later.join(", ")} takes effect when VM "${String(olds["vm"])}" is next stopped and started`,
        ];
      }
      const withVm = isUnknown(news["vm"]);
      claims.replace(String(olds["vm"]), olds["cluster"] as string | undefined, Number(olds["index"]), withVm);
      const fate =
        olds["retain"] === true
          ? "the image of this one is kept under another name"
          : "this one is deleted with all that is on it";
      return [
        `disk "${image}": ${withVm ? "its VM is made anew, and so is the disk" : `a changed ${replaces.join(" and ")} makes a new disk`}; ${fate}`,
      ];
    },

    comesBack: ({ vm, cluster, index }) => claims.replace(vm, cluster, Number(index), false),

    async create(context, inputs) {
      const spec = specOf(inputs);
      try {
        await lowerOnes(context, inputs);
        return observedDisk(inputs, await createDisk(context, spec));
      } catch (error) {
        claims.fail(spec.vm, inputs.cluster, spec.index);
        throw error;
      }
    },

    async read(cluster, _id, before, state) {
      const { vm, index } = specOf(before);
      const observed = await observeDisk(cluster, vm, index);
      return observed === undefined ? undefined : observedDisk(before, observed, state);
    },

    async update(context, _id, inputs, state) {
      const spec = withFormerOwner(specOf(inputs), state);
      // Recorded by a create that failed and could not undo everything: continue from what is left.
      return observedDisk(
        inputs,
        await (state["image"] === "" ? createDisk(context, spec) : updateDisk(context, spec)),
      );
    },

    async delete(context, id, before) {
      const { vm, index, retain, owner } = specOf(before);
      const { cluster } = before;
      const replaced = claims.isReplaced(vm, cluster, index);
      if (!replaced && claims.has(vm, cluster, index, owner ?? "")) {
        context.report?.(`disk "${id}" stays: another resource of this program has it now`);
        return;
      }
      const vmOwner = findVm(await context.cluster.recentInventory({ disks: true }), vm)?.owner;
      const withVm =
        claims.isLeaving(vm, cluster) ||
        (!isPlannedVm(vm, cluster) && vmOwner !== undefined && vmOwner === stackOf(owner));
      const stays = (each: number, whose: string | undefined) =>
        claims.has(vm, cluster, each) || stackOf(whose) !== stackOf(owner);
      await removeDisk(context, {
        vm,
        index,
        retain,
        ...(owner === undefined ? {} : { owner }),
        stays,
        replaced,
        withVm,
      });
    },
  };
}
