/** The nodes with their VMs as a Mermaid flowchart, which forges draw where they take no picture. */
import type { Planned } from "./rows";

/** A drawing with more VMs than this, over all of its scenes, says nothing at a glance: it has only what changes. */
const READABLE = 60;

/** Letters, digits and what means nothing to Mermaid as they are, everything else by its number. */
const label = (text: string) => `"${text.replace(/[^\p{L}\p{N} ._-]/gu, (sign) => `#${sign.codePointAt(0)};`)}"`;

/** A VM in a drawing; its class has a color below. */
interface Shown {
  vm: string;
  look: "planned" | "moved" | "lost" | "other";
}

interface Scene {
  title: string;
  nodes: { name: string; gone: boolean; vms: Shown[] }[];
}

const LOOKS: Record<Shown["look"], string> = {
  planned: "fill:#ddf4ff,stroke:#0969da,color:#0a3069",
  moved: "fill:#fff8c5,stroke:#9a6700,color:#4d2d00",
  lost: "fill:#ffebe9,stroke:#cf222e,color:#82071e",
  other: "fill:#f6f8fa,stroke:#8c959f,color:#1f2328",
};

function scenesOf({ placements, hypervisors, losses }: Planned): Scene[] {
  const planned = new Set(placements.filter((each) => each.planned).map(({ vm }) => vm));
  const scene = (title: string, fates: readonly { vm: string; at: string | undefined; moved: boolean; lost: boolean; sign?: string }[], gone?: string): Scene => {
    const shown = (node: string | undefined) => fates.filter(({ at, lost }) => at === node && (node !== undefined || lost)).map((fate): Shown => ({
      vm: `${fate.vm}${fate.sign ?? ""}`,
      look: fate.lost ? "lost" : fate.moved ? "moved" : planned.has(fate.vm) ? "planned" : "other",
    }));
    const nodes = hypervisors.map((name) => ({ name, gone: name === gone, vms: shown(name) }));
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

/** A scene without the VMs to which nothing happens and that are of others; their number stands in their place. */
function withoutOthers(scene: Scene): Scene {
  return {
    ...scene,
    nodes: scene.nodes.map((node) => {
      const left = node.vms.filter(({ look }) => look !== "other");
      const others = node.vms.length - left.length;
      return { ...node, vms: others === 0 ? left : [...left, { vm: `${others} of others`, look: "other" }] };
    }),
  };
}

const size = (scenes: readonly Scene[]) => scenes.reduce((sum, { nodes }) => sum + nodes.reduce((all, { vms }) => all + vms.length, 0), 0);

/** What is drawn: with each loss where that can still be read, else now and after, else only what changes. */
function readable(scenes: readonly Scene[]): Scene[] {
  const twoOnly = scenes.slice(0, 2);
  for (const choice of [[...scenes], twoOnly]) if (size(choice) <= READABLE) return choice;
  return twoOnly.map(withoutOthers);
}

/**
 * The drawing: a box a node, with its VMs, now and after, and after each loss where there are few. A `?` stands behind a
 * VM that may come to run on another node, depending on the order of creation. Names never become Mermaid's own words.
 */
export function planMermaid(planned: Planned): string {
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
