/** The options that describe a VM, and the `seapath.Vm` inputs they stand for. */
import { lstat, readFile, stat } from "node:fs/promises";
import { api, type FileSource } from "pulumi-seapath-provider";
import { UsageError, type Given, type OptionSpec } from "./grammar";

type Setting = (typeof api.settingList)[number];

const settingOption = ({ default: usual, option, placeholder, help }: Setting): OptionSpec => ({
  name: option,
  takes: typeof usual === "boolean" ? "flag" : typeof usual === "number" ? "int" : "text",
  ...(placeholder === undefined ? {} : { placeholder }),
  help,
});

/** The value of a setting's option; undefined if it was not given. */
function settingIn(given: Given, { default: usual, option }: Setting): unknown {
  if (typeof usual === "boolean") return given.has(option) ? true : undefined;
  return typeof usual === "number" ? given.number(option) : given.find(option);
}

/** Options common to create, clone and add-to-cluster. */
export const COMMON: readonly OptionSpec[] = [
  { name: "disable", takes: "flag", help: "do not give it to Pacemaker" },
  {
    name: "force",
    takes: "flag",
    help: "remove an existing VM of the name first, once nothing speaks against the new one",
  },
  { name: "metadata", takes: "pairs", help: "metadata of the user's" },
  {
    name: "pinned-host",
    takes: "text",
    placeholder: "NODE",
    without: ["preferred-host"],
    help: "run it there and nowhere else",
  },
  {
    name: "preferred-host",
    takes: "text",
    placeholder: "NODE",
    without: ["pinned-host"],
    help: "run it there when possible",
  },
  ...api.settingList.map(settingOption),
  {
    name: "add-crm-config-cmd",
    takes: "text",
    placeholder: "WORDS",
    repeated: true,
    help: "run `crm configure WORDS` for it",
  },
  { name: "pacemaker-meta", takes: "pairs", help: "meta attributes of its primitive" },
  { name: "pacemaker-params", takes: "pairs", help: "parameters of its primitive" },
  { name: "pacemaker-utilization", takes: "pairs", help: "utilization of its primitive" },
];

/**
 * The same options for a clone. It inherits what is not given, so the default at the end of the help does not apply.
 */
export const INHERITED: readonly OptionSpec[] = COMMON.map((option) => ({
  ...option,
  help: option.help.replace(/ \([^()]*\)$/, ""),
}));

export const NOSTART: OptionSpec = { name: "nostart", takes: "flag", help: "do not start it" };
export const PROGRESS: OptionSpec = {
  name: "progress",
  short: "p",
  takes: "flag",
  help: "say how far the import is, also where standard error is no terminal",
};
export const DISK_BUS: OptionSpec = {
  name: "disk-bus",
  takes: "text",
  placeholder: "BUS",
  choices: ["virtio", "scsi", "sata", "usb", "ide"],
  help: "the bus of its disks (virtio)",
};
/** The image's format and place; not in vm-mgr, because vm-mgr runs on the node. */
export const IMAGE_FORMAT: OptionSpec = {
  name: "image-format",
  takes: "text",
  placeholder: "FORMAT",
  ours: true,
  help: "what images are, where that is not raw or qcow2: vmdk, vdi, vhd, vhdx",
};
export const IMAGE_ON_NODE: OptionSpec = {
  name: "image-on-node",
  takes: "flag",
  ours: true,
  help: "images are files of the node, not of this machine",
};

/** The inputs for {@link COMMON}. Options not given are left out, so that the default or inherited value applies. */
export function commonInputs(given: Given): Record<string, unknown> {
  const inputs: Record<string, unknown> = {
    pinnedHost: given.find("pinned-host"),
    preferredHost: given.find("preferred-host"),
    ...Object.fromEntries(api.settingList.map((setting) => [setting.name, settingIn(given, setting)])),
    crmConfigCommands: given.has("add-crm-config-cmd") ? given.all("add-crm-config-cmd") : undefined,
    metadata: given.has("metadata") ? given.map("metadata") : undefined,
    pacemaker: {
      meta: given.map("pacemaker-meta"),
      params: given.map("pacemaker-params"),
      utilization: given.map("pacemaker-utilization"),
    },
  };
  return Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== undefined));
}

/** Reads a local file that an option names; `-` is standard input. */
export async function readGivenFile(given: Given, option: string): Promise<string> {
  const path = given.get(option);
  const unable = (reason: string, cause?: unknown): never => {
    throw new Error(`Unable to read the file of --${option}: ${reason}`, { cause });
  };
  const file = path === "-" ? "/dev/stdin" : path;
  // Accept a pipe as well as a file: a shell's <(…) is one.
  const piped = await stat(file).then(
    (facts) => facts.isFIFO() || facts.isCharacterDevice() || facts.isSocket(),
    () => false,
  );
  const problem = piped ? undefined : await api.localFileProblem(file);
  if (problem !== undefined) unable(problem);
  let text: string;
  try {
    text = decoded(await readFile(file));
  } catch (error) {
    return unable(`${path}: ${(error as Error).message}`, error);
  }
  return text === "" ? unable(`${path} is empty`) : text;
}

/** Decodes a document by the encoding in its XML declaration. The result no longer declares one. */
export function decoded(bytes: Uint8Array): string {
  const [, encoding] =
    /^<\?xml[^>]*?\sencoding=["']([A-Za-z0-9._-]+)["']/.exec(Buffer.from(bytes.subarray(0, 200)).toString("latin1")) ??
    [];
  const decoder = new TextDecoder(encoding ?? "utf-8", { fatal: true });
  return decoder.decode(bytes).replace(/^(<\?xml[^>]*?)\sencoding=["'][A-Za-z0-9._-]+["']/, "$1");
}

/**
 * Locates an image. `node:/path`, or any path with `--image-on-node`, is on the node. Otherwise it is a local file, or,
 * if there is none, a file on the node, as with vm-mgr; a message says so.
 */
export async function imageSource(given: Given, text: string, say: (text: string) => void): Promise<FileSource> {
  const format = given.has("image-format")
    ? { format: given.get("image-format") as FileSource["format"] & string }
    : {};
  const onNode = text.startsWith("node:") ? text.slice("node:".length) : given.has("image-on-node") ? text : undefined;
  if (onNode !== undefined) {
    if (!onNode.startsWith("/"))
      throw new UsageError(`argument --image: '${text}' is not an absolute path of the node`);
    return { nodePath: onNode, ...format };
  }
  // A broken local link still counts as local: the user did not mean a file of that name on the node.
  const missing = await lstat(text).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === "ENOENT",
  );
  if (!missing || !text.startsWith("/")) return { path: text, ...format };
  say(`${text}: there is no such file on this machine; the node's is taken`);
  return { nodePath: text, ...format };
}
