/** The image file that a disk is made of, on the node or on this machine: what is asked of it, and what speaks against it. */
import { ensureUploaded, localFile, localFileKey, nodeFile, type ImageFormat, type ImportSource, type Inventory, type SourceFile, type SourceQuestion } from "../cluster";
import { reportOf, type Context } from "./context";
import type { Refusal } from "./errors";
import { nowAndThen } from "./progress";

/** A source that is a file. */
export type FileSource = { nodePath: string; format?: ImageFormat } | { path: string; format?: ImageFormat };

/** Whether a source, of whatever kind, is a file: not another VM, nor an image of the pool. */
export const isFile = <S extends object>(source: S | undefined): source is S & FileSource =>
  source !== undefined && ("nodePath" in source || "path" in source);

/** What is asked of files. @throws what reading a file of this machine throws */
export async function sourceQuestions(...sources: readonly (object | undefined)[]): Promise<{ sources?: SourceQuestion[] }> {
  const files = sources.filter(isFile);
  if (files.length === 0) return {};
  const question = async (file: FileSource) => ("nodePath" in file ? nodeFile(file.nodePath, file.format) : localFile(file.path, file.format));
  return { sources: await Promise.all(files.map(question)) };
}

/** What is known of a file; undefined where it was not asked about. */
export const sourceFile = (inventory: Inventory, file: FileSource): SourceFile | undefined =>
  inventory.sources.get("nodePath" in file ? nodeFile(file.nodePath, file.format).key : localFileKey(file.path, file.format));

/** A file that a disk can be made of. */
export type ReadableFile = Extract<SourceFile, { driver: string }>;

/** What speaks against a file, and what it is when nothing does. */
export function judgedFile(inventory: Inventory, source: FileSource): { file?: ReadableFile; refusals: Refusal[] } {
  const file = sourceFile(inventory, source);
  if (file === undefined) return { refusals: [] };
  if ("driver" in file) return { file, refusals: [] };
  const reason = "error" in file ? file.error : `there is no such file on ${inventory.node}`;
  return { refusals: [{ property: "nodePath" in source ? "source.nodePath" : "source.path", reason: `${file.path}: ${reason}` }] };
}

/** A file as it is imported: judged again there, by what was said of it. */
export const importOf = (file: ReadableFile, { format }: FileSource): ImportSource =>
  ({ path: file.path, driver: file.driver, ...(format === undefined ? {} : { asked: format }) });

/** The file on the node: one of this machine is sent there. @param what whose it is, for the progress */
export async function onNode(context: Context, what: string, source: FileSource): Promise<FileSource> {
  if ("nodePath" in source) return source;
  const { path, ...format } = source;
  const nodePath = await ensureUploaded(context.cluster.runner, path, nowAndThen((percent) => reportOf(context)(`${what}: sending ${path}: ${percent} %`)));
  return { nodePath, ...format };
}
