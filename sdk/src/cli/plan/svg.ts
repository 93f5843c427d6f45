/** Draws the nodes with their VMs: now, after the change, and after the loss of each node. */
import { NO_CHANGES, type Changes } from "./changes";
import type { Planned } from "./rows";
import {
  countsOf,
  lettersOf,
  MARKS,
  scenesOf,
  sentenceOf,
  shortened,
  summed,
  within,
  type Box,
  type Drawn,
  type Mark,
  type Scene,
  type Shown,
} from "./scenes";

/** Facts about a plan that are not in the plan itself. */
export interface Pictured {
  /** When it was made; absent if the picture should not show it. */
  made?: Date;
  /** What the preview creates or replaces. If absent, new VMs are shown as starting. */
  changes?: Changes;
}

const BOX = { width: 186, line: 16, head: 24, memory: 20, gap: 12, pad: 8 };
const LEFT = 122;
const TOP = 48;

/** A picture of three nodes is never taller than a page, however many VMs there are. */
const HEIGHT = 1150;
const LINES = { least: 3, most: 12 };

/** The most characters of a name that fit into its box. */
const NAME = 18;

/** The same for a sum, which has more narrow characters. */
const SUM = 26;

/** The largest width of a character, in wide fonts. */
const SIGN = 7;

const INK = {
  text: "#1f2328",
  own: "#0550ae",
  other: "#57606a",
  node: "#f6f8fa",
  border: "#d0d7de",
  bar: "#8c959f",
  over: "#cf222e",
};
const COLORS: Readonly<Record<Mark, string>> = {
  lost: "#cf222e",
  deleted: "#82071e",
  replaced: "#8250df",
  new: "#1a7f37",
  moved: "#9a6700",
  live: "#7d5d00",
  restarted: "#bc4c00",
  stopped: "#57606a",
  started: "#1a7f37",
  changed: "#0969da",
};

const escape = (text: string) => text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const written = (x: number, y: number, text: string, more = "") =>
  `<text x="${x}" y="${y}"${more}>${escape(text)}</text>`;

/** A mark: a letter, so that telling colors apart is not necessary. */
const badge = (x: number, y: number, mark: Mark) =>
  `<rect x="${x}" y="${y - 11}" width="14" height="14" rx="3" fill="${COLORS[mark]}"/>` +
  `<text x="${x + 7}" y="${y}" fill="#ffffff" font-weight="bold" font-size="10" text-anchor="middle">${MARKS[mark].letter}</text>`;

function vmLine(x: number, y: number, { vm, mark, own, unsure }: Shown): string {
  const name = shortened(vm, NAME);
  const look = [
    ` fill="${mark === "lost" ? COLORS.lost : own ? INK.own : INK.other}"`,
    own ? ' font-weight="bold"' : "",
    mark === "deleted" ? ' text-decoration="line-through"' : "",
  ].join("");
  const text = `<text x="${x + 28}" y="${y}"${look}>${escape(`${name}${unsure ? " ?" : ""}`)}${name === vm ? "" : `<title>${escape(vm)}</title>`}</text>`;
  return mark === undefined ? text : `${badge(x + BOX.pad, y, mark)}${text}`;
}

/** How much of a node's memory its VMs use: text above a bar. */
function memoryLine(x: number, y: number, { words, share, over }: NonNullable<Box["memory"]>): string {
  const width = BOX.width - 2 * BOX.pad;
  const text = written(
    x + BOX.pad,
    y,
    `${words}${over ? ", too much" : ""}`,
    ` font-size="10" fill="${over ? INK.over : INK.other}"`,
  );
  if (share === undefined) return text;
  const bar = (length: number, color: string) =>
    `<rect x="${x + BOX.pad}" y="${y + 3}" width="${length.toFixed(1)}" height="3" fill="${color}"/>`;
  return text + bar(width, INK.border) + bar(width * Math.min(1, share), over ? INK.over : INK.bar);
}

function drawScene({ title, boxes }: Scene, y: number, most: number): { parts: string[]; height: number } {
  const filled = boxes.map((box) => {
    const shown = within(box.vms, most);
    return { box, named: shown.named, sums: summed(shown, lettersOf), words: summed(shown, countsOf) };
  });
  const rows = Math.max(1, ...filled.map(({ named, sums }) => named.length + sums.length));
  const memory = boxes.some((box) => box.memory !== undefined) ? BOX.memory : 0;
  const height = BOX.head + memory + rows * BOX.line + BOX.pad;
  const parts = [written(BOX.gap, y + 16, shortened(title, 16), ' font-weight="bold"')];
  filled.forEach(({ box, named, sums, words }, index) => {
    const x = LEFT + index * (BOX.width + BOX.gap);
    const faint = box.gone ? ' stroke-dasharray="4 3"' : "";
    parts.push(
      `<rect x="${x}" y="${y}" width="${BOX.width}" height="${height}" rx="6" fill="${box.gone ? "#ffffff" : INK.node}" stroke="${INK.border}"${faint}/>`,
    );
    parts.push(
      written(
        x + BOX.pad,
        y + 16,
        box.gone ? `${shortened(box.name, 14)} is lost` : shortened(box.name, NAME + 2),
        ` font-weight="bold"${box.gone ? ` fill="${INK.other}"` : ""}`,
      ),
    );
    if (box.memory !== undefined) parts.push(memoryLine(x, y + 31, box.memory));
    const line = (row: number) => y + BOX.head + memory + (row + 1) * BOX.line - 4;
    named.forEach((shown, row) => parts.push(vmLine(x, line(row), shown)));
    sums.forEach((text, row) => {
      const whole = words[row] === text ? "" : `<title>${escape(words[row] ?? "")}</title>`;
      parts.push(
        `<text x="${x + BOX.pad}" y="${line(named.length + row)}" font-style="italic" fill="${INK.other}">${escape(ended(text, SUM))}${whole}</text>`,
      );
    });
  });
  return { parts, height };
}

