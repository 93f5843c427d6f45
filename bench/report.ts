/** The results as text for a terminal. */
import { ownRatioOf, ratioOf, type Goal, type Row } from "./rows.ts";
import type { Setting } from "./options.ts";

const COLUMNS = [
  "",
  "s",
  "on the cluster",
  "round trips",
  "programs",
  "KiB",
  "times the floor",
  "without Pulumi's start",
];

const seconds = (value: number | undefined) => (value === undefined ? "" : value.toFixed(2));
const WORDS = {
  nothing: "an up of nothing",
  up: "up of",
  update: "update of one of",
  refresh: "refresh of",
  preview: "preview beside",
  "preview with policies": "preview with policies, beside",
} as const;

function nameOf({ what, vms, by }: Row): string {
  if (what === "nothing") return WORDS.nothing;
  const count = `${vms} VM${vms === 1 ? "" : "s"}`;
  if (by !== "pulumi") return `plain commands, ${count}${vms === 1 ? "" : `, ${by}`}`;
  return `pulumi: ${WORDS[what]} ${count}`;
}

function cellsOf(rows: readonly Row[], row: Row): string[] {
  return [
    nameOf(row),
    seconds(row.seconds),
    seconds(row.workSeconds),
    String(row.roundTrips),
    String(row.programs),
    row.bytes === undefined ? "" : String(Math.round(row.bytes / 1024)),
    seconds(ratioOf(rows, row)),
    seconds(ownRatioOf(rows, row)),
  ];
}

/** Aligns cells in columns: the first to the left, numbers to the right. */
export function alignedLines(table: readonly (readonly string[])[]): string[] {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((cells) => (cells[column] ?? "").length)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return table.map((cells) => cells.map(pad).join("  ").trimEnd());
}

/** The rows of one setting, below its description. */
export function tableOf(rows: readonly Row[], setting: Setting, words: string): string {
  const own = rows.filter((row) => row.setting === setting);
  return [words, ...alignedLines([COLUMNS, ...own.map((row) => cellsOf(rows, row))]), ""].join("\n");
}

/** One line per goal: met, not met, not measured. */
export function goalLines(goals: readonly Goal[]): string {
  const sign = ({ met }: Goal) => (met === undefined ? "not measured" : met ? "met" : "not met");
  return [
    ...alignedLines(goals.map((goal) => [sign(goal), "", ""])).map((line, index) => {
      const goal = goals[index];
      return `${line.padEnd(12)}  ${goal?.goal ?? ""}${goal?.measured === undefined ? "" : `: ${goal.measured}`}`;
    }),
    "",
  ].join("\n");
}
