/** The lab's command line. */
import { words } from "./choose.ts"; // first, because config.ts describes the lab that the words select
import { parseArgs } from "node:util";

import { cacheFolder, inLab, LabError, maxNodes, release, startIt, type LabOptions } from "./config.ts";
import { statusOf, userOf, untilOnline, untilServed, type Status } from "./cluster.ts";
import { setLink } from "./link.ts";
import { locked } from "./lock.ts";
import { boot, cutPower, isUp } from "./node.ts";
import { attach, say, step } from "./run.ts";
import { enterNode, findSpace, reaching } from "./space.ts";
import { needLab, readLab, up, wipe, writeLab } from "./up.ts";

const usage = `usage: npm run lab -- <verb> [--release bookworm|trixie]
  up [--nodes N] [--observer] [--hardened] [--upstream-agent] [--latency MS] [--loss PERCENT]
                        build and start the cluster, or see that it is up
  down                  take all of it away
  status [--json]       what is up and what it says; exit code 1 when something is wrong
  ssh <node> [words]    log in to a node
  exec <node> <words>   run a program inside a node, without ssh
  kill <node>           cut a node's power
  start <node>          switch a node on again, with its disk
  within <program> [words]
                        run a program of this machine where the lab's addresses are
  link [--latency MS] [--loss PERCENT]
                        change the links while the cluster runs
--hardened has nodes as SEAPATH's playbooks leave them, --upstream-agent its resource agent's way with time-outs.
Default: three hypervisors. --observer makes the last node an observer. SEAPATH_LAB_DIR names another folder.
--release says of what Debian the nodes are, and with that which lab is meant: each has one of its own. Default: bookworm, or what
SEAPATH_LAB_RELEASE says. Before the words of a program, with ssh, exec and within.
`;

class UsageError extends LabError {}

function numberOf(name: string, text: string | undefined, fallback: number, from: number, to: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (text?.trim() === "" || !(value >= from && value <= to))
    throw new UsageError(`--${name}: a number from ${from} to ${to}`);
  return value;
}

function linkOptions(values: { latency?: string; loss?: string }): { latency: number; loss: number } {
  return { latency: numberOf("latency", values.latency, 0, 0, 10_000), loss: numberOf("loss", values.loss, 0, 0, 100) };
}

function upOptions(args: string[]): LabOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      nodes: text,
      observer: { type: "boolean" },
      hardened: { type: "boolean" },
      "upstream-agent": { type: "boolean" },
      latency: text,
      loss: text,
    },
  });
  const nodes = numberOf("nodes", values.nodes, 3, 1, maxNodes);
  if (!Number.isInteger(nodes)) throw new UsageError("--nodes: a whole number");
  if (values.observer === true && nodes < 2) throw new UsageError("--observer: takes two nodes at least");
  const moods = {
    ...(values.hardened === true && { hardened: true }),
    ...(values["upstream-agent"] === true && { upstreamAgent: true }),
  };
  return { nodes, observer: values.observer ?? false, ...moods, ...linkOptions(values) };
}

function nodeNamed(name: string | undefined) {
  const lab = needLab();
  const node = lab.nodes.find((each) => each.name === name);
  if (node === undefined) throw new UsageError(`which node? ${lab.nodes.map((each) => each.name).join(", ")}`);
  return { lab, node };
}

function labProcess(): number {
  const pid = findSpace().lab;
  if (pid === undefined) throw new LabError(`nothing of the lab of ${release} runs; "${startIt}" starts it`);
  return pid;
}

function show(status: Status): string {
  const lines = status.nodes.map((node) => {
    if (node.pid === undefined) return `${node.name}  ${node.address}  ${node.role}  off`;
    const parts = [
      `sees ${node.online.join(" ") || "nobody"}${node.quorum ? "" : " (no quorum)"}`,
      `sshd ${node.ssh ? "yes" : "no"}`,
      `libvirtd ${node.libvirt ? "yes" : "no"}`,
      `VMs: ${node.vms.join(" ") || "none"}`,
    ];
    return `${node.name}  ${node.address}  ${node.role}  ${parts.join(", ")}`;
  });
  return [
    ...lines,
    `Ceph ${status.ceph ? "answers" : "does not answer"}`,
    status.healthy ? "healthy" : "NOT healthy",
    "",
  ].join("\n");
}

