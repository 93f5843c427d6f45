/** Formats a plan for a terminal and for a merge request. */
import { printable } from "pulumi-seapath-provider";
import { PLAIN, tableLines, wrapped, type Terminal } from "../print";
import { nodeTable, notes, vmTable, type Planned } from "./rows";

/** Cells that are red on a terminal: a VM that runs nowhere, an overloaded node. */
const isAlarm = (cell: string) => cell === "lost" || cell === "nowhere" || cell.endsWith(", too much");

/**
 * Tables fitted to a terminal. Text from the cluster cannot control the terminal; the only colors are ours. The command
 * at the end stays on one line, however long, because users copy it.
 */
export function planText(planned: Planned, terminal: Terminal = PLAIN): string {
  const table = (rows: readonly (readonly string[])[]) =>
    tableLines(
      rows.map((row) => row.map(printable)),
      terminal,
      isAlarm,
    );
  const sentence = (text: string) => wrapped(printable(text), terminal.columns);
  const said = notes(planned).flatMap(sentence);
  return [
    ...table(vmTable(planned)),
    "",
    ...table(nodeTable(planned)),
    ...(said.length === 0 ? [] : ["", ...said]),
    "",
    ...sentence(
      `Of the cluster's configuration ${planned.epoch}; nothing was changed. When it has changed by then, this says so:`,
    ),
    printable(`SEAPATH_PLANNED=${planned.planned} pulumi up`),
    "",
  ].join("\n");
}

/** Escapes text from the cluster so that it stays text in a cell. */
const cell = (text: string) => text.replace(/[\\`*_{}[\]<>|#]/g, (sign) => `\\${sign}`).replace(/\s+/g, " ");

function table([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)];
}

/** The tables in Markdown. */
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
