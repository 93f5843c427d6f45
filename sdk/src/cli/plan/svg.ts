/** The nodes with their VMs as a picture: now, after the change, and after the loss of each node. */
import type { Planned } from "./rows";

const BOX = { width: 150, head: 24, row: 18, gap: 14 };
const COLORS = { planned: "#1f6feb", other: "#57606a", moved: "#bf8700", lost: "#cf222e", node: "#f6f8fa", border: "#d0d7de" };

/** A VM in a picture. */
interface Shown {
  vm: string;
  color: string;
  mark: string;
}

const escape = (text: string) => text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** One row of boxes: a title, and for each node the VMs that are on it; the last box has those that run nowhere. */
interface Scene {
  title: string;
  nodes: { name: string; gone: boolean; vms: Shown[] }[];
}

function scenes(planned: Planned): Scene[] {
  const own = new Set(planned.placements.filter((each) => each.planned).map(({ vm }) => vm));
  const color = (vm: string, moved: boolean) => (moved ? COLORS.moved : own.has(vm) ? COLORS.planned : COLORS.other);
  const scene = (title: string, where: (vm: string) => { node?: string; mark?: string; moved?: boolean; lost?: boolean }, gone?: string): Scene => {
    const all = planned.placements.map(({ vm }) => ({ vm, ...where(vm) }));
    const shown = (each: (typeof all)[number]): Shown => ({ vm: each.vm, color: each.lost ? COLORS.lost : color(each.vm, each.moved ?? false), mark: each.mark ?? "" });
    const nodes = planned.hypervisors.map((name) => ({ name, gone: name === gone, vms: all.filter(({ node }) => node === name).map(shown) }));
    const nowhere = all.filter(({ node, lost }) => node === undefined && lost).map(shown);
    return { title, nodes: nowhere.length === 0 ? nodes : [...nodes, { name: "nowhere", gone: false, vms: nowhere }] };
  };
  const fateOf = (fates: readonly { vm: string; before?: string; after?: string; unplaced?: string }[]) => (vm: string) => {
    const fate = fates.find((each) => each.vm === vm);
    const moved = fate?.before !== undefined && fate.after !== undefined && fate.before !== fate.after;
    return { ...(fate?.after === undefined ? {} : { node: fate.after }), moved, lost: fate?.unplaced !== undefined };
  };
  const marks = new Map(planned.placements.map(({ vm, candidates }) => [vm, candidates.length > 1 ? "?" : ""]));
  const before = new Map(planned.placements.map((each) => [each.vm, each.before]));
  return [
    scene("now", (vm) => ({ ...(before.get(vm) === undefined ? {} : { node: before.get(vm) ?? "" }) })),
    scene("after", (vm) => ({ ...fateOf(planned.placements)(vm), mark: marks.get(vm) ?? "" })),
    ...planned.losses.map((loss) => scene(`without ${loss.node}`, fateOf(loss.fates), loss.node)),
  ];
}

/** The picture. A `?` stands behind a VM that may come to run on another node, depending on the order of creation. */
export function planSvg(planned: Planned): string {
  const parts: string[] = [];
  const label = 130;
  let y = BOX.gap;
  let width = 0;
  for (const { title, nodes } of scenes(planned)) {
    const rows = Math.max(1, ...nodes.map(({ vms }) => vms.length));
    const height = BOX.head + rows * BOX.row + 8;
    parts.push(`<text x="${BOX.gap}" y="${y + 16}" font-weight="bold">${escape(title)}</text>`);
    nodes.forEach(({ name, gone, vms }, index) => {
      const x = label + index * (BOX.width + BOX.gap);
      width = Math.max(width, x + BOX.width + BOX.gap);
      const dash = gone ? ' stroke-dasharray="4 3" opacity="0.5"' : "";
      parts.push(`<rect x="${x}" y="${y}" width="${BOX.width}" height="${height}" rx="6" fill="${COLORS.node}" stroke="${COLORS.border}"${dash}/>`);
      parts.push(`<text x="${x + 8}" y="${y + 16}" font-weight="bold"${gone ? ' opacity="0.5"' : ""}>${escape(name)}</text>`);
      vms.forEach(({ vm, color, mark }, row) =>
        parts.push(`<text x="${x + 8}" y="${y + BOX.head + (row + 1) * BOX.row - 4}" fill="${color}">${escape(vm)}${mark}</text>`),
      );
    });
    y += height + BOX.gap;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" font-family="sans-serif" font-size="12">\n${parts.join("\n")}\n</svg>\n`;
}
