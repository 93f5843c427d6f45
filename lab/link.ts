/** The quality of the cables between the nodes. */
import { existsSync, readFileSync, rmSync } from "node:fs";

import { inLab, type LabNode } from "./config.ts";
import { cable } from "./node.ts";
import { inSight, inSpace, throughSpace } from "./space.ts";

/**
 * Delays and drops frames on their way to each node: between two nodes, a round trip takes twice the latency. Uses the
 * kernel's netem if available, otherwise a program between cable and bridge.
 */
export async function setLink(lab: number, nodes: LabNode[], latency: number, loss: number): Promise<void> {
  await Promise.all(nodes.map((node) => setCable(lab, node, latency, loss)));
}

async function setCable(lab: number, node: LabNode, latency: number, loss: number): Promise<void> {
  const name = cable(node);
  await takeWireOut(lab, name);
  await inSpace(lab, ["tc", "qdisc", "del", "dev", name, "root"], { ok: true });
  if (latency === 0 && loss === 0) return;
  const quality = ["delay", `${latency}ms`, "loss", `${loss}%`];
  const netem = await inSpace(
    lab,
    ["tc", "qdisc", "add", "dev", name, "root", "netem", ...quality, "limit", "100000"],
    { ok: true },
  );
  if (netem.exitCode === 0) return;
  const wire = ["/usr/bin/python3", "-I", inSight("wire"), name, wireOf(name), String(latency), String(loss)];
  await inSpace(lab, wire, { env: { WIRE_PID_FILE: pidFile(name) } });
}

const wireOf = (name: string): string => name.replace("cable", "wire");
const pidFile = (name: string): string => inLab("mnt", `${wireOf(name)}.pid`);

/** Puts the cable back into the bridge. */
async function takeWireOut(lab: number, name: string): Promise<void> {
  const file = throughSpace(lab, pidFile(name));
  if (!existsSync(file)) return;
  // The pid is from the lab's namespace, which is as old as the file: it is not from another boot.
  const pid = readFileSync(file, "utf8").trim();
  const ours = `grep -q boot/wire "/proc/$1/cmdline" && kill "$1" && while ip link show "$2" >/dev/null 2>&1; do sleep 0.02; done`;
  await inSpace(lab, ["bash", "-c", ours, "bash", pid, wireOf(name)], { ok: true });
  rmSync(file, { force: true });
  await inSpace(lab, ["ip", "link", "set", name, "master", "switch"], { ok: true });
}
