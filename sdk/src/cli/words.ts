/** What errors say in the words of the command line: the options of the verb that was run, and commands instead of Pulumi's. */
import { api, type Words } from "pulumi-seapath-provider";
import type { Given } from "./grammar";
import type { Verb } from "./verb";

/** The options of `create` that stand for inputs of a VM; `clone` and `add-to-cluster` have them too. */
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

/** Inputs of data disks, which are not those of the VM. */
const OPTION_OF_DISK: Readonly<Record<string, string>> = {
  source: "--additional-disk",
  "source.path": "--additional-disk",
  "source.nodePath": "--additional-disk",
  "source.format": "--image-format",
  bus: "--disk-bus",
};

/** Values that an option stands for by itself. */
const BY_ITSELF: Readonly<Record<string, string>> = { "source.mode": "linked" };

/**
 * How an input is called on the command line; one that has no option keeps its name.
 * @param calls what a verb calls otherwise
 */
export function optionOf(property: string, noun = "VM", calls: Readonly<Record<string, string>> = {}): string {
  const bare = property.replace(/\[\d+\]$/, "");
  const known = calls[bare] ?? (noun === "disk" ? OPTION_OF_DISK : OPTION_OF)[bare];
  if (known !== undefined) return known;
  const [, map, key] = /^(metadata|pacemaker\.(?:meta|params|utilization))\.(.+)$/.exec(property) ?? [];
  return map === undefined ? property : `--${map.replace(".", "-")} ${key}`;
}

/** The verbs that make a VM: what they leave behind may be removed, and with --force they remove what is in their way. */
const MAKERS = ["create", "clone", "add-to-cluster"];

/** What else can be done about something that is there already. */
function takeOver(noun: "VM" | "snapshot" | "constraint"): string {
  if (noun === "VM") return "remove it first, as --force does";
  return noun === "snapshot"
    ? "remove it first (`seapath remove_snapshot`)"
    : "change the other one with `crm configure edit`";
}

/** The words for one verb. @param given the options that it was run with */
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
