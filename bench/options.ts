/** Selects the parts of the benchmark to run. */
import { parseArgs } from "node:util";

/**
 * `near`: the lab as it is. `far`: more latency from here to the nodes. `wide`: more latency to each node, from
 * everywhere.
 */
export type Setting = "near" | "far" | "wide";
/** The parts that can be left out. */
export type Part = "up" | "update" | "refresh" | "many" | "policies";

export const SETTINGS: readonly Setting[] = ["near", "far", "wide"];
export const PARTS: readonly Part[] = ["up", "update", "refresh", "many", "policies"];

export interface Options {
  settings: Setting[];
  parts: Part[];
  /** Numbers of VMs to create, one run each. The last run is then updated and refreshed. */
  sizes: number[];
  /** The number of images in `many`. */
  images: number;
  /** Numbers of VMs in the saved clusters of `policies`; for each, a preview with and without the pack. */
  saved: number[];
  /** Extra milliseconds per round trip in `far` and `wide`. */
  latency: number;
  /** How many resources Pulumi changes at once. */
  parallel: number;
  /** The JSON file for the results. */
  json?: string;
}

export const USAGE = `usage: npm run bench -- [options]
  --quick             one VM and ten images, without added latency: half a minute
  --settings LIST     ${SETTINGS.join(",")}: without added latency, with it on the way from here to the cluster, with it on
                      the way to each node, the nodes' own traffic included; all when nothing is said
  --parts LIST        ${PARTS.join(",")}; all when nothing is said
  --sizes LIST        how many VMs, a run for each; 1,5,10
  --images N          how many images "many" is about; 200
  --saved LIST        how many VMs the saved clusters of "policies" have; 10,100,1000
  --latency MS        50
  --parallel N        resources that Pulumi changes at once; 16, its own default on four cores
  --json FILE         the results for programs
"wide" changes the links of the lab while it runs, and puts them back.
`;

/** An invalid option. */
export class UsageError extends Error {}

function listOf<T extends string>(name: string, text: string, known: readonly T[]): T[] {
  const found = text.split(",").map((each) => each.trim());
  const wrong = found.find((each) => !(known as readonly string[]).includes(each));
  if (wrong !== undefined)
    throw new UsageError(`--${name}: no ${JSON.stringify(wrong)}; there are ${known.join(", ")}`);
  return known.filter((each) => found.includes(each));
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < least || value > most) {
    throw new UsageError(`--${name}: ${JSON.stringify(text)} is no whole number from ${least} to ${most}`);
  }
  return value;
}

const TEXT = { type: "string" } as const;
const KNOWN = {
  quick: { type: "boolean" },
  settings: TEXT,
  parts: TEXT,
  sizes: TEXT,
  images: TEXT,
  saved: TEXT,
  latency: TEXT,
  parallel: TEXT,
  json: TEXT,
  help: { type: "boolean", short: "h" },
} as const;

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: KNOWN }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/**
 * @returns undefined if only help was requested
 * @throws UsageError that names the option
 */
export function readOptions(args: string[]): Options | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  const quick = values.quick === true;
  const numbers = (name: string, text: string, most: number) =>
    [...new Set(text.split(",").map((each) => numberOf(name, each, 1, most)))].sort((a, b) => a - b);
  return {
    settings: listOf("settings", values.settings ?? (quick ? "near" : SETTINGS.join(",")), SETTINGS),
    parts: listOf("parts", values.parts ?? PARTS.join(","), PARTS),
    sizes: numbers("sizes", values.sizes ?? (quick ? "1" : "1,5,10"), 99),
    images: numberOf("images", values.images ?? (quick ? "10" : "200"), 1, 2000),
    saved: numbers("saved", values.saved ?? (quick ? "10" : "10,100,1000"), 5000),
    latency: numberOf("latency", values.latency ?? "50", 1, 1000),
    parallel: numberOf("parallel", values.parallel ?? "16", 1, 1000),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}
