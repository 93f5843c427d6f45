/** A plan in words: the common part of text, Markdown and picture. */
import type { api } from "pulumi-seapath-provider";

export type Planned = Awaited<ReturnType<typeof api.plan>>;
type Placement = Planned["placements"][number];
type Room = Planned["rooms"][number];

/** Stands for a VM that runs nowhere. */
export const NOWHERE = "–";

/** Where a VM will be: one node for certain, or one of several. */
export function whereAfter({ after, candidates, unplaced }: Placement): string {
  if (unplaced !== undefined) return "nowhere";
  if (candidates.length > 1) return `one of ${candidates.join(", ")}`;
  return after ?? NOWHERE;
}

const ACTIONS: Record<string, string> = {
  start: "is started",
  stop: "is stopped",
  move: "is stopped and started there",
  migrate: "moves live",
  restart: "is restarted",
  recover: "is recovered",
  reload: "is reloaded",
};

/** What happens to a VM, and why if Pacemaker gives a reason. */
export function whatHappens({ action, reason, unplaced, planned, removed, before, after }: Placement): string {
  if (removed) return "is deleted";
  const why = unplaced ?? reason;
  if (unplaced !== undefined) return `finds no place: ${why}`;
  if (action === undefined) return planned && before === undefined && after === undefined ? "does not run" : "";
  return `${ACTIONS[action] ?? action}${why === undefined ? "" : ` (${why})`}${planned ? "" : ", though it is not in this plan"}`;
}

/** Where a VM is after a loss: the same node, another one, or none. */
export function afterLoss(planned: Planned, vm: string, node: string): string {
  const loss = planned.losses.find((each) => each.node === node);
  const fate = [...(loss?.fates ?? []), ...(loss?.inside ?? [])].find((each) => each.vm === vm);
  if (fate?.unplaced !== undefined) return "lost";
  return fate?.after ?? NOWHERE;
}

const GIB = 1024 ** 3;
/** Shows a nonzero amount that would be "0 GiB" in MiB. */
const gib = (bytes: number) =>
  bytes > 0 && bytes < GIB / 10 ? `${Math.ceil(bytes / (GIB / 1024))} MiB` : `${Number((bytes / GIB).toFixed(1))} GiB`;

/** How much of a node is used, and how much it has if known. */
export function roomWords({ vcpus, memoryBytes, taken }: Room): { cpu: string; memory: string; over: boolean } {
  const of = (used: string, has: string | undefined) => (has === undefined ? used : `${used} of ${has}`);
  return {
    cpu: of(String(taken.vcpus), vcpus === undefined ? undefined : String(vcpus)),
    memory: of(gib(taken.memoryBytes), memoryBytes === undefined ? undefined : gib(memoryBytes)),
    over: memoryBytes !== undefined && taken.memoryBytes > memoryBytes,
  };
}

/** Header and rows of the VM table, then of guest nodes and what runs inside them. */
export function vmTable(planned: Planned): string[][] {
  const head = ["VM", "now", "after", ...planned.hypervisors.map((node) => `without ${node}`), "what happens"];
  const row = (name: string, each: Placement) => [
    name,
    each.before ?? NOWHERE,
    whereAfter(each),
    ...planned.hypervisors.map((node) => afterLoss(planned, each.vm, node)),
    whatHappens(each),
  ];
  return [
    head,
    ...planned.placements.map((each) => row(each.vm, each)),
    ...planned.inside.map((each) => row(`${each.vm} (${each.kind})`, each)),
  ];
}

/** Header and rows of the node table: after the change, and in the worst loss. */
export function nodeTable(planned: Planned): string[][] {
  const head = ["node", "memory for VMs", "vCPUs for VMs", "memory at worst", "after the loss of"];
  const rows = planned.rooms.map((room) => {
    const { cpu, memory, over } = roomWords(room);
    const worst = planned.losses
      .flatMap((loss) => {
        const left = loss.rooms.find(({ node }) => node === room.node);
        return left === undefined ? [] : [{ lost: loss.node, left }];
      })
      .sort((a, b) => b.left.taken.memoryBytes - a.left.taken.memoryBytes)[0];
    const least = worst === undefined ? undefined : roomWords(worst.left);
    const mark = (words: string, much: boolean) => (much ? `${words}, too much` : words);
    return [
      room.node,
      mark(memory, over),
      cpu,
      least === undefined ? "" : mark(least.memory, least.over),
      worst?.lost ?? "",
    ];
  });
  return [head, ...rows];
}

/** Notes that go with the tables, a sentence each. */
export function notes(planned: Planned): string[] {
  const lost = planned.losses.flatMap(({ node, fates }) =>
    fates
      .filter(({ unplaced }) => unplaced !== undefined)
      .map(({ vm, unplaced }) => `Without ${node}, ${vm} runs nowhere: ${unplaced}.`),
  );
  return [
    ...(planned.invalid === undefined ? [] : [`crm_verify says of this configuration: ${planned.invalid}`]),
    ...planned.unknown.map((text) => `Not known yet: ${text}.`),
    ...lost,
    ...planned.open.map(
      ({ vm, guest }) => `Nothing keeps ${vm} off guest node ${guest}: Pacemaker may move it into that VM.`,
    ),
    ...returns(planned),
    ...uncounted(planned),
  ];
}

/** What the return of a lost node does, if requested. */
function returns({ losses }: Planned): string[] {
  return losses.flatMap(({ node, back = [], backNotSimulated }) => {
    if (backNotSimulated !== undefined)
      return [`What the return of ${node} does was not simulated: ${backNotSimulated}.`];
    return back
      .filter(({ action }) => action !== undefined)
      .map(
        ({ vm, action = "", before, after }) =>
          `When ${node} returns, ${vm} ${ACTIONS[action] ?? action}: ${before ?? NOWHERE}, then ${after ?? NOWHERE}.`,
      );
  });
}

/** The VMs whose memory is unknown. */
function uncounted({ rooms }: Planned): string[] {
  const vms = rooms.flatMap(({ needUnknown }) => needUnknown);
  return vms.length === 0 ? [] : [`How much memory ${vms.sort().join(", ")} takes is not known: it is not counted.`];
}