async function status(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean" } } });
  const lab = readLab();
  if (lab === undefined) {
    process.stdout.write(
      values.json === true
        ? `${JSON.stringify({ release, healthy: false, nodes: [] })}\n`
        : `the lab of ${release} is not up\n`,
    );
    return 1;
  }
  const state = await statusOf(lab.nodes);
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify({ release, ...state, options: lab.options }, undefined, 2)}\n`
      : show(state),
  );
  return state.healthy ? 0 : 1;
}

async function start(name: string | undefined): Promise<void> {
  const { lab, node } = nodeNamed(name);
  if (isUp(node.name)) return say(`${node.name} is up`);
  const pid = labProcess();
  const running = lab.nodes.filter((each) => each.name === node.name || isUp(each.name));
  await step(`${node.name} is online`, async () => {
    await boot(pid, node);
    await setLink(pid, [node], lab.options.latency, lab.options.loss);
    await untilServed([node]);
    await untilOnline(running);
  });
}

async function link(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { latency: { type: "string" }, loss: { type: "string" } } });
  const wanted = linkOptions(values);
  const lab = needLab();
  await setLink(
    labProcess(),
    lab.nodes.filter(({ name }) => isUp(name)),
    wanted.latency,
    wanted.loss,
  );
  writeLab({ ...lab, options: { ...lab.options, ...wanted } });
  say(`${wanted.latency} ms and ${wanted.loss} % loss on the way to each node`);
}

async function main([verb, ...args]: string[]): Promise<number> {
  if (verb === undefined || verb === "help" || verb === "--help") {
    process.stdout.write(usage);
    return verb === undefined ? 2 : 0;
  }
  if (process.getuid?.() !== 0) throw new LabError("the lab needs root: it makes namespaces and mounts");
  switch (verb) {
    case "up": {
      const options = upOptions(args);
      await locked(() => up(options));
      return 0;
    }
    case "down":
      say((await locked(wipe)) ? `the lab of ${release} is gone` : `there was no lab of ${release}`);
      say(`what was built for it stays in ${cacheFolder}, for the next time`);
      return 0;
    case "status":
      return await status(args);
    case "ssh": {
      const { lab, node } = nodeNamed(args[0]);
      const options = [
        "-i",
        inLab("id"),
        "-o",
        `UserKnownHostsFile=${inLab("known_hosts")}`,
        "-o",
        "IdentitiesOnly=yes",
      ];
      return await attach([
        ...reaching(),
        "ssh",
        "-F",
        "none",
        ...options,
        `${userOf(lab.options)}@${node.address}`,
        ...args.slice(1),
      ]);
    }
    case "exec": {
      const { node } = nodeNamed(args[0]);
      const pid = findSpace().nodes.get(node.name);
      if (pid === undefined) throw new LabError(`${node.name} is off`);
      if (args.length < 2) throw new UsageError("exec: which program?");
      return await attach([...enterNode(pid), ...args.slice(1)]);
    }
    case "kill": {
      const { node } = nodeNamed(args[0]);
      await locked(() => cutPower(node.name));
      say(`${node.name} is off`);
      return 0;
    }
    case "start":
      await locked(() => start(args[0]));
      return 0;
    case "within":
      if (args[0] === undefined) throw new UsageError("within: which program?");
      needLab();
      return await attach([...reaching(), ...args], { env: process.env });
    case "link":
      await locked(() => link(args));
      return 0;
    default:
      throw new UsageError(`no verb ${verb}`);
  }
}

try {
  process.exitCode = await main(words);
} catch (error) {
  const misused = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  if (!(error instanceof LabError) && !misused) throw error;
  say(`lab: ${error.message}${misused ? `\n\n${usage}` : ""}`);
  process.exitCode = misused ? 2 : 1;
}