/** The legend of the marks, as many side by side as fit. */
function legend(scenes: readonly Scene[], y: number, width: number): { parts: string[]; height: number } {
  const all = scenes.flatMap(({ boxes }) => boxes.flatMap(({ vms }) => vms));
  const marks = (Object.keys(MARKS) as Mark[]).filter((mark) => all.some((each) => each.mark === mark));
  const entries = [
    ...marks.map((mark) => ({
      draw: (x: number, at: number) => badge(x, at, mark) + written(x + 20, at, MARKS[mark].words),
    })),
    ...(all.some(({ unsure }) => unsure)
      ? [{ draw: (x: number, at: number) => written(x + 4, at, "?") + written(x + 20, at, "or on another node") }]
      : []),
    {
      draw: (x: number, at: number) =>
        written(x, at, "name", ` font-weight="bold" fill="${INK.own}"`) + written(x + 40, at, "of this program"),
    },
    {
      draw: (x: number, at: number) =>
        written(x, at, "name", ` fill="${INK.other}"`) + written(x + 40, at, "of others"),
    },
  ];
  const column = 200;
  const across = Math.max(1, Math.floor((width - BOX.gap) / column));
  const rows = Math.ceil(entries.length / across);
  return {
    parts: entries.map(({ draw }, index) =>
      draw(BOX.gap + (index % across) * column, y + 12 + Math.floor(index / across) * 18),
    ),
    height: rows * 18,
  };
}

/**
 * The picture. A letter before a VM shows what happens to it; the legend explains the letters. With too many VMs, the
 * unchanged ones become a number.
 */
export function planSvg(
  planned: Drawn & Pick<Planned, "epoch">,
  { made, changes = NO_CHANGES }: Pictured = {},
): string {
  const scenes = scenesOf(planned, changes);
  const boxes = Math.max(...scenes.map((scene) => scene.boxes.length));
  const width = Math.max(LEFT + boxes * (BOX.width + BOX.gap), 440);
  const fixed = BOX.head + BOX.memory + BOX.pad + BOX.gap;
  const most = Math.max(
    LINES.least,
    Math.min(LINES.most, Math.floor(((HEIGHT - TOP - 60) / scenes.length - fixed) / BOX.line)),
  );
  const changed = countsOf(scenes[1]?.boxes.flatMap(({ vms }) => vms) ?? []);
  const said = wrapped(
    changed === "" ? "Nothing happens to any VM." : `After the change: ${changed}.`,
    Math.floor((width - 2 * BOX.gap) / SIGN),
  );
  const parts: string[] = [];
  let y = TOP + said.length * BOX.line;
  for (const scene of scenes) {
    const drawn = drawScene(scene, y, most);
    parts.push(...drawn.parts);
    y += drawn.height + BOX.gap;
  }
  const key = legend(scenes, y, width);
  const height = y + key.height + BOX.gap;
  const head = [
    written(BOX.gap, 22, "Where VMs will run", ' font-size="15" font-weight="bold"'),
    ...said.map((line, row) => written(BOX.gap, 40 + row * BOX.line, line)),
    // Programs find it by its class to check whether anything else differs.
    `<text class="made" x="${BOX.gap}" y="${40 + said.length * BOX.line}" font-size="10" fill="${INK.other}">${escape(madeOf(planned.epoch, made))}</text>`,
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="plan-title plan-desc" font-family="sans-serif" font-size="12" fill="${INK.text}">`,
    '<title id="plan-title">Where VMs will run</title>',
    `<desc id="plan-desc">${escape(scenes.map(sentenceOf).join("; "))}.</desc>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...head,
    ...parts,
    ...key.parts,
    "</svg>",
    "",
  ].join("\n");
}

/** Truncates a line that is too long. */
const ended = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

/** Wraps a sentence. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > most) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

const madeOf = (epoch: string, made: Date | undefined) =>
  `of the cluster's configuration ${epoch}${made === undefined ? "" : `, made ${made.toISOString().slice(0, 16).replace("T", " ")} UTC`}`;
