/** The guest tick: see tick.S. */
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { LabError } from "../config.ts";
import { run } from "../run.ts";

/** Builds its disk of 1 MiB. */
export async function buildTick(source: string, work: string, raw: string): Promise<void> {
  const [object, code] = [join(work, "tick.o"), join(work, "tick.bin")];
  await run(["as", "--32", source, "-o", object]);
  await run(["ld", "-m", "elf_i386", "-Ttext", "0x7c00", "--oformat", "binary", "-e", "_start", "-o", code, object]);
  if (statSync(code).size !== 512) throw new LabError("tick's boot sector is not a sector");
  writeFileSync(raw, readFileSync(code));
  truncateSync(raw, 1024 * 1024);
}
