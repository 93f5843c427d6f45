import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../../../tools/env.mjs";

const page = readFileSync(join(root, "docs/troubleshooting.md"), "utf8");
/** What is behind this heading are others' words. */
const [ours = "", others = ""] = page.split("## Before anything of ours runs");

/** The text of a program as it is printed: what is put in is `…`, texts that are added to each other are one, escapes are taken off. */
function asPrinted(source: string): string {
  let text = source.replace(/(["'`])\s*\+\s*(["'`])/g, "");
  for (let before = ""; before !== text;) [before, text] = [text, text.replace(/\$\{[^{}]*\}/g, "…")];
  return text.replace(/%[sd]/g, "…").replace(/\\(["'`])/g, "$1");
}

const files = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|py)$/.test(name))
    .map((name) => join(root, folder, name));
const sources = ["provider/src", "provider/python", "sdk/src"]
  .flatMap(files)
  .map((file) => asPrinted(readFileSync(file, "utf8")));

const cells = (text: string) =>
  text
    .split("\n")
    .filter((line) => /^\| `/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
const messages = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, message]) => message ?? "");
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
/** A message of the page in the sources: `…` is anything in one line. */
const pattern = (message: string) =>
  new RegExp(
    message
      .split("…")
      .map((part) => escaped(part.trim()))
      .join("[^\\n]{0,200}?"),
  );
const isThere = (message: string) => sources.some((source) => pattern(message).test(source));

describe("docs/troubleshooting.md", () => {
  it("quotes messages that there are", () => {
    const quoted = cells(ours).flatMap(([cell = ""]) => messages(cell));
    assert.ok(quoted.length > 45, String(quoted.length));
    assert.deepEqual(
      quoted.filter((message) => !isThere(message)),
      [],
    );
    assert.ok(!isThere("it has no quorums"), "a message that there is not is noticed");
  });

  it("says of each what it means and what to do", () => {
    for (const row of [...cells(ours), ...cells(others)])
      assert.ok(row.length === 3 && row.every((cell) => cell !== ""), row.join(" | "));
  });

  it("has a message that can be told from others", () => {
    for (const message of cells(ours).flatMap(([cell = ""]) => messages(cell))) {
      assert.ok(message.replaceAll("…", "").trim().length >= 12, `"${message}" is in too many`);
    }
  });

  it("is linked, and names pages and headings that there are", () => {
    for (const from of ["README.md", "docs/connecting.md", "docs/vm.md"])
      assert.match(readFileSync(join(root, from), "utf8"), /troubleshooting\.md/, from);
    for (const name of ["troubleshooting.md", "package-managers.md"]) {
      const text = readFileSync(join(root, "docs", name), "utf8");
      for (const [, path = "", , heading] of text.matchAll(/\]\(([^)#]+)(#([^)]+))?\)/g)) {
        if (/^https?:/.test(path)) continue;
        const target = join(dirname(join(root, "docs", name)), path);
        assert.ok(existsSync(target), `${name}: ${path}`);
        if (heading === undefined || !target.endsWith(".md")) continue;
        const anchors = [...readFileSync(target, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
          title
            .toLowerCase()
            .replace(/[^\w\- ]/g, "")
            .replaceAll(" ", "-"),
        );
        assert.ok(anchors.includes(heading), `${name}: ${path}#${heading}`);
      }
    }
  });
});
