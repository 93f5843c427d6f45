/**
 * The lab's namespaces. One process, pid 1 of its own namespaces, holds the whole lab: the bridge, Ceph, the mounts,
 * and the nodes, which are nested namespaces. When it ends, the kernel removes all of that, and only files remain. So
 * finding out what exists never needs the lab's files. Its folder only has the mark that distinguishes its processes
 * from those of another lab whose folder has the same name.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from "node:fs";
import { spawn } from "node:child_process";
import { dirname } from "node:path";

import { apart, inLab, labDir, LabError, markerFile, release, sourceDir, startIt } from "./config.ts";
import { inRoot } from "./root.ts";
import { run, sleep, until, type Output, type RunOptions } from "./run.ts";

/** The process that holds the lab, and the first process of each running node, by name. */
export interface Space {
  lab?: number;
  nodes: Map<string, number>;
}

const environment = (pid: string): string[] => readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");

interface First {
  pid: number;
  role: string;
  /** The mark of the lab it was started for. */
  mark: string;
}

/**
 * A first process has the lab's folder and mark and its own name in its environment, and is pid 1 in its own namespace.
 */
function firstProcess(pid: string): First | undefined {
  try {
    const variables = environment(pid);
    if (!variables.includes(`SEAPATH_LAB=${labDir}`)) return undefined;
    const valueOf = (name: string): string | undefined =>
      variables.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1);
    const role = valueOf("SEAPATH_LAB_ROLE");
    const pids =
      /^NSpid:(.*)$/m
        .exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
        ?.trim()
        .split(/\s+/) ?? [];
    return role !== undefined && pids.at(-1) === "1"
      ? { pid: Number(pid), role, mark: valueOf("SEAPATH_LAB_MARK") ?? "" }
      : undefined;
  } catch {
    return undefined; // It ended meanwhile.
  }
}

/** The mark of this lab's processes, from its folder; undefined if the folder is gone. */
const ownMark = (): string | undefined =>
  existsSync(inLab(markerFile)) ? readFileSync(inLab(markerFile), "utf8") : undefined;

/**
 * The processes of this lab among those that name its folder: those with its mark. A lab in a container, for example,
 * has another folder with the same name. If the folder of a running lab was removed, its processes see no mark there
 * either.
 */
export function spaceOf(found: readonly First[], mark: string | undefined, seesMark: (pid: number) => boolean): Space {
  const lab = found.find(
    (each) => each.role === "lab" && (mark === undefined ? !seesMark(each.pid) : each.mark === mark),
  );
  const nodes = found.filter((each) => each.role !== "lab" && lab !== undefined && each.mark === lab.mark);
  return { ...(lab === undefined ? {} : { lab: lab.pid }), nodes: new Map(nodes.map(({ role, pid }) => [role, pid])) };
}

/** Finds the lab among this machine's processes. */
export function findSpace(): Space {
  const found = readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => firstProcess(pid) ?? []);
  return spaceOf(found, ownMark(), (pid) => existsSync(throughSpace(pid, inLab(markerFile))));
}

/** The folder of another lab running on this machine's network. */
export function otherLab(): string | undefined {
  const own = findSpace().lab;
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const variables = environment(pid);
      const folder = variables.find((variable) => variable.startsWith("SEAPATH_LAB="))?.slice(12);
      if (
        folder === undefined ||
        variables.includes("SEAPATH_LAB_APART=1") ||
        !variables.includes("SEAPATH_LAB_ROLE=lab")
      )
        continue;
      if (Number(pid) !== own) return folder;
    } catch {
      // It ended meanwhile, or is not ours to inspect.
    }
  }
  return undefined;
}

const enterLab = (pid: number): string[] => ["nsenter", "-t", String(pid), "-m", "-n", "-p", "--"];

