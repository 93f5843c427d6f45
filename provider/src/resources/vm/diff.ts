/** Which changes replace a VM. For the rest, the engine compares the inputs itself. */
import { isDeepStrictEqual } from "node:util";
import { canonicalBase, DEFAULTS } from "../../vmmgr";
import { isUnknown, unknownPaths } from "../engine/unknowns";
import { isRecord, type Raw } from "../engine/values";
import { withDefaults } from "./defaults";

/** The result of `diff`; `changes` stays unset on purpose, see docs/decisions/0001. */
export interface VmDiff {
  /** Set only if no input differs but there is still something to do: a restart that is due. */
  changes?: true;
  replaces: string[];
  /**
   * Whether both cannot exist at once; the engine may replace a VM without a reason here, for example by
   * `replaceOnChanges`.
   */
  deleteBeforeReplace: boolean;
}

/** Finds out which differences between state and inputs replace the VM, and warns of effects on a running guest. */
export function diffVm(olds: Raw, news: Raw, warn: (text: string) => void): VmDiff {
  const replaces: string[] = [];
  if (!isUnknown(news["name"]) && olds["name"] !== news["name"]) replaces.push("name");
  if (!isUnknown(news["cluster"]) && olds["cluster"] !== news["cluster"]) replaces.push("cluster");
  // An adopted VM has no known source; naming one later must not destroy its disks.
  const known =
    olds["source"] !== undefined && news["source"] !== undefined && unknownPaths(news["source"]).length === 0;
  if (known && !sameSource(olds["source"], news["source"])) replaces.push("source");
  const vm = String(olds["name"]);
  if (replaces.length > 0) {
    warn(`VM "${vm}": a changed ${replaces.join(" and ")} makes a new VM; this one and its disks are deleted`);
    // With a new name, or on another cluster, it can exist beside the old one.
    const beside = replaces.includes("name") || replaces.includes("cluster");
    return { replaces, deleteBeforeReplace: !beside };
  }
  if (
    isRecord(olds["source"]) &&
    isRecord(news["source"]) &&
    olds["source"]["mode"] === "linked" &&
    news["source"]["mode"] === "copy"
  ) {
    warn(`VM "${vm}": what its disks share with VM "${String(news["source"]["vm"])}" is copied, while it runs`);
  }
  if (takesSnapshots(news["source"]) && !takesSnapshots(olds["source"]) && olds["source"] !== undefined) {
    warn(
      `VM "${vm}": \`snapshots\` counts when a clone is made; this one has been made without those of the other VM, and stays so`,
    );
  }
  warnOfMove(vm, olds, news, warn);
  warnOfCommands(vm, olds, news, warn);
  if (announcedRestart(olds, news)) {
    warn(`VM "${vm}": ${restartReason(olds, news)}, so it is stopped and started (restart: "whenRequired")`);
  } else if (runs(olds, news) && domainChanges(olds, news)) {
    warn(
      `VM "${vm}": its changed domain takes effect when it is next stopped and started (restart: "whenRequired" does that)`,
    );
  }
  return { ...(announcedRestart(olds, news) ? { changes: true } : {}), replaces, deleteBeforeReplace: true };
}

const takesSnapshots = (source: unknown) => isRecord(source) && source["snapshots"] === true;

/**
 * Whether a source makes the same VM. What a clone has inherited is only in its state. A clone that shares its disks
 * becomes independent in place.
 */
function sameSource(before: unknown, after: unknown): boolean {
  if (!isRecord(before) || !isRecord(after)) return isDeepStrictEqual(before, after);
  const made = (source: Raw) => [source["nodePath"], source["path"], source["vm"], source["snapshot"]];
  const mode = (source: Raw) => source["mode"] ?? "copy";
  return isDeepStrictEqual(made(before), made(after)) && (mode(before) === mode(after) || mode(after) === "copy");
}

/** Whether an update may restart the guest: the user allowed it, and the diff shows that it is due. */
export function announcedRestart(olds: Raw, news: Raw): boolean {
  if (news["restart"] !== "whenRequired" || !runs(olds, news)) return false;
  return olds["restartRequired"] === true || domainChanges(olds, news);
}

/** Whether a change of inputs stops the running guest, even to recreate it: the input to blame if that is rejected. */
export function stoppedBy(olds: Raw, news: Raw): "source" | "restart" | undefined {
  const { replaces, deleteBeforeReplace } = diffVm(olds, news, () => undefined);
  if (replaces.length > 0) return deleteBeforeReplace ? "source" : undefined;
  return announcedRestart(olds, news) ? "restart" : undefined;
}

const runs = (olds: Raw, news: Raw) =>
  typeof olds["node"] === "string" && olds["node"] !== "" && news["started"] !== false && news["enabled"] !== false;

const restartReason = (olds: Raw, news: Raw) =>
  domainChanges(olds, news)
    ? `its domain changes while it runs on ${String(olds["node"])}`
    : "it runs another domain than the one that is stored";

/** Whether a change affects what a guest sees only after a restart; unknown values count as changed. */
function domainChanges(olds: Raw, news: Raw): boolean {
  const bus = (inputs: Raw) => (inputs["systemDisk"] as Raw | undefined)?.["bus"] ?? DEFAULTS.diskBus;
  if (!isDeepStrictEqual(bus(olds), bus(news))) return true;
  if (typeof olds["xml"] === "string" && typeof news["xml"] === "string" && !isUnknown(news["xml"])) {
    return canonicalBase(olds["xml"], String(olds["name"])) !== canonicalBase(news["xml"], String(olds["name"]));
  }
  // A state older than an input has the input's default.
  const domain = (inputs: Raw) => withDefaults(inputs)["domain"];
  return !isDeepStrictEqual([domain(olds), olds["xml"]], [domain(news), news["xml"]]);
}

function warnOfCommands(vm: string, olds: Raw, news: Raw, warn: (text: string) => void): void {
  const [before, after] = [olds["crmConfigCommands"], news["crmConfigCommands"]];
  if (!Array.isArray(before) || !Array.isArray(after) || unknownPaths(after).length > 0) return;
  for (const line of before.filter((each) => !after.includes(each))) {
    warn(
      `VM "${vm}": what the crm command "${String(line)}" made stays in the CIB; take it out with \`crm configure\``,
    );
  }
}

function warnOfMove(vm: string, olds: Raw, news: Raw, warn: (text: string) => void): void {
  const host = news["pinnedHost"] ?? news["preferredHost"];
  const node = olds["node"];
  if (typeof host !== "string" || isUnknown(host) || typeof node !== "string" || node === "" || host === node) return;
  if (host === (olds["pinnedHost"] ?? olds["preferredHost"]) || news["started"] === false || news["enabled"] === false)
    return;
  const how =
    news["liveMigration"] === true
      ? "is migrated live"
      : `is stopped there and started on ${host}, as it has no live migration`;
  warn(`VM "${vm}": it runs on ${node} and goes to ${host}; it ${how}`);
}
