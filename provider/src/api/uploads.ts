/** The image files that were sent to the nodes: each node has its own. */
import { nodesOf } from "../session";
import { isOutOfReach, listUploads, removeUploads as removeThere, type UploadedFile } from "../vmmgr";
import type { At } from "./at";

/** What a node has, or what was removed there. */
export interface NodeUploads {
  /** As the configuration names it. */
  node: string;
  files: UploadedFile[];
  /** Those that stay, being in use; only where they were to be removed. */
  kept?: UploadedFile[];
  /** Why it could not be asked. */
  unreachable?: string;
}

/** The image files on each node of `seapath:hosts`. A node that is out of reach is among them, and says so. */
export const uploads = (at: At): Promise<NodeUploads[]> =>
  onEach(at, async (runner) => ({ files: await listUploads(runner) }));

/** Removes the image files from each node, except those that a create has asked for within the last hour. */
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
