/**
 * The content of a plan's drawing, in any format: the nodes with their VMs now, after the change, and after each loss.
 */
import type { Changes } from "./changes";
import { roomWords, type Planned } from "./rows";

/** The parts of a plan that are drawn. */
export interface Drawn extends Pick<Planned, "placements" | "hypervisors" | "rooms"> {
  declared: readonly Pick<Planned["declared"][number], "vm">[];
  losses: readonly Pick<Planned["losses"][number], "node" | "fates" | "rooms">[];
}

type Placement = Planned["placements"][number];
type Fate = Planned["losses"][number]["fates"][number];

/** What happens to a VM, gravest first. `words` is for one VM, `several` follows a number. */
export const MARKS = {
  lost: { letter: "X", words: "finds no place", several: "without a place" },
  deleted: { letter: "D", words: "is deleted", several: "deleted" },
  replaced: { letter: "A", words: "is made anew", several: "made anew" },
  new: { letter: "N", words: "is new", several: "new" },
  moved: { letter: "M", words: "is stopped, and started here", several: "moved" },
  live: { letter: "L", words: "moves here live", several: "moved live" },
  restarted: { letter: "R", words: "is restarted", several: "restarted" },
  stopped: { letter: "S", words: "is stopped", several: "stopped" },
  started: { letter: "B", words: "begins to run", several: "started" },
  changed: { letter: "C", words: "is changed in place", several: "changed in place" },
} as const;

export type Mark = keyof typeof MARKS;

const GRAVITY = Object.keys(MARKS);

/** A VM as it is drawn. */
export interface Shown {
  vm: string;
  /** Absent if nothing happens to it. */
  mark?: Mark | undefined;
  /** Whether the plan names it. */
  own: boolean;
  /** Whether the change affects it; it is then named even where it is still unchanged. */
  concerned?: boolean;
  /** Whether it may run on another node, depending on the order of creation. */
  unsure: boolean;
  /** The node that it moves from. */
  from?: string | undefined;
}

/** A node, or the VMs that run nowhere. */
export interface Box {
  name: string;
  /** Whether this is the lost node. */
  gone: boolean;
  /** How much of its memory its VMs use, if known. */
  memory?: { words: string; share?: number; over: boolean } | undefined;
  vms: Shown[];
}

/** The nodes at one point in time. */
export interface Scene {
  title: string;
  boxes: Box[];
}

/** The name of the box for VMs that run nowhere. */
export const NO_NODE = "nowhere";

const ACTIONS: Readonly<Record<string, Mark>> = {
  start: "started",
  stop: "stopped",
  move: "moved",
  migrate: "live",
  restart: "restarted",
  recover: "restarted",
  reload: "changed",
};

/** What the scheduler does with a VM. A VM that starts on another node than before has moved. */
function actionOf({ before, after, action, unplaced }: Fate): Mark | undefined {
  if (unplaced !== undefined) return "lost";
  const elsewhere = before !== undefined && after !== undefined && before !== after;
  if (elsewhere) return action === "migrate" ? "live" : "moved";
  return action === undefined ? undefined : ACTIONS[action];
}

/** The scenes. Each has the nodes in the cluster's order, then guest nodes with VMs, then what runs nowhere. */
export function scenesOf(planned: Drawn, { created, replaced }: Changes): Scene[] {
  const { placements, losses, rooms } = planned;
  const declared = new Set(planned.declared.map(({ vm }) => vm));
  const own = new Set(placements.filter((each) => each.planned).map(({ vm }) => vm));
  const markOf = (each: Placement): Mark | undefined => {
    if (each.planned && !declared.has(each.vm)) return "deleted";
    if (each.unplaced !== undefined) return "lost";
    if (replaced.has(each.vm)) return "replaced";
    if (created.has(each.vm)) return "new";
    return actionOf(each) ?? (each.changed ? "changed" : undefined);
  };
  const now = placements.map((each): Placed => ({
    vm: each.vm,
    at: each.before,
    own: own.has(each.vm),
    unsure: false,
    concerned: markOf(each) !== undefined,
  }));
  const after = placements.map((each) => placed(each, markOf(each), own.has(each.vm), each.candidates.length > 1));
  return [
    scene("now", now, planned),
    scene("after", after, { ...planned, rooms }),
    ...losses.map((loss) =>
      scene(
        `without ${loss.node}`,
        loss.fates.map((fate) => placed(fate, actionOf(fate), own.has(fate.vm), false)),
        { ...planned, rooms: loss.rooms },
        loss.node,
      ),
    ),
  ];
}

type Placed = Shown & { at: string | undefined };

