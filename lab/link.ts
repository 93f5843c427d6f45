/** The quality of the cables between the nodes. */
import type { LabNode } from "./config.ts";
import { cable } from "./node.ts";
import { inSpace } from "./space.ts";

/** Delays and loses frames on their way to each node; between two nodes, a round trip takes twice the latency. */
export async function setLink(lab: number, nodes: LabNode[], latency: number, loss: number): Promise<void> {
  for (const node of nodes) {
    const end = ["dev", cable(node), "root"];
    if (latency === 0 && loss === 0) await inSpace(lab, ["tc", "qdisc", "del", ...end], { ok: true });
    else await inSpace(lab, ["tc", "qdisc", "replace", ...end, "netem", "delay", `${latency}ms`, "loss", `${loss}%`]);
  }
}
