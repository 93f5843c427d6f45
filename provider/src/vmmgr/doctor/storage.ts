/** Ceph: whether it is healthy, and accepts writes. */
import type { Examination, Inventory } from "../../cluster";
import { finding, type Finding } from "./finding";

/** Ceph warnings that mean that something does not work, or will stop with one more failure. */
const GRAVE = new Set([
  "MON_DOWN",
  "MGR_DOWN",
  "OSD_DOWN",
  "OSD_HOST_DOWN",
  "OSD_ORPHAN",
  "OSD_FULL",
  "OSD_BACKFILLFULL",
  "POOL_FULL",
  "OSDMAP_FLAGS",
  "PG_AVAILABILITY",
  "PG_DEGRADED",
  "PG_DAMAGED",
  "OBJECT_UNFOUND",
  "SLOW_OPS",
]);
const CLOCKS = "MON_CLOCK_SKEW";
/** Full pools have their own finding. */
const NEARLY = 0.1;
const GIB = 1024 ** 3;

/** Ceph's own health report: every node gives the same, so the first one that could query it is used. */
export function healthFindings(examined: readonly Examination[]): Finding[] {
  const found = examined.flatMap(({ ceph }) => ("ok" in ceph ? [ceph.ok] : []));
  return Object.entries(found[0] ?? {}).map(([check, { severity, message }]) => {
    if (check === CLOCKS)
      return finding(
        "time-skew",
        {},
        `Ceph's monitors do not have the same time (${check}): ${message}`,
        "Have all nodes take their time from the same source, and see `ceph time-sync-status`.",
      );
    const grave = severity === "HEALTH_ERR" || GRAVE.has(check);
    return finding(
      grave ? "ceph-error" : "ceph-warning",
      {},
      `Ceph is not well (${check}): ${message}`,
      "See `ceph health detail`.",
    );
  });
}

/** Whether Ceph accepts writes, and how much. */
export function roomFindings({ full, nearlyFull, freeBytes, storedBytes }: Inventory): Finding[] {
  const more =
    "Remove images or snapshots, add OSDs, or raise the quota (`ceph osd pool set-quota rbd max_bytes <bytes>`).";
  if (full !== undefined)
    return [finding("ceph-full", {}, `Ceph takes nothing more: ${full}, and every write waits without an end`, more)];
  const share = freeBytes / Math.max(1, freeBytes + storedBytes);
  if (!nearlyFull && share >= NEARLY) return [];
  return [
    finding("ceph-room", {}, `Ceph is nearly full: the pool can take ${(freeBytes / GIB).toFixed(1)} GiB more`, more),
  ];
}
