/** The image file that a disk is made of, on the node or on this machine: what is asked of it, and what speaks against it. */
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

/** Whether a source, of whatever kind, is a file: not another VM, nor an image of the pool. */
export const isFile = <S extends object>(source: S | undefined): source is S & FileSource =>
  source !== undefined && ("nodePath" in source || "path" in source);

/** A file of this machine in which there is nothing to read, known without a cluster. @param property the input that names it */
export async function localFileRefusals(source: object | undefined, property = "source.path"): Promise<Refusal[]> {
  if (source === undefined || !("path" in source) || typeof source.path !== "string") return [];
  const problem = await localFileProblem(source.path);
  return problem === undefined ? [] : [{ property, reason: problem }];
}

/** What is asked of files. @throws LocalFileError */
export async function sourceQuestions(
  ...sources: readonly (object | undefined)[]
): Promise<{ sources?: SourceQuestion[] }> {
  const files = sources.filter(isFile);
  if (files.length === 0) return {};
  const question = async (file: FileSource) =>
    "nodePath" in file ? nodeFile(file.nodePath, file.format) : localFile(file.path, file.format);
  return { sources: await Promise.all(files.map(question)) };
}

/** What is known of a file; undefined where it was not asked about. */
export const sourceFile = (inventory: Inventory, file: FileSource): SourceFile | undefined =>
  inventory.sources.get(
    "nodePath" in file ? nodeFile(file.nodePath, file.format).key : localFileKey(file.path, file.format),
  );

/** A file that a disk can be made of. */
export type ReadableFile = Extract<SourceFile, { driver: string }>;

/** What speaks against a file, and what it is when nothing does. */
export function judgedFile(inventory: Inventory, source: FileSource): { file?: ReadableFile; refusals: Refusal[] } {
  const file = sourceFile(inventory, source);
  if (file === undefined) return { refusals: [] };
  if ("driver" in file) return { file, refusals: [] };
  const property = "nodePath" in source && source.sentFrom === undefined ? "source.nodePath" : "source.path";
  return { refusals: [{ property, reason: `${sourceName(source)}: ${fileProblem(inventory.node, source, file)}` }] };
}

function fileProblem(node: string, source: FileSource, file: Exclude<SourceFile, ReadableFile>): string {
  if ("error" in file) {
    // QEMU's own words name what it was given.
    const error = file.error.replaceAll(file.path, sourceName(source));
    return file.unsaid === undefined
      ? error
      : `${error}; say so (${words().given("source.format", file.unsaid)}), or make a qcow2 of it`;
  }
  return "sentFrom" in source ? `its copy on ${node}, ${file.path}, is gone` : `there is no such file on ${node}`;
}

/** What its user calls a file. */
export const sourceName = (source: FileSource): string =>
  "path" in source ? source.path : (source.sentFrom ?? source.nodePath);

/** A file as it is imported: judged again there, by what was said of it. */
export const importOf = (file: ReadableFile, source: FileSource): ImportSource => ({
  path: file.path,
  driver: file.driver,
  name: sourceName(source),
  ...(source.format === undefined ? {} : { asked: source.format }),
});

/** The file on the node: one of this machine is sent there. @param what whose it is, for the progress */
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
