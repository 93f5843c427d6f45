/** `uploads`: the image files uploaded to the nodes. */
import { api } from "pulumi-seapath-provider";
import { printed } from "./print";
import { JSON_OUTPUT, type Run, type Verb } from "./verb";

type File = api.NodeUploads["files"][number];

const MIB = 1024 ** 2;
const moment = (seconds: number) => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
const nameOf = ({ origin, hash }: File) => (origin === "" ? hash : origin);

/** One line per file: node, size, last use, original name, and name on the node. */
export function uploadLines(nodes: readonly api.NodeUploads[]): string[] {
  const rows = nodes.flatMap(({ node, files }) =>
    files.map((file) => [
      node,
      `${(file.bytes / MIB).toFixed(1)} MiB`,
      moment(file.used),
      file.origin || "?",
      file.hash,
    ]),
  );
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 1 ? cell.padStart(widths[1] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join("  "),
  );
}

async function uploads({ given, at, json, out, say }: Run): Promise<number> {
  const nodes = await (given.has("remove") ? api.removeUploads(at) : api.uploads(at));
  out(
    json
      ? printed(true, nodes, "")
      : uploadLines(nodes)
          .map((line) => `${line}\n`)
          .join(""),
  );
  for (const { node, kept = [], unreachable } of nodes) {
    for (const file of kept) say(`${node}: ${nameOf(file)} stays: a create asked for it less than an hour ago`);
    if (unreachable !== undefined) say(`${node}: what it has is not known: ${unreachable}`);
  }
  return nodes.some(({ unreachable }) => unreachable !== undefined) ? 1 : 0;
}

export const uploading: readonly Verb[] = [
  {
    name: "uploads",
    help: "Print the image files that were sent to the nodes of --hosts, or remove them",
    more:
      "They lie in uploads of seapath:nodeFolder (/var/lib/pulumi-seapath) of each node, and a VM that is made needs its image no more. A line a file: node,\n" +
      "what it takes on the disk, when it was last used, what it was called, and its name there. With --remove: those that went.",
    options: [
      {
        name: "remove",
        takes: "flag",
        ours: true,
        help: "remove them, except those that a create asked for within the last hour",
      },
      JSON_OUTPUT,
    ],
    ours: true,
    run: uploads,
  },
];
