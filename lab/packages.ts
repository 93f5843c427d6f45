/** The Debian packages that the lab runs. */
import { readFileSync } from "node:fs";

import { run } from "./run.ts";

export const packages = JSON.parse(readFileSync(new URL("packages.json", import.meta.url), "utf8")) as string[];

export async function missingPackages(): Promise<string[]> {
  const { stdout } = await run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev}\n", ...packages], {
    ok: true,
  });
  const installed = new Set(
    stdout
      .split("\n")
      .filter((line) => / ii ?$/.test(line))
      .map((line) => line.split(" ")[0]),
  );
  return packages.filter((name) => !installed.has(name));
}
