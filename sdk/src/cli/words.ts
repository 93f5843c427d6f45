/** Translates errors into the terms of the command line: the verb's options, and its commands instead of Pulumi's. */
import { api, type Words } from "pulumi-seapath-provider";
import type { Given } from "./grammar";
import type { Verb } from "./verb";

/** Options of `create` that stand for a VM's inputs; `clone` and `add-to-cluster` have them too. */
const OPTION_OF: Readonly<Record<string, string>> = {
  source: "--image",
  "source.format": "--image-format",
  "source.path": "--image",
  "source.nodePath": "--image",
  "source.mode": "--linked",
  xml: "--xml",
  name: "--name",
  "systemDisk.bus": "--disk-bus",
  disks: "--additional-disk",
  pinnedHost: "--pinned-host",
  preferredHost: "--preferred-host",
  ...Object.fromEntries(api.settingList.map(({ name, option }) => [name, `--${option}`])),
  crmConfigCommands: "--add-crm-config-cmd",
  enabled: "--disable",
  started: "--nostart",
  quiesce: "--quiesce",
  metadata: "--metadata",
};

/** Inputs of data disks, as opposed to the VM's. */
const OPTION_OF_DISK: Readonly<Record<string, string>> = {
  source: "--additional-disk",
  "source.path": "--additional-disk",
  "source.nodePath": "--additional-disk",
  "source.format": "--image-format",
  bus: "--disk-bus",
};

/** Values that an option implies. */
const BY_ITSELF: Readonly<Record<string, string>> = { "source.mode": "linked" };

/**
 * The command-line name of an input; without an option, it keeps its name.
 * @param calls the verb's own names
 */
export function optionOf(property: string, noun = "VM", calls: Readonly<Record<string, string>> = {}): string {
  const bare = property.replace(/\[\d+\]$/, "");
  const known = calls[bare] ?? (noun === "disk" ? OPTION_OF_DISK : OPTION_OF)[bare];
  if (known !== undefined) return known;
  const [, map, key] = /^(metadata|pacemaker\.(?:meta|params|utilization))\.(.+)$/.exec(property) ?? [];
  return map === undefined ? property : `--${map.replace(".", "-")} ${key}`;
}

/** Verbs that create a VM: what they leave behind can be removed, and with --force they remove what is in the way. */
const MAKERS = ["create", "clone", "add-to-cluster"];

/** The alternative if something already exists. */
function takeOver(noun: "VM" | "snapshot" | "constraint"): string {
  if (noun === "VM") return "remove it first, as --force does";
  return noun === "snapshot"
    ? "remove it first (`seapath remove_snapshot`)"
    : "change the other one with `crm configure edit`";
}

/** The terms of one verb. @param given the options it was run with */
export function wordsOf(verb: Pick<Verb, "name" | "calls" | "callsWith">, given?: Pick<Given, "has">): Words {
  const more = Object.entries(verb.callsWith ?? {})
    .filter(([option]) => given?.has(option))
    .map(([, calls]) => calls);
  const calls = Object.assign({}, verb.calls, ...more) as Readonly<Record<string, string>>;
  const input: Words["input"] = (property, noun) => optionOf(property, noun, calls);
  return {
    input,
    given: (property, value) => (BY_ITSELF[property] === value ? input(property) : `${input(property)} ${value}`),
    takeOver,
    otherDisk: "Remove that image first (`rbd rm`)",
    giveDisk: "--additional-disk",
    domain: "the file of --xml",
    again: "run the same command again",
    goesOn: "the same command, run again, goes on",
    heals: `The same command, run again, takes up what was left${MAKERS.includes(verb.name) ? "; `seapath remove` removes it" : ""}.`,
    gone: "Somebody removed it meanwhile.",
    guestKey: "The key of the nodes is their own /etc/pacemaker/authkey.",
  };
}
