/**
 * The lab's namespaces. One process, pid 1 of namespaces of its own, holds all of the lab: the bridge, Ceph, the mounts,
 * and the nodes, which are namespaces within. When it ends, the kernel takes all of that away, and only files are left;
 * so nothing that the lab remembers in files is ever needed to find out what is there.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { spawn } from "node:child_process";

import { inLab, labDir, LabError, sourceDir } from "./config.ts";
import { run, sleep, until, type Output, type RunOptions } from "./run.ts";

/** The process that holds the lab, and the first process of each node that is up, by name. */
export interface Space {
  lab?: number;
  nodes: Map<string, number>;
}

const environment = (pid: string): string[] => readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");

/** A first process carries the lab's folder and its own name in its environment, and is pid 1 to itself. */
function firstProcess(pid: string): { role: string; depth: number } | undefined {
  try {
    const variables = environment(pid);
    if (!variables.includes(`SEAPATH_LAB=${labDir}`)) return undefined;
    const role = variables.find((variable) => variable.startsWith("SEAPATH_LAB_ROLE="))?.slice(17);
    const pids = /^NSpid:(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]?.trim().split(/\s+/) ?? [];
    return role !== undefined && pids.at(-1) === "1" ? { role, depth: pids.length } : undefined;
  } catch {
    return undefined; // It ended while we looked.
  }
}

/** Looks for the lab among the processes of this machine. */
export function findSpace(): Space {
  const space: Space = { nodes: new Map() };
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const found = firstProcess(pid);
    if (found === undefined) continue;
    if (found.role === "lab") space.lab = Number(pid);
    else space.nodes.set(found.role, Number(pid));
  }
  return space;
}

/** The folder of a lab that runs beside this one. */
export function otherLab(): string | undefined {
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const variables = environment(pid);
      const folder = variables.find((variable) => variable.startsWith("SEAPATH_LAB="))?.slice(12);
      if (folder !== undefined && folder !== labDir && variables.includes("SEAPATH_LAB_ROLE=lab")) return folder;
    } catch {
      // It ended while we looked, or is not ours to look at.
    }
  }
  return undefined;
}

const enterLab = (pid: number): string[] => ["nsenter", "-t", String(pid), "-m", "-n", "-p", "--"];

/** The words that run a program inside a node. */
export const enterNode = (pid: number): string[] =>
  ["nsenter", "-t", String(pid), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "--"];

/** Runs a program beside Ceph and the bridge. */
export function inSpace(pid: number, argv: readonly string[], options: RunOptions = {}): Promise<Output> {
  return run([...enterLab(pid), ...argv], options);
}

/**
 * Starts a first process in namespaces of its own, from within others where `outer` says so; it is then a child of those
 * others' first process, so that no process of this machine's own namespace has to wait for it.
 */
async function startFirst(role: string, outer: string[], namespaces: string[], argv: string[]): Promise<number> {
  const log = openSync(inLab("log", `${role}.log`), "a");
  const [file = "", ...words] = [...outer, "setsid", "-f", "unshare", ...namespaces, "--propagation", "private", ...argv];
  const child = spawn(
    file,
    words,
    {
      env: {
        PATH: "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
        LC_ALL: "C.UTF-8",
        HOME: "/root",
        SEAPATH_LAB: labDir,
        SEAPATH_LAB_ROLE: role,
      },
      stdio: ["ignore", log, log],
      cwd: "/",
    },
  );
  child.unref();
  closeSync(log);
  return await until(`the first process of ${role}`, 10, () => {
    const space = findSpace();
    return Promise.resolve(role === "lab" ? space.lab : space.nodes.get(role));
  }, 30);
}

/** Starts the process that holds the lab. */
export function startSpace(): Promise<number> {
  return startFirst("lab", [], ["-m", "-n", "-p", "-f"], ["bash", `${sourceDir}boot/lab-init`]);
}

/** Starts the first process of a node inside of the lab's. */
export function startNodeSpace(lab: number, name: string): Promise<number> {
  const root = inLab("mnt", name, "root");
  return startFirst(name, enterLab(lab), ["-m", "-u", "-i", "-n", "-p", "-f"], ["chroot", root, "/usr/local/sbin/node-init"]);
}

/** Kills a first process, found anew right before, and waits until the kernel has ended all that lived with it. */
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

/** The path, on this machine, of a file in the lab's mounts, which only its own processes see. */
export const throughSpace = (lab: number, path: string): string => `/proc/${lab}/root${path}`;