/** The command that runs a program inside a node. */
export const enterNode = (pid: number): string[] => [
  "nsenter",
  "-t",
  String(pid),
  "-m",
  "-u",
  "-i",
  "-n",
  "-p",
  "-r",
  "-w",
  "--",
];

/** The command that runs a program of this machine where the lab's nodes are reachable by their addresses. */
export function reaching(): string[] {
  if (!apart) return [];
  const pid = findSpace().lab;
  if (pid === undefined) throw new LabError(`nothing of the lab of ${release} runs; "${startIt}" starts it`);
  return ["nsenter", "-t", String(pid), "-n", "--"];
}

/**
 * Whether this process reaches the nodes by their addresses, rather than another lab's nodes with the same addresses.
 */
export function reaches(): boolean {
  if (!apart) return true;
  const pid = findSpace().lab;
  return pid !== undefined && readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync("/proc/self/ns/net");
}

/** Runs a program beside Ceph and the bridge. */
export function inSpace(pid: number, argv: readonly string[], options: RunOptions = {}): Promise<Output> {
  return run([...enterLab(pid), ...argv], options);
}

/**
 * Starts a first process in its own namespaces, nested in `outer` if given. It is then a child of the outer first
 * process, so that no process of this machine's own namespace has to wait for it.
 */
async function startFirst(role: string, outer: string[], namespaces: string[], argv: string[]): Promise<number> {
  const log = openSync(inLab("log", `${role}.log`), "a");
  const [file = "", ...words] = [
    ...outer,
    "setsid",
    "-f",
    "unshare",
    ...namespaces,
    "--propagation",
    "private",
    ...argv,
  ];
  const child = spawn(file, words, {
    env: {
      PATH: "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
      LC_ALL: "C.UTF-8",
      HOME: "/root",
      SEAPATH_LAB: labDir,
      SEAPATH_LAB_MARK: ownMark() ?? "",
      ...(apart ? { SEAPATH_LAB_APART: "1" } : {}),
      SEAPATH_LAB_ROLE: role,
    },
    stdio: ["ignore", log, log],
    cwd: "/",
  });
  child.unref();
  closeSync(log);
  return await until(
    `the first process of ${role}`,
    10,
    () => {
      const space = findSpace();
      return Promise.resolve(role === "lab" ? space.lab : space.nodes.get(role));
    },
    30,
  );
}

/**
 * Copies a program of boot/ to where the lab, whose root may differ from this machine's, sees it, and returns its path.
 */
export function inSight(name: string): string {
  const path = inLab("boot", name);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(`${sourceDir}boot/${name}`, path);
  return path;
}

/** Starts the process that holds the lab. */
export function startSpace(): Promise<number> {
  return startFirst("lab", [], ["-m", "-n", "-p", "-f"], inRoot([labDir], ["bash", inSight("lab-init")]));
}

/** Starts the first process of a node inside the lab's. */
export function startNodeSpace(lab: number, name: string): Promise<number> {
  const root = inLab("mnt", name, "root");
  return startFirst(
    name,
    enterLab(lab),
    ["-m", "-u", "-i", "-n", "-p", "-f"],
    ["chroot", root, "/usr/local/sbin/node-init"],
  );
}

/** Kills a first process, looked up again right before, and waits until the kernel has ended everything in it. */
export async function killFirst(role: string): Promise<boolean> {
  const space = findSpace();
  const pid = role === "lab" ? space.lab : space.nodes.get(role);
  if (pid === undefined) return false;
  process.kill(pid, "SIGKILL");
  for (let tries = 0; existsSync(`/proc/${pid}`) && firstProcess(String(pid)) !== undefined; tries++) {
    if (tries > 300) throw new LabError(`process ${pid} (${role}) does not end; look at /proc/${pid}/stack`);
    await sleep(50);
  }
  return true;
}

/** The path on this machine of a file in the lab's mounts, which only its own processes see. */
export const throughSpace = (lab: number, path: string): string => `/proc/${lab}/root${path}`;
