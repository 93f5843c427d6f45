/**
 * The image file that a disk is created from, on the node or on this machine: what to ask about it, and reasons to
 * reject it.
 */
import {
  ensureUploaded,
  localFile,
  localFileKey,
  localFileProblem,
  nodeFile,
  type ImportSource,
  type Inventory,
  type SourceFile,
  type SourceQuestion,
} from "../../cluster";
import { words } from "../../words";
import { reportOf, type Context } from "./context";
import type { FileSource } from "../form/model";
import type { Refusal } from "./errors";
import { nowAndThen } from "./progress";

/** Whether a source of any kind is a file, and not another VM or an image of the pool. */
export const isFile = <S extends object>(source: S | undefined): source is S & FileSource =>
  source !== undefined && ("nodePath" in source || "path" in source);

/** A local file without readable content, found without a cluster. @param property the input that names it */
export async function localFileRefusals(source: object | undefined, property = "source.path"): Promise<Refusal[]> {
  if (source === undefined || !("path" in source) || typeof source.path !== "string") return [];
  const problem = await localFileProblem(source.path);
  return problem === undefined ? [] : [{ property, reason: problem }];
}

/** The questions to ask about files. @throws LocalFileError */
export async function sourceQuestions(
  ...sources: readonly (object | undefined)[]
): Promise<{ sources?: SourceQuestion[] }> {
  const files = sources.filter(isFile);
  if (files.length === 0) return {};
  const question = async (file: FileSource) =>
    "nodePath" in file ? nodeFile(file.nodePath, file.format) : localFile(file.path, file.format);
  return { sources: await Promise.all(files.map(question)) };
}

/** The known facts about a file; undefined if it was not queried. */
export const sourceFile = (inventory: Inventory, file: FileSource): SourceFile | undefined =>
  inventory.sources.get(
    "nodePath" in file ? nodeFile(file.nodePath, file.format).key : localFileKey(file.path, file.format),
  );

/** A file that a disk can be created from. */
export type ReadableFile = Extract<SourceFile, { driver: string }>;

/** The reasons to reject a file, or its properties if there are none. */
export function judgedFile(inventory: Inventory, source: FileSource): { file?: ReadableFile; refusals: Refusal[] } {
  const file = sourceFile(inventory, source);
  if (file === undefined) return { refusals: [] };
  if ("driver" in file) return { file, refusals: [] };
  const property = "nodePath" in source && source.sentFrom === undefined ? "source.nodePath" : "source.path";
  return { refusals: [{ property, reason: `${sourceName(source)}: ${fileProblem(inventory.node, source, file)}` }] };
}

function fileProblem(node: string, source: FileSource, file: Exclude<SourceFile, ReadableFile>): string {
  if ("error" in file) {
    // QEMU's message names the path it was given.
    const error = file.error.replaceAll(file.path, sourceName(source));
    return file.unsaid === undefined
      ? error
      : `${error}; say so (${words().given("source.format", file.unsaid)}), or make a qcow2 of it`;
  }
  return "sentFrom" in source ? `its copy on ${node}, ${file.path}, is gone` : `there is no such file on ${node}`;
}

/** The user's name for a file. */
export const sourceName = (source: FileSource): string =>
  "path" in source ? source.path : (source.sentFrom ?? source.nodePath);

/** A file as the import takes it: the node checks it again, against the declared format. */
export const importOf = (file: ReadableFile, source: FileSource): ImportSource => ({
  path: file.path,
  driver: file.driver,
  name: sourceName(source),
  ...(source.format === undefined ? {} : { asked: source.format }),
});

/** The file on the node; a local file is uploaded. @param what the VM or disk, for the progress report */
export async function onNode(context: Context, what: string, source: FileSource): Promise<FileSource> {
  if ("nodePath" in source) return source;
  const { path, ...format } = source;
  const nodePath = await ensureUploaded(
    context.cluster.runner,
    path,
    nowAndThen((percent) => reportOf(context)(`${what}: sending ${path}: ${percent} %`)),
  );
  return { nodePath, ...format, sentFrom: path };
}
