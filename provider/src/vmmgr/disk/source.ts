/** Where the content of a disk lies on the node. */
import { ensureUploaded } from "../../cluster";
import { reportOf, type Context } from "../context";
import type { DiskSource } from "./model";

/** The path on the node; undefined for a copy of an image, or a file that has not been sent. */
export const nodePathOf = (source: DiskSource | undefined) => (source !== undefined && "nodePath" in source ? source.nodePath : undefined);

/** The source with a file of this machine sent to the node. */
export async function localSource(context: Context, image: string, source: DiskSource | undefined): Promise<DiskSource | undefined> {
  if (source === undefined || !("path" in source)) return source;
  const { path } = source;
  let said = Date.now();
  const sent = await ensureUploaded(context.cluster.runner, path, (percent) => {
    if (Date.now() - said < 3_000) return;
    said = Date.now();
    reportOf(context)(`${image}: sending ${path}: ${percent} %`);
  });
  return { nodePath: sent };
}
