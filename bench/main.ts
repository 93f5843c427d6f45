/**
 * `npm run bench`: measures durations on the lab, next to the same steps as plain commands. The tools it needs are
 * installed.
 */
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { readLab } from "../lab/index.ts";
import { removeVms } from "./floor.ts";
import { readOptions, USAGE, UsageError, type Options } from "./options.ts";
import { goalLines, tableOf } from "./report.ts";
import { goalsOf, type Row } from "./rows.ts";
import { endRunning } from "./run.ts";
import { PREFIX, Scenes } from "./scenes.ts";
import { BenchStack } from "./stack.ts";
import { openWay, wayWords } from "./way.ts";

const say = (text: string) => process.stderr.write(`${text}\n`);

async function bench(options: Options): Promise<void> {
  const node = readLab().nodes[0]?.name ?? "";
  const begun = new Date();
  const near = await openWay("near", 0);
  const stack = await BenchStack.make(options.parallel, near.environment);
  await removeVms(node, PREFIX);
  const scenes = new Scenes(options, stack, node, say);
  try {
    const template = await scenes.template();
    for (const setting of options.settings) {
      const way = await openWay(setting, options.latency);
      try {
        await scenes.all(setting, way, template);
      } finally {
        await way.close();
      }
    }
  } finally {
    // Report what was measured even if something failed later.
    report(options, scenes.rows, begun);
    stack.environment = near.environment;
    await stack.forget();
    await removeVms(node, PREFIX);
  }
}

function report(options: Options, rows: readonly Row[], begun: Date): void {
  const goals = goalsOf(rows, options.latency);
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? "",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
  if (options.json !== undefined) {
    const result = {
      date: begun.toISOString(),
      seconds: (Date.now() - begun.getTime()) / 1000,
      machine,
      options,
      rows,
      goals,
    };
    writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
  }
  const { cpus: cores, model, memoryGiB } = machine;
  console.log(`\n${begun.toISOString()}, ${cores} x ${model}, ${memoryGiB} GiB; --parallel ${options.parallel}\n`);
  const measured = options.settings.filter((setting) => rows.some((row) => row.setting === setting));
  for (const setting of measured) console.log(tableOf(rows, setting, wayWords(setting, options.latency)));
  console.log(goalLines(goals));
}

// End the running program; the benchmark fails with it, restores the links and removes its VMs.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    say("interrupted; cleans up");
    endRunning();
  });
}
try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(USAGE);
  else await bench(options);
} catch (error) {
  say(
    error instanceof UsageError ? `${error.message}\n\n${USAGE}` : String(error instanceof Error ? error.stack : error),
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
