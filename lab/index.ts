/** The lab's API for programs: used by the tests. */
import { inLab, LabError, release, type Lab } from "./config.ts";
import { inNode, untilOnline, untilServed } from "./cluster.ts";
import { setLink } from "./link.ts";
import { guestKnownHosts } from "./guests/seed.ts";
import { boot, cutPower, isUp } from "./node.ts";
import { run, type Output, type RunOptions } from "./run.ts";
import { findSpace, reaches, reaching } from "./space.ts";
import { needLab } from "./up.ts";

export type { Lab, LabNode, LabOptions, Role } from "./config.ts";
export type { Output } from "./run.ts";

/** Reads lab.json. Throws if the lab is not running, or if its addresses lead this process to another lab. */
export function readLab(): Lab {
  const lab = needLab();
  if (reaches()) return lab;
  throw new LabError(
    `the lab of ${release} is in a network of its own: "npm run lab -- within --release ${release} <program>" runs a program there`,
  );
}

/** Runs a program inside a node, without ssh. With `ok`, an exit code other than 0 is not an error. */
export function exec(
  node: string,
  argv: readonly string[],
  options: Pick<RunOptions, "stdin" | "ok"> = {},
): Promise<Output> {
  return inNode(node, argv, options);
}

/**
 * Runs a command line inside a guest "remote", by ssh. A guest may disappear meanwhile, so it fails without an answer
 * within `seconds`.
 */
export function inGuest(
  address: string,
  command: string,
  options: Pick<RunOptions, "stdin" | "ok"> & { seconds?: number } = {},
): Promise<Output> {
  const known = `UserKnownHostsFile=${inLab(guestKnownHosts)}`;
  const alive = ["ConnectTimeout=5", "ServerAliveInterval=2", "ServerAliveCountMax=3", "BatchMode=yes"];
  const words = [...alive, "IdentitiesOnly=yes", known].flatMap((each) => ["-o", each]);
  const limit = ["timeout", String(options.seconds ?? 20)];
  return run(
    [...reaching(), ...limit, "ssh", "-F", "none", "-i", inLab("id"), ...words, `root@${address}`, command],
    options,
  );
}

/** Cuts a node's power. */
export const kill = (node: string): Promise<void> => cutPower(node);

/** Switches a node on again, with its disk; returns when all running nodes see each other and it works. */
export async function start(name: string): Promise<void> {
  const lab = needLab();
  const node = lab.nodes.find((each) => each.name === name);
  const pid = findSpace().lab;
  if (node === undefined || pid === undefined) throw new Error(`no node ${name}, or no lab`);
  if (isUp(name)) return;
  await boot(pid, node);
  await setLink(pid, [node], lab.options.latency, lab.options.loss);
  await untilServed([node]);
  await untilOnline(lab.nodes.filter((each) => isUp(each.name)));
}
