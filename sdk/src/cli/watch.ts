/** Repeats a query for `--watch`. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "pulumi-seapath-provider";
import { UsageError } from "./grammar";
import type { Run } from "./verb";

const DEFAULT_SECONDS = 2;

/**
 * Prints an answer, and with `--watch` its changes until the program ends. If the cluster becomes unreachable for a
 * while, says so once and tries again.
 * @param print receives the answer and the previous one
 */
export async function watched<T>(
  run: Run,
  ask: () => Promise<T>,
  print: (answer: T, before: T | undefined) => void,
): Promise<void> {
  const seconds = Number(run.given.find("interval") ?? DEFAULT_SECONDS);
  if (!(seconds > 0))
    throw new UsageError(`argument --interval: invalid number of seconds: '${run.given.find("interval")}'`);
  let before: T | undefined;
  let trouble = "";
  for (;;) {
    try {
      const answer = await ask();
      trouble = "";
      if (JSON.stringify(answer) !== JSON.stringify(before)) print(answer, before);
      before = answer;
    } catch (error) {
      // The first query shows whether the request is valid.
      if (before === undefined || !run.given.has("watch")) throw error;
      const said = describeError(error);
      if (said !== trouble) run.say(said);
      trouble = said;
    }
    if (!run.given.has("watch")) return;
    await sleep(seconds * 1000);
  }
}
