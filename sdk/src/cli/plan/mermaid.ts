/** Draws the nodes with their VMs as a Mermaid flowchart, which forges render where they allow no images. */
import { NO_CHANGES, type Changes } from "./changes";
import {
  countsOf,
  MARKS,
  NO_NODE,
  scenesOf,
  shortened,
  summed,
  within,
  type Box,
  type Drawn,
  type Scene,
  type Shown,
} from "./scenes";

/** GitLab renders anything longer only on request. */
const TEXT = 2_000;

/** Boxes side by side, and characters per line of a box, so that it fits the width of a comment. */
const ACROSS = 4;
const NAME = 18;

/** Levels of detail, from full to least: lines per box, now and after, and in a loss. 0: losses are not drawn. */
const WAYS = [
  [10, 10],
  [10, 5],
  [10, 3],
  [8, 2],
  [10, 0],
  [5, 0],
  [2, 0],
] as const;

/** Escapes a text: keeps letters, digits and what is harmless in Mermaid, and writes the rest as character codes. */
const plain = (text: string) => text.replace(/[^\p{L}\p{N} ,.…_-]/gu, (sign) => `#${sign.codePointAt(0)};`);

/** A box's look: its class, and so its color. */
type Look = "title" | "node" | "changed" | "lost" | "gone";

const LOOKS: Record<Look, string> = {
  title: "fill:none,stroke:none",
  node: "fill:#f6f8fa,stroke:#8c959f,color:#1f2328",
  changed: "fill:#ddf4ff,stroke:#0969da,color:#0a3069,stroke-width:2px",
  lost: "fill:#ffebe9,stroke:#cf222e,color:#82071e,stroke-width:3px",
  gone: "fill:none,stroke:#8c959f,stroke-dasharray:4 3",
};

/** What happens to a VM, in words after its name. */
function vmLine({ vm, mark, unsure, from }: Shown): string {
  const name = `${shortened(vm, NAME)}${unsure ? " ?" : ""}`;
  if (mark === undefined) return name;
  if (from !== undefined && (mark === "live" || mark === "moved"))
    return `${name}, from ${shortened(from, NAME)}${mark === "live" ? " live" : ""}`;
  return `${name}, ${mark === "lost" ? "lost" : MARKS[mark].several}`;
}

const lookOf = ({ gone, vms }: Box): Look => {
  if (gone) return "gone";
  if (vms.some(({ mark }) => mark === "lost")) return "lost";
  return vms.some(({ mark }) => mark !== undefined) ? "changed" : "node";
};

/** A node: its name and its memory above a line, then its VMs. */
function boxText(box: Box, lines: number): string {
  const shown = within(box.vms, lines);
  const memory = box.memory === undefined ? "" : `, ${box.memory.words}${box.memory.over ? ", too much" : ""}`;
  const vms = [...shown.named.map(vmLine), ...summed(shown, countsOf)];
  const head = plain(`${shortened(box.name, NAME)}${box.gone ? " is lost" : memory}`);
  return [head, ...(vms.length === 0 ? [] : ["———", ...vms.map(plain)])].join("<br>");
}

/**
 * Draws the scenes one below the other. A row is a chain of boxes, because Mermaid keeps an order only along links.
 * There are no subgraphs, because links out of a subgraph override its direction. The links are invisible.
 */
function draw(all: readonly Scene[], [lines, inLosses]: readonly [number, number]): string {
  const scenes = inLosses === 0 ? all.slice(0, 2) : all;
  const text = ["flowchart LR"];
  const used = new Set<Look>();
  const box = (id: string, words: string, look: Look) => {
    used.add(look);
    return `${id}["${words}"]:::${look}`;
  };
  scenes.forEach(({ title, boxes }, index) => {
    for (let from = 0; from < boxes.length; from += ACROSS) {
      const row = boxes.slice(from, from + ACROSS);
      const first = box(`s${index}r${from}`, from === 0 ? plain(shortened(title, NAME)) : " ", "title");
      text.push(
        [
          first,
          ...row.map((each, at) =>
            box(`s${index}n${from + at}`, boxText(each, index < 2 ? lines : inLosses), lookOf(each)),
          ),
        ].join(" --- "),
      );
    }
  });
  if (inLosses === 0 && all.length > 2) text.push(box("losses", lossWords(all), "title"));
  text.push(
    "linkStyle default stroke:none",
    ...(Object.keys(LOOKS) as Look[]).filter((look) => used.has(look)).map((look) => `classDef ${look} ${LOOKS[look]}`),
  );
  return `${text.join("\n")}\n`;
}

/** Replaces the scenes of losses: what each loss leaves without a place. */
const lossWords = (scenes: readonly Scene[]) =>
  scenes
    .slice(2)
    .map(({ title, boxes }) => {
      const lost = boxes.find(({ name }) => name === NO_NODE)?.vms.length ?? 0;
      return `${title}: ${lost === 0 ? "none" : lost} lost`;
    })
    .map(plain)
    .join("<br>");

/**
 * The drawing: a row for now, one for after, and one per loss if there are few. Each row has a box per node, always in
 * the cluster's order, with its memory and its VMs. VMs that change are named; with too many VMs, the others become a
 * number. A `?` marks a VM that may run on another node, depending on the order of creation. Names never become Mermaid
 * syntax.
 */
export function planMermaid(planned: Drawn, changes: Changes = NO_CHANGES): string {
  const scenes = scenesOf(planned, changes);
  let text = "";
  for (const way of WAYS) {
    text = draw(scenes, way);
    if (text.length <= TEXT) break;
  }
  return text;
}