/** Draws what ends where it was. */
function placed({ vm, before, after }: Fate, mark: Mark | undefined, own: boolean, unsure: boolean): Placed {
  const ends = mark === "deleted" || mark === "stopped";
  const from = before !== undefined && after !== undefined && before !== after ? before : undefined;
  return { vm, mark, own, unsure, from, at: after ?? (ends ? before : undefined) };
}

function scene(
  title: string,
  all: readonly Placed[],
  { hypervisors, rooms }: Pick<Drawn, "hypervisors" | "rooms">,
  lost?: string,
): Scene {
  // Pacemaker treats a guest node like a node, unless something keeps VMs out of it.
  const guests = [
    ...new Set(all.flatMap(({ at }) => (at === undefined || hypervisors.includes(at) ? [] : [at]))),
  ].sort();
  const on = (node: string | undefined) =>
    all
      .filter(({ at, mark }) => at === node && (node !== undefined || mark !== undefined))
      .map(({ at: _at, ...shown }) => shown);
  const boxes = [...hypervisors, ...guests].map((name): Box => ({
    name,
    gone: name === lost,
    vms: on(name),
    memory: title === "now" ? undefined : memoryOf(rooms.find(({ node }) => node === name)),
  }));
  const nowhere = on(undefined);
  return { title, boxes: nowhere.length === 0 ? boxes : [...boxes, { name: NO_NODE, gone: false, vms: nowhere }] };
}

function memoryOf(room: Drawn["rooms"][number] | undefined): Box["memory"] {
  if (room === undefined) return undefined;
  const { memory: words, over } = roomWords(room);
  return {
    words,
    over,
    ...(room.memoryBytes === undefined ? {} : { share: room.taken.memoryBytes / room.memoryBytes }),
  };
}

/** What fits into a box. */
export interface Within {
  named: Shown[];
  /** Affected VMs without a line of their own. */
  rest: Shown[];
  /** The number of unaffected VMs that are not named. */
  staying: number;
}

/** Fits VMs into a number of lines: names all, or else names those that change and counts the others. */
export function within(vms: readonly Shown[], most: number): Within {
  if (vms.length <= most) return { named: [...vms], rest: [], staying: 0 };
  const changes = vms
    .filter(({ mark, concerned }) => mark !== undefined || concerned === true)
    .sort((a, b) => GRAVITY.indexOf(a.mark ?? "") - GRAVITY.indexOf(b.mark ?? ""));
  const staying = vms.length - changes.length;
  const room = most - (staying === 0 ? 0 : 1);
  const names = changes.length <= room ? changes.length : Math.max(0, room - 1);
  return { named: changes.slice(0, names), rest: changes.slice(names), staying };
}

/** Lines for the VMs that a box does not name. @param counts writes the number of each mark, in words or letters */
export function summed({ named, rest, staying }: Within, counts: (vms: readonly Shown[]) => string): string[] {
  const sum = `${rest.length}${named.length === 0 ? "" : " more"}`;
  const parts = counts(rest);
  const alike = `${rest.length} `;
  return [
    ...(rest.length === 0
      ? []
      : [
          parts === ""
            ? `${sum} to be changed`
            : parts.startsWith(alike)
              ? `${sum} ${parts.slice(alike.length)}`
              : `${sum}: ${parts}`,
        ]),
    ...(staying === 0 ? [] : [`${staying} ${staying === 1 ? "stays" : "stay"}`]),
  ];
}

function counted(vms: readonly Shown[], words: (mark: Mark) => string): string {
  return (Object.keys(MARKS) as Mark[])
    .flatMap((mark) => {
      const count = vms.filter((each) => each.mark === mark).length;
      return count === 0 ? [] : [`${count} ${words(mark)}`];
    })
    .join(", ");
}

/** The number of each mark: "2 new, 1 deleted". */
export const countsOf = (vms: readonly Shown[]) => counted(vms, (mark) => MARKS[mark].several);

/** The same with the legend's letters: "2 N, 1 D". */
export const lettersOf = (vms: readonly Shown[]) => counted(vms, (mark) => MARKS[mark].letter);

/** A scene as a sentence. */
export function sentenceOf({ title, boxes }: Scene): string {
  const all = boxes.flatMap(({ vms }) => vms);
  const staying = all.filter(({ mark }) => mark === undefined).length;
  return `${title}: ${[countsOf(all), ...(staying === 0 ? [] : [`${staying} as before`])].filter((part) => part !== "").join(", ") || "no VM"}`;
}

/** Shortens a name to a number of characters. It cuts the middle, because similar names end in a number. */
export function shortened(name: string, most: number): string {
  const signs = Array.from(name);
  if (signs.length <= most) return name;
  const tail = Math.floor((most - 1) / 2);
  return `${signs.slice(0, most - 1 - tail).join("")}…${signs.slice(-tail).join("")}`;
}
