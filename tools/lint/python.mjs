// Runs ruff on the Python code of this repository: `node tools/lint/python.mjs` checks, `--write` formats. This is ruff
// itself, compiled for node, so that a checkout needs no Python tools.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "../env.mjs";

const { PositionEncoding, Workspace } = createRequire(import.meta.url)("@astral-sh/ruff-wasm-nodejs");

const settings = {
  "line-length": 120,
  "target-version": "py39",
  lint: {
    select: ["E4", "E7", "E9", "F", "B", "I", "UP"],
    ignore: [
      "F821", // a node program is several files in one namespace; its tests find undefined names
      "UP031", // these programs use "%s" % …
      "B023", // functions created in a loop are called in it
    ],
  },
};

/** @param {boolean} write format instead of checking the format @returns {string[]} the problems, one per line */
export function checkPython(write) {
  const workspace = new Workspace(settings, PositionEncoding.Utf16);
  const files = execFileSync("git", ["ls-files", "*.py"], { cwd: root, encoding: "utf8" }).split("\n").filter(Boolean);
  return files.flatMap((file) => {
    const path = join(root, file);
    const text = readFileSync(path, "utf8");
    const formatted = workspace.format(text);
    if (write && formatted !== text) writeFileSync(path, formatted);
    return [
      ...workspace
        .check(text)
        .map(({ code, message, start_location: at }) => `${file}:${at.row}:${at.column} ${code ?? ""} ${message}`),
      ...(write || formatted === text ? [] : [`${file} is not formatted: \`npm run format\``]),
    ];
  });
}

if (process.argv[1] === import.meta.filename) {
  const wrong = checkPython(process.argv.includes("--write"));
  if (wrong.length > 0) console.error(wrong.join("\n"));
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
