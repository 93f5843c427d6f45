/** A plan for a terminal and for a merge request. */
import { nodeTable, notes, vmTable, type Planned } from "./rows";

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => (row[index] ?? "").length)));
  return rows.map((row) => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  ").trimEnd());
}

/** Tables for a terminal. */
export function planText(planned: Planned): string {
  const said = notes(planned);
  return [
    ...aligned(vmTable(planned)),
    "",
    ...aligned(nodeTable(planned)),
    ...(said.length === 0 ? [] : ["", ...said]),
    "",
    `Of the cluster's configuration ${planned.epoch}; nothing was changed. When it has changed by then, this says so:`,
    `SEAPATH_PLANNED=${planned.planned} pulumi up`,
    "",
  ].join("\n");
}

/** A name or a sentence of the cluster's, such that it stays text in a cell. */
const cell = (text: string) => text.replace(/[\\`*_{}[\]<>|#]/g, (sign) => `\\${sign}`).replace(/\s+/g, " ");

function table([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)];
}

/** Tables in Markdown. */
export function planMarkdown(planned: Planned): string {
  const said = notes(planned).map((text) => `- ${cell(text)}`);
  return [
    ...table(vmTable(planned)),
    "",
    ...table(nodeTable(planned)),
    ...(said.length === 0 ? [] : ["", ...said]),
    "",
    `Of the cluster's configuration \`${planned.epoch}\`; nothing was changed. When it has changed by then, \`SEAPATH_PLANNED=${planned.planned} pulumi up\` says so.`,
    "",
  ].join("\n");
}
