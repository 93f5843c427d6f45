/** Which changes of a VM replace it. Everything else is left to the engine's own comparison of inputs. */
import { isDeepStrictEqual } from "node:util";
import { isUnknown, unknownPaths } from "../unknowns";

type Raw = Record<string, unknown>;

/** What `diff` answers; `changes` stays unset on purpose, see docs/decisions/0001. */
export interface VmDiff {
  replaces: string[];
  deleteBeforeReplace: boolean;
}

/** Compares state and inputs as to what replaces the VM, and says what the change does to a running guest. */
export function diffVm(olds: Raw, news: Raw, warn: (text: string) => void): VmDiff {
  const replaces: string[] = [];
  if (!isUnknown(news["name"]) && olds["name"] !== news["name"]) replaces.push("name");
  if (!isUnknown(news["cluster"]) && olds["cluster"] !== news["cluster"]) replaces.push("cluster");
  // A VM that was adopted has no known source; naming one later must not cost it its disks.
  const known = olds["source"] !== undefined && news["source"] !== undefined && unknownPaths(news["source"]).length === 0;
  if (known && !isDeepStrictEqual(olds["source"], news["source"])) replaces.push("source");
  const vm = String(olds["name"]);
  if (replaces.length > 0) {
    warn(`VM "${vm}": a changed ${replaces.join(" and ")} makes a new VM; this one and its disks are deleted`);
  } else {
    warnOfMove(vm, olds, news, warn);
  }
  // Under a new name, or on another cluster, it can stand beside the old one.
  const beside = replaces.includes("name") || replaces.includes("cluster");
  return { replaces, deleteBeforeReplace: replaces.length > 0 && !beside };
}

function warnOfMove(vm: string, olds: Raw, news: Raw, warn: (text: string) => void): void {
  const host = news["pinnedHost"] ?? news["preferredHost"];
  const node = olds["node"];
  if (typeof host !== "string" || isUnknown(host) || typeof node !== "string" || node === "" || host === node) return;
  if (host === (olds["pinnedHost"] ?? olds["preferredHost"]) || news["started"] === false || news["enabled"] === false) return;
  const how = news["liveMigration"] === true ? "is migrated live" : `is stopped there and started on ${host}, as it has no live migration`;
  warn(`VM "${vm}": it runs on ${node} and goes to ${host}; it ${how}`);
}
