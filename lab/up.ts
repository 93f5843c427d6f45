/** `lab up` and `lab down`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes, randomUUID } from "node:crypto";

import {
  apart,
  hostAddress,
  hostInterface,
  inLab,
  labDir,
  LabError,
  markerFile,
  network,
  nodesOf,
  release,
  startIt,
  type Lab,
  type LabNode,
  type LabOptions,
} from "./config.ts";
import { cephAnswers, layOutCeph, startCeph } from "./ceph.ts";
import { environmentOf, statusOf, untilOnline, untilServed } from "./cluster.ts";
import { buildGuests } from "./guests/build.ts";
import { giveGuests } from "./guests/give.ts";
import { setLink } from "./link.ts";
import { boot, isUp, makeDisk } from "./node.ts";
import type { Cluster } from "./node-files.ts";
import { missingPackages } from "./packages.ts";
import { isOwnRoot, makeRoot } from "./root.ts";
import { run, say, step, until } from "./run.ts";
import { findSpace, inSpace, killFirst, otherLab, startSpace, throughSpace } from "./space.ts";

/** The lab as recorded when it was complete. */
export function readLab(): Lab | undefined {
  if (!existsSync(inLab("lab.json"))) return undefined;
  return JSON.parse(readFileSync(inLab("lab.json"), "utf8")) as Lab;
}

export function needLab(): Lab {
  const lab = readLab();
  if (lab === undefined) throw new LabError(`the lab of ${release} is not up; "${startIt}" starts it`);
  return lab;
}

/** Rejects a folder that another program filled. */
function checkFolder(): void {
  if (!existsSync(labDir) || existsSync(inLab(markerFile)) || readdirSync(labDir).length === 0) return;
  throw new LabError(`${labDir} is not a folder of this lab, and not empty; SEAPATH_LAB_DIR can name another`);
}

/** Removes everything: the processes, with them namespaces, mounts and the bridge, and then the files. */
export async function wipe(): Promise<boolean> {
  checkFolder();
  const ran = await killFirst("lab");
  // The kernel keeps a dead namespace for as long as its connections retry: remove our end of the cable now.
  if (!apart && (ran || otherLab() === undefined)) await run(["ip", "link", "del", hostInterface], { ok: true });
  const had = existsSync(labDir);
  rmSync(labDir, { recursive: true, force: true });
  return ran || had;
}

/** An ed25519 key pair. */
async function newKeyPair(name: string): Promise<{ privateKey: string; publicKey: string }> {
  const file = inLab("keys", name);
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `${name} of the seapath lab`, "-f", file]);
  return { privateKey: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8") };
}

async function newCluster(
  nodes: LabNode[],
  ceph: Cluster["ceph"],
  { hardened, upstreamAgent }: LabOptions,
): Promise<Cluster> {
  mkdirSync(inLab("keys"), { mode: 0o700 });
  const root = await newKeyPair("root");
  const nodeKeys = hardened === true ? await newKeyPair("nodes") : undefined;
  const hostKeys = new Map(await Promise.all(nodes.map(async ({ name }) => [name, await newKeyPair(name)] as const)));
  const known = nodes.map(({ name, address }) => {
    const [type, key] = hostKeys.get(name)?.publicKey.split(" ") ?? [];
    return `${name},${address} ${type} ${key}\n`;
  });
  return {
    nodes,
    ceph,
    ...root,
    ...(nodeKeys && { nodeKeys }),
    upstreamAgent: upstreamAgent === true,
    knownHosts: known.join(""),
    hostKeys,
    pacemakerKey: randomBytes(4096),
  };
}

/** Creates the lab's namespace and, on this machine's network, the cable to it. */
async function makeSpace(): Promise<number> {
  if (!apart) await needNetwork();
  const lab = await startSpace();
  await until(
    "the lab's namespace",
    10,
    () => Promise.resolve(existsSync(throughSpace(lab, inLab("mnt", "ready")))),
    30,
  );
  if (!apart) await plugIn(lab);
  return lab;
}

/** Only one lab fits on this machine's network. */
async function needNetwork(): Promise<void> {
  const other = otherLab();
  const { stdout } = await run(["ip", "-o", "route", "show", "root", network]);
  if (stdout.includes(hostInterface) && other !== undefined) throw new LabError(`another lab is up, in ${other}`);
  if (stdout !== "") throw new LabError(`this machine has a route to ${network} already: ${stdout.trim()}`);
}

/** The host's end of the cable to the lab's bridge. */
async function plugIn(lab: number): Promise<void> {
  await run(["ip", "link", "add", hostInterface, "type", "veth", "peer", "name", "host", "netns", String(lab)]);
  await run(["ip", "addr", "add", `${hostAddress}/24`, "dev", hostInterface]);
  await run(["ip", "link", "set", hostInterface, "up"]);
  await inSpace(lab, ["ip", "link", "set", "host", "master", "switch", "up"]);
}

