/** `preview-guard`: the script for a node that limits an SSH key to previews, without changes. */
import { api } from "pulumi-seapath-provider";
import { UsageError } from "./grammar";
import type { Run, Verb } from "./verb";

const DEFAULT_FOLDER = "/var/lib/seapath/images";

function previewGuard({ given, out }: Run): Promise<void> {
  const imageFolders = given.has("images") ? given.all("images") : [DEFAULT_FOLDER];
  for (const folder of imageFolders) {
    if (!folder.startsWith("/") || folder.split("/").includes(".."))
      throw new UsageError(`argument --images: "${folder}" is no absolute path`);
  }
  out(api.previewGuard({ imageFolders }));
  return Promise.resolve();
}

export const guarding: readonly Verb[] = [
  {
    name: "preview-guard",
    help: "Write to standard output the forced command of a key that can preview and plan, and change nothing",
    more:
      "It goes to /usr/local/sbin/seapath-preview on each node; docs/preview-key.md has the user, the key and the sudo rule.\n" +
      "It knows the programs of this release alone: write it again when pulumi-seapath is updated.",
    options: [
      {
        name: "images",
        takes: "text",
        placeholder: "FOLDER",
        repeated: true,
        ours: true,
        help: `a folder of the node whose image files may be looked at (${DEFAULT_FOLDER})`,
      },
    ],
    ours: true,
    local: true,
    run: previewGuard,
  },
];
