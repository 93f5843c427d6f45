import { schemaOf } from "../config";
import type { Planned } from "../cluster";
import { clusterRule } from "../stack-rule";
import { resourceAmong } from "../view";

interface Config {
  capacity: Record<string, number>;
  headroomPercent: number;
}

const MIB = 1024 ** 2;
const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`;

/** There is enough memory for all VMs, even with a node down. */
export const memoryAfterFailure = clusterRule<Config>({
  name: "memory-after-failure",
  displayName: "Memory for all, also without a node",
  description:
    "What the VMs of a node ask for must fit into its memory, after this change and after the failure of each other node: Pacemaker does not look at it, and the kernel ends processes when it is gone.",
  level: "mandatory",
  severity: "high",
  remediationSteps: "Make VMs smaller, prefer other nodes for some, or stop what can be done without.",
  config: schemaOf(
    {
      capacity: {
        type: "object",
        default: {},
        additionalProperties: { type: "integer", minimum: 1 },
        description: "The memory of nodes for VMs, in MiB. Default: what libvirt of each node says that it has.",
      },
      headroomPercent: {
        type: "number",
        minimum: 0,
        maximum: 99,
        default: 10,
        description: "How much of a node's memory is kept free for the node itself.",
      },
    },
    "fail",
  ),
  validate({ rooms, losses, placements }, view, { config, report, skip }) {
    const check = (room: Planned["rooms"][number], fates: Planned["losses"][number]["fates"], when: string) => {
      const has = config.capacity[room.node] === undefined ? room.memoryBytes : (config.capacity[room.node] ?? 0) * MIB;
      for (const vm of room.needUnknown) skip(`VM "${vm}"`, "what memory it asks for is not known");
      if (has === undefined) return skip(room.node, "how much memory it has is not known; give it in `capacity`");
      const most = has * (1 - config.headroomPercent / 100);
      if (room.taken.memoryBytes <= most) return;
      const there = fates.filter(({ after }) => after === room.node).map(({ vm }) => vm);
      const largest = room.largest.map(({ vm, memoryBytes }) => `"${vm}" with ${mib(memoryBytes)}`).join(", ");
      report(
        `The VMs of ${room.node} must fit into its memory ${when}: they ask for ${mib(room.taken.memoryBytes)}, and ${mib(most)} of ${mib(has)} are for VMs (headroomPercent ${config.headroomPercent}). The largest there: ${largest}. Pacemaker starts them all the same, until the kernel ends some. Make VMs smaller, or prefer other nodes for some.`,
        resourceAmong(view, there),
      );
    };
    for (const room of rooms) check(room, placements, "after this change");
    for (const loss of losses) for (const room of loss.rooms) check(room, loss.fates, `without ${loss.node}`);
  },
});