async function build(options: LabOptions): Promise<void> {
  const nodes = nodesOf(options);
  for (const folder of ["", "log", "mnt"]) mkdirSync(inLab(folder), { recursive: true, mode: 0o755 });
  writeFileSync(inLab(markerFile), randomUUID());
  const lab = await step("namespaces and bridge", makeSpace);
  const ceph = layOutCeph();
  const serving = step("Ceph serves the pool rbd", () => startCeph(lab, ceph));
  // Both are awaited below; until then, a failure of one must not end the process while the other is working.
  serving.catch(() => undefined);
  const building = buildGuests();
  building.catch(() => undefined);
  const cluster = await newCluster(nodes, ceph, options);
  await step("disks of the nodes", async () => {
    for (const node of nodes) await makeDisk(lab, node, cluster);
  });
  await step("nodes switched on", async () => {
    await Promise.all(nodes.map((node) => boot(lab, node)));
    await setLink(lab, nodes, options.latency, options.loss);
  });
  const { guests } = await step("guests", async () => {
    await building;
    return await giveGuests(lab, nodes);
  });
  await serving;
  await step("all nodes online", () => untilOnline(nodes));
  await step("sshd and libvirtd serve", () => untilServed(nodes));
  writeFileSync(inLab("id"), cluster.privateKey, { mode: 0o600 });
  writeFileSync(inLab("id.pub"), cluster.publicKey);
  writeFileSync(inLab("known_hosts"), cluster.knownHosts);
  const whole: Lab = {
    version: 1,
    release,
    options,
    nodes,
    guests,
    privateKeyFile: inLab("id"),
    knownHostsFile: inLab("known_hosts"),
  };
  writeFileSync(inLab("env"), environmentOf(whole));
  writeLab(whole);
}

/** Written last: if it exists, the lab is complete. */
export function writeLab(lab: Lab): void {
  writeFileSync(inLab("lab.json"), `${JSON.stringify(lab, undefined, 2)}\n`);
}

/** Switches on nodes that are off, and gives a busy cluster time to answer: often nothing else is wrong. */
async function mend(lab: Lab): Promise<boolean> {
  const space = findSpace();
  const off = lab.nodes.filter(({ name }) => !isUp(name));
  if (space.lab === undefined) return false;
  const pid = space.lab;
  const what = off.length === 0 ? "waited for it" : `${off.map(({ name }) => name).join(", ")} switched on again`;
  try {
    await step(what, async () => {
      for (const node of off) await boot(pid, node);
      await setLink(pid, off, lab.options.latency, lab.options.loss);
      await untilOnline(lab.nodes, 60);
      await untilServed(lab.nodes);
      // A pool that a test has filled accepts no writes for a while.
      await until("an answer of the pool rbd", 40, () => cephAnswers(pid));
    });
  } catch {
    return false;
  }
  return (await statusOf(lab.nodes)).healthy;
}

/** Guests that a lab lacks, or that have a newer recipe, can be added while the cluster runs. */
async function renewGuests(lab: Lab): Promise<Lab> {
  const pid = findSpace().lab;
  if (pid === undefined) return lab;
  const { guests, given } = await giveGuests(pid, lab.nodes, lab.guests);
  if (given.length === 0) return lab;
  say(`guests that are new: ${given.join(", ")}`);
  const renewed = { ...lab, guests };
  writeLab(renewed);
  return renewed;
}

/** Links can change while the cluster runs. */
async function relink(lab: Lab, { latency, loss }: LabOptions): Promise<void> {
  const pid = findSpace().lab;
  if (pid === undefined || (lab.options.latency === latency && lab.options.loss === loss)) return;
  await setLink(pid, lab.nodes, latency, loss);
  writeLab({ ...lab, options: { ...lab.options, latency, loss } });
}

const MOODS = ["hardened", "upstreamAgent"] as const;
const sameOptions = (a: LabOptions, b: LabOptions): boolean =>
  a.nodes === b.nodes && a.observer === b.observer && MOODS.every((mood) => (a[mood] ?? false) === (b[mood] ?? false));

const next = apart
  ? `"npm run shell -- --release ${release}" is a shell in its network, with the provider's settings`
  : `"npm run lab ssh node1" logs in, "source ${inLab("env")}" sets the provider's settings`;

/** Makes sure that there is a complete lab, whatever exists now. */
export async function up(options: LabOptions): Promise<void> {
  const lab = readLab();
  if (lab !== undefined && findSpace().lab !== undefined) {
    const { healthy } = await statusOf(lab.nodes);
    if (healthy || (await mend(lab))) {
      if (!sameOptions(lab.options, options)) {
        throw new LabError('the lab is up with other options; "npm run lab down" first');
      }
      await relink(await renewGuests(lab), options);
      say(`the lab of ${release} is up`);
      return;
    }
    say("the lab is there, but not healthy: building it anew");
  }
  await makeRoot();
  const missing = isOwnRoot ? await missingPackages() : [];
  if (missing.length > 0) {
    throw new LabError(`packages are missing: apt-get install --no-install-recommends ${missing.join(" ")}`);
  }
  if (await wipe()) say("cleared away what was there");
  try {
    await build(options);
  } catch (error) {
    say(`it failed; logs are in ${inLab("log")}, and "npm run lab down" clears away`);
    throw error;
  }
  say(`the lab of ${release} is up; ${next}`);
}
