/** Local processes. */
import { readdirSync, readFileSync } from "node:fs";

/** A process and all its descendants, including plugins, which pulumi puts into process groups of their own. */
export function family(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [
          [
            Number(name),
            Number(
              readFileSync(`/proc/${name}/stat`, "utf8")
                .replace(/^.*\) /s, "")
                .split(" ")[1],
            ),
          ] as const,
        ];
      } catch {
        return []; // it ended meanwhile
      }
    });
  const below = (parent: number): number[] =>
    parents.filter(([, of]) => of === parent).flatMap(([child]) => [child, ...below(child)]);
  return [pid, ...below(pid)];
}

/** The command line of a process; empty if it has ended. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
