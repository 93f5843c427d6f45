/** Uploaded image files on the nodes: each node has its own. */
import { nodesOf } from "../session";
import { isOutOfReach, listUploads, removeUploads as removeThere, type UploadedFile } from "../vmmgr";
import type { At } from "./at";

/** The files on a node, or those removed there. */
export interface NodeUploads {
  /** As in the configuration. */
  node: string;
  files: UploadedFile[];
  /** Files in use, which stay; only for a removal. */
  kept?: UploadedFile[];
  /** Why it could not be asked. */
  unreachable?: string;
}

/** The image files on each node of `seapath:hosts`. Unreachable nodes are included, with the reason. */
export const uploads = (at: At): Promise<NodeUploads[]> =>
  onEach(at, async (runner) => ({ files: await listUploads(runner) }));

/** Removes the image files from each node, except those that a create has requested within the last hour. */
export const removeUploads = (at: At): Promise<NodeUploads[]> =>
  onEach(at, async (runner) => {
    const { removed, kept } = await removeThere(runner);
    return { files: removed, kept };
  });

type Node = ReturnType<typeof nodesOf>[number];

function onEach(
  { cluster }: At,
  ask: (runner: Node["runner"]) => Promise<Omit<NodeUploads, "node">>,
): Promise<NodeUploads[]> {
  return Promise.all(
    nodesOf(cluster).map(async ({ node, runner }) => {
      try {
        return { node, ...(await ask(runner)) };
      } catch (error) {
        if (!isOutOfReach(error)) throw error;
        return { node, files: [], unreachable: (error as Error).message };
      } finally {
        runner.close();
      }
    }),
  );
}
