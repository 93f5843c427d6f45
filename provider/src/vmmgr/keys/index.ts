/**
 * Metadata keys of a VM that a program other than the VM's owns. Each has its owner beside it, so that the VM's program
 * neither shows nor removes it: one marker per key, so that two programs never write the same marker.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  changeStorage,
  ConnectionError,
  NotFound,
  ProgramError,
  type Inventory,
  type StorageOperation,
} from "../../cluster";
import type { Context } from "../core/context";
import { NotOwned, Refused, type Refusal } from "../core/errors";
import { isUserKey, KEY_OWNER, toPutBack } from "../form/metadata";
import { noSuchVm, systemImage } from "../form/names";
import type { PlannedVms } from "../core/planned";
import { fullRefusals } from "../core/cluster-health";
import { runSteps } from "../core/steps";

/** The spec of a VM's keys. */
export interface KeysSpec {
  vm: string;
  metadata: Record<string, string>;
  /** Their owner: project, stack, logical name. */
  owner: string;
  /** Adopts existing keys without an owner. */
  adopt: boolean;
}

/** How to recognize keys. */
export interface KnownKeys {
  /** Two after the resource was renamed. */
  owners: readonly string[];
  /** The keys that existed when last read. */
  keys: readonly string[];
}

const metadataOf = (inventory: Inventory, vm: string) => inventory.images.get(systemImage(vm))?.metadata;

/** Whether an existing key is a known one: marked as such, or unmarked and known from before. */
function isKnown(metadata: Record<string, string>, key: string, { owners, keys }: KnownKeys): boolean {
  const mark = metadata[`${KEY_OWNER}${key}`];
  return mark === undefined ? keys.includes(key) : owners.includes(mark);
}

