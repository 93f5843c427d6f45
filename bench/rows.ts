/** The measurements, one per row, and their evaluation. Arithmetic only. */
import type { Setting } from "./options.ts";

/** What was done. */
export type What = "nothing" | "up" | "update" | "refresh" | "preview" | "preview with policies";
/** Who did it: this project, or plain commands on a node, for one VM after another or for all at once. */
export type By = "pulumi" | "one by one" | "at once";

export interface Row {
  setting: Setting;
  what: What;
  vms: number;
  by: By;
  /** From the start of the local program to its end. */
  seconds: number;
  /**
   * From the first program on a node to the end of the last: without the start of Pulumi, its program and its provider.
   */
  workSeconds?: number;
  /** Requests that a node answered, each with one program. */
  roundTrips: number;
  /** Programs started on the node; for pulumi, those over the link. */
  programs: number;
  /** Bytes over the link, both ways; absent if not counted. */
  bytes?: number;
}

export interface Goal {
  goal: string;
  /** In the terms of the goal; undefined if this run has not measured it. */
  measured?: string;
  met?: boolean;
}

/** The row that matches, if this run has it. */
export function findRow(rows: readonly Row[], wanted: Partial<Row>): Row | undefined {
  return rows.find((row) => Object.entries(wanted).every(([key, value]) => row[key as keyof Row] === value));
}

/** The faster way of the plain commands for this many VMs. */
export function floorOf(rows: readonly Row[], setting: Setting, vms: number): Row | undefined {
  const ways = rows.filter((row) => row.by !== "pulumi" && row.setting === setting && row.vms === vms);
  return ways.sort((a, b) => a.seconds - b.seconds)[0];
}

/** How many times longer an `up` took than the fastest plain commands, or a preview with policies than one without. */
export function ratioOf(rows: readonly Row[], row: Row): number | undefined {
  if (row.what === "preview with policies") {
    const without = findRow(rows, { setting: row.setting, what: "preview", vms: row.vms });
    return without === undefined ? undefined : row.seconds / without.seconds;
  }
  if (row.what !== "up" || row.by !== "pulumi") return undefined;
  const floor = floorOf(rows, row.setting, row.vms);
  return floor === undefined ? undefined : row.seconds / floor.seconds;
}

/** The same without the time of an `up` that has nothing to do. */
export function ownRatioOf(rows: readonly Row[], row: Row): number | undefined {
  const nothing = findRow(rows, { setting: row.setting, what: "nothing" });
  const whole = row.what === "up" ? ratioOf(rows, row) : undefined;
  return whole === undefined || nothing === undefined
    ? undefined
    : (whole * (row.seconds - nothing.seconds)) / row.seconds;
}

const s = (seconds: number) => `${seconds.toFixed(2)} s`;

/** The goals of this project, and whether this run met them. */
export function goalsOf(rows: readonly Row[], latency: number): Goal[] {
  const pulumi = (setting: Setting, what: What, vms: number) => findRow(rows, { setting, what, vms, by: "pulumi" });
  const [up, update, many] = [pulumi("near", "up", 10), pulumi("near", "update", 10), pulumi("near", "refresh", 200)];
  const ratio = up === undefined ? undefined : ratioOf(rows, up);
  const own = up === undefined ? undefined : ownRatioOf(rows, up);
  const below = (
    goal: string,
    measured: number | undefined,
    most: number,
    words: (measured: number) => string,
  ): Goal => (measured === undefined ? { goal } : { goal, measured: words(measured), met: measured <= most });
  const cost = (setting: Setting) => {
    const there = pulumi(setting, "up", 10);
    return up === undefined || there === undefined ? undefined : there.seconds - up.seconds;
  };
  const floorCost = (setting: Setting) => {
    const [here, there] = [floorOf(rows, "near", 10), floorOf(rows, setting, 10)];
    return here === undefined || there === undefined
      ? ""
      : `; it costs the plain commands ${s(there.seconds - here.seconds)}`;
  };
  return [
    below(
      "an up of 10 VMs takes at most 1.5 times the plain commands",
      ratio,
      1.5,
      (x) => `${x.toFixed(2)} times${own === undefined ? "" : `, ${own.toFixed(2)} without the start of Pulumi`}`,
    ),
    below(
      "a refresh of 200 VMs takes at most 3 s",
      many?.seconds,
      3,
      (x) => `${s(x)}, ${s(many?.workSeconds ?? 0)} of them on the cluster`,
    ),
    below(
      "an update in place takes at most 1 s, without the start of Pulumi",
      update?.workSeconds,
      1,
      (x) => `${s(x)}, ${s(update?.seconds ?? 0)} with it`,
    ),
    below(
      `${latency} ms to the cluster cost an up of 10 VMs at most 2 s`,
      cost("far"),
      2,
      (x) => `${s(x)}${floorCost("far")}`,
    ),
    below(
      `${latency} ms to each node, for its own traffic too, cost an up of 10 VMs at most 2 s`,
      cost("wide"),
      2,
      (x) => `${s(x)}${floorCost("wide")}`,
    ),
  ];
}
