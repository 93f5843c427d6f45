/** The nodes with their VMs as a Mermaid flowchart, which forges draw where they take no picture. */
import type { Planned } from "./rows";

/** A drawing with more VMs than this, over all of its scenes, says nothing at a glance: it has only what changes. */
const READABLE = 60;

/** With more than this it has numbers of VMs: forges draw no text of more than 50,000 characters. */
const DRAWABLE = 300;

/** Letters, digits and what means nothing to Mermaid as they are, everything else by its number. */
const label = (text: string) => `"${text.replace(/[^\p{L}\p{N} ._-]/gu, (sign) => `#${sign.codePointAt(0)};`)}"`;

/** What of a plan is drawn. */
export interface Drawn extends Pick<Planned, "placements" | "hypervisors"> {
  losses: readonly Pick<Planned["losses"][number], "node" | "fates">[];
}

/** A VM in a drawing; its class has a color below. */
interface Shown {
  vm: string;
  look: "changed" | "moved" | "lost" | "other";
}

interface Scene {
  title: string;
  nodes: { name: string; gone: boolean; vms: Shown[] }[];
}

const LOOKS: Record<Shown["look"], string> = {
  changed: "fill:#ddf4ff,stroke:#0969da,color:#0a3069",
  moved: "fill:#fff8c5,stroke:#9a6700,color:#4d2d00",
  lost: "fill:#ffebe9,stroke:#cf222e,color:#82071e",
  other: "fill:#f6f8fa,stroke:#8c959f,color:#1f2328",
};

function scenesOf({ placements, hypervisors, losses }: Drawn): Scene[] {
  const changed = new Set(placements.filter((each) => each.changed).map(({ vm }) => vm));
  const scene = (title: string, fates: readonly { vm: string; at: string | undefined; moved: boolean; lost: boolean; sign?: string }[], gone?: string): Scene => {
    const shown = (node: string | undefined) => fates.filter(({ at, lost }) => at === node && (node !== undefined || lost)).map((fate): Shown => ({
      vm: `${fate.vm}${fate.sign ?? ""}`,
      look: fate.lost ? "lost" : fate.moved ? "moved" : changed.has(fate.vm) ? "changed" : "other",
    }));
    // A guest node is one for Pacemaker, when nothing keeps VMs out of it.
    const guests = [...new Set(fates.flatMap(({ at }) => (at === undefined || hypervisors.includes(at) ? [] : [at])))].sort();
    const nodes = [...hypervisors, ...guests].map((name) => ({ name, gone: name === gone, vms: shown(name) }));
    const nowhere = shown(undefined);
    return { title, nodes: nowhere.length === 0 ? nodes : [...nodes, { name: "nowhere", gone: false, vms: nowhere }] };
  };
  const after = (fates: readonly { vm: string; before?: string; after?: string; unplaced?: string }[], signs?: ReadonlyMap<string, string>) =>
    fates.map((fate) => ({
      vm: fate.vm,
      at: fate.after,
      moved: fate.before !== undefined && fate.after !== undefined && fate.before !== fate.after,
      lost: fate.unplaced !== undefined,
      sign: signs?.get(fate.vm) ?? "",
    }));
  const unsure = new Map(placements.filter(({ candidates }) => candidates.length > 1).map(({ vm }) => [vm, " ?"]));
  return [
    scene("now", placements.map(({ vm, before }) => ({ vm, at: before, moved: false, lost: false }))),
    scene("after", after(placements, unsure)),
    ...losses.map((loss) => scene(`without ${loss.node}`, after(loss.fates), loss.node)),
  ];
}

/** A scene with the number of the VMs of some looks in place of their names. */
function counted(scene: Scene, looks: Partial<Record<Shown["look"], string>>): Scene {
  const nodes = scene.nodes.map((node) => {
    const numbers = Object.entries(looks).flatMap(([look, words]): Shown[] => {
      const count = node.vms.filter((each) => each.look === look).length;
      return count === 0 ? [] : [{ vm: `${count} ${words}`, look: look as Shown["look"] }];
    });
    return { ...node, vms: [...node.vms.filter(({ look }) => looks[look] === undefined), ...numbers] };
  });
  return { ...scene, nodes };
}

const size = (scenes: readonly Scene[]) => scenes.reduce((sum, { nodes }) => sum + nodes.reduce((all, { vms }) => all + vms.length, 0), 0);

/** What is drawn: with each loss where that can still be read, else now and after, else only what changes, else numbers. */
function readable(scenes: readonly Scene[]): Scene[] {
  const twoOnly = scenes.slice(0, 2);
  for (const choice of [[...scenes], twoOnly]) if (size(choice) <= READABLE) return choice;
  const changes = twoOnly.map((scene) => counted(scene, { other: "that stay as they are" }));
  if (size(changes) <= DRAWABLE) return changes;
  return twoOnly.map((scene) => counted(scene, { changed: "changed", moved: "moved", lost: "without a place", other: "that stay as they are" }));
}

/**
 * The drawing: a box a node, with its VMs, now and after, and after each loss where there are few. A `?` stands behind a
 * VM that may come to run on another node, depending on the order of creation. Names never become Mermaid's own words.
 */
export function planMermaid(planned: Drawn): string {
  const lines = ["flowchart LR"];
  const scenes = readable(scenesOf(planned));
  scenes.forEach(({ title, nodes }, index) => {
    const scene = `s${index}`;
    lines.push(`subgraph ${scene}[${label(title)}]`, "direction TB");
    nodes.forEach(({ name, gone, vms }, at) => {
      const node = `${scene}n${at}`;
      lines.push(`subgraph ${node}[${label(gone ? `${name} is lost` : name)}]`);
      // A subgraph without anything in it is drawn as a VM.
      if (vms.length === 0) lines.push(`${node}e[" "]:::empty`);
      vms.forEach(({ vm, look }, row) => lines.push(`${node}v${row}[${label(vm)}]:::${look}`));
      lines.push("end");
    });
    lines.push("end");
  });
  lines.push("s0 --> s1", ...scenes.slice(2).map((_, loss) => `s1 -.-> s${loss + 2}`));
  const used = new Set(scenes.flatMap(({ nodes }) => nodes.flatMap(({ vms }) => vms.map(({ look }) => look))));
  lines.push(...Object.entries(LOOKS).filter(([look]) => used.has(look as Shown["look"])).map(([look, style]) => `classDef ${look} ${style}`));
  if (lines.some((line) => line.endsWith(":::empty"))) lines.push("classDef empty fill:none,stroke:none");
  return `${lines.join("\n")}\n`;
}