/** The known keys of a VM with their values; undefined if the VM is gone, or none of them is left. */
export function findKeys(inventory: Inventory, vm: string, known: KnownKeys): Record<string, string> | undefined {
  const metadata = metadataOf(inventory, vm);
  if (metadata === undefined) return undefined;
  const found = Object.entries(metadata).filter(([key]) => isUserKey(key) && isKnown(metadata, key, known));
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** Reasons to reject keys of a VM; in a preview the program may yet create the VM. */
export function keyRefusals(
  inventory: Inventory,
  spec: KeysSpec,
  known: KnownKeys,
  planned: PlannedVms = () => undefined,
): Refusal[] {
  const plan = planned(spec.vm);
  const metadata = metadataOf(inventory, spec.vm);
  const twice = Object.keys(spec.metadata).filter((key) => plan?.keys?.includes(key));
  const both = twice.map((key) => ({
    property: `metadata.${key}`,
    reason: `VM "${spec.vm}" of this program has the key in its own \`metadata\``,
  }));
  if (metadata === undefined) {
    const reason = `${noSuchVm(spec.vm)}; one that this program makes is named by its output, \`.name\``;
    return plan === undefined ? [{ property: "vm", reason }] : both;
  }
  const taken = Object.keys(spec.metadata).flatMap((key): Refusal[] => {
    if (!(key in metadata) || isKnown(metadata, key, known) || twice.includes(key)) return [];
    const owner = metadata[`${KEY_OWNER}${key}`];
    if (owner !== undefined && !spec.adopt)
      return [{ property: `metadata.${key}`, reason: `VM "${spec.vm}" has the key already, set by ${owner}` }];
    if (owner !== undefined || spec.adopt) return [];
    return [
      {
        property: `metadata.${key}`,
        reason: `VM "${spec.vm}" has the key already, as its own; \`adopt: true\` takes it over`,
      },
    ];
  });
  return [...both, ...taken];
}

interface KeyChange {
  set: Record<string, string>;
  unset: string[];
  expect: Record<string, string | null>;
}

/** The change from the known keys to the wanted ones, with the values it expects. Markers come first and go last. */
function changeTo(metadata: Record<string, string>, known: KnownKeys, spec: KeysSpec): KeyChange {
  const set: Record<string, string> = {};
  const unset: string[] = [];
  const wanted = Object.keys(spec.metadata);
  const mark = (key: string) => `${KEY_OWNER}${key}`;
  const marked = Object.keys(metadata)
    .filter((key) => key.startsWith(KEY_OWNER))
    .map((key) => key.slice(KEY_OWNER.length));
  const had = [...new Set([...Object.keys(metadata).filter(isUserKey), ...marked])].filter((key) =>
    isKnown(metadata, key, known),
  );
  for (const key of wanted) if (metadata[mark(key)] !== spec.owner) set[mark(key)] = spec.owner;
  for (const [key, value] of Object.entries(spec.metadata)) if (metadata[key] !== value) set[key] = value;
  const given = had.filter((key) => !wanted.includes(key));
  for (const key of [...given, ...given.map(mark)]) if (key in metadata) unset.push(key);
  const about = new Set([...Object.keys(set), ...unset, ...wanted.map(mark)]);
  return { set, unset, expect: Object.fromEntries([...about].map((key) => [key, metadata[key] ?? null])) };
}

const TRIES = 5;

/**
 * Changes a VM's metadata based on their current values, and retries if another program was faster. Two simultaneous
 * writers may both find what they expect, so the result is read again.
 * @returns the cluster with nothing left to change
 */
async function changeKeys(
  { cluster }: Context,
  vm: string,
  what: string,
  plan: (inventory: Inventory) => KeyChange,
): Promise<Inventory> {
  const image = systemImage(vm);
  for (let tries = 1; ; tries++) {
    const inventory = await cluster.inventory();
    const change = plan(inventory);
    if (Object.keys(change.set).length === 0 && change.unset.length === 0) return inventory;
    const act: StorageOperation = { op: "setMetadata", image, ...change };
    const undo: StorageOperation = { op: "setMetadata", image, ...toPutBack(Object.entries(change.expect)) };
    try {
      let begun = false;
      await runSteps(`${what} on ${inventory.node}`, [
        {
          name: "writing them",
          act: async () => {
            try {
              await changeStorage(cluster.runner, [act]);
            } catch (error) {
              // If another program has changed keys meanwhile, nothing was written.
              begun = !(error instanceof ProgramError && error.kind === "MetadataChanged");
              throw error;
            }
          },
          undo: async () => void (begun && (await changeStorage(cluster.runner, [undo]))),
        },
      ]);
      if (tries > TRIES)
        throw new Error(`${what} on ${inventory.node}: somebody else changes the same keys again and again`);
    } catch (error) {
      const cause = (error as Error).cause;
      const collided = cause instanceof ProgramError && cause.kind === "MetadataChanged";
      if (!(collided || (cause instanceof ConnectionError && tries === 1)) || tries >= TRIES) throw error;
      await sleep(50 + Math.random() * 150 * tries);
    }
  }
}

/**
 * Sets the keys, and removes known keys that the spec no longer has: completely, or not at all.
 * @returns the cluster as it is then
 * @throws NotFound if there is no VM; NotOwned if a key belongs to another program
 */
export async function setKeys(context: Context, known: KnownKeys, spec: KeysSpec): Promise<Inventory> {
  const what = `Unable to set metadata of VM "${spec.vm}"`;
  const owners = [...known.owners, spec.owner];
  return changeKeys(context, spec.vm, what, (inventory) => {
    const full = fullRefusals(inventory);
    if (full.length > 0) throw new Refused("set metadata of", spec.vm, inventory.node, full);
    const metadata = metadataOf(inventory, spec.vm);
    if (metadata === undefined) throw new NotFound(`${what} on ${inventory.node}: ${noSuchVm(spec.vm)}`);
    const [refusal] = keyRefusals(inventory, spec, { ...known, owners });
    if (refusal !== undefined)
      throw new NotOwned(
        `${what} on ${inventory.node}: ${refusal.property}: ${refusal.reason}`,
        "another program",
        "Nothing was changed.",
      );
    return changeTo(metadata, { ...known, owners }, spec);
  });
}

/** Removes the known keys. Succeeds for keys that are already gone, with or without the VM. */
export async function removeKeys(context: Context, vm: string, known: KnownKeys): Promise<void> {
  const none = { vm, metadata: {}, owner: known.owners[0] ?? "", adopt: false };
  await changeKeys(context, vm, `Unable to remove metadata of VM "${vm}"`, (inventory) =>
    changeTo(metadataOf(inventory, vm) ?? {}, known, none),
  );
}
