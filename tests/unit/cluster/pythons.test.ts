// The node programs by each Python that a node may have and this machine has: 3.9 to 3.14.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const { programSource } = createRequire(import.meta.url)(
  "../../../provider/dist/cluster/program.js",
) as typeof import("../../../provider/dist/cluster/program.js");
const ROOT = join(import.meta.dirname, "../../..");
const CHECK = join(import.meta.dirname, "grammar-and-names.py");
const VERSIONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"];
/** Tests of the programs themselves, which are run by `python3` of the PATH. */
const TESTS = /LocalRunner|spawnSync\("python3"/;

const list = (folder: string) => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
const ask = (python: string, text: string, input = "") =>
  spawnSync(python, ["-W", "error", "-c", text], { input, encoding: "utf8" });
const versionOf = (python: string): string | undefined => {
  const { status, stdout } = ask(python, "import sys; print('%d.%d' % sys.version_info[:2])");
  return status === 0 ? stdout.trim() : undefined;
};

/** The Pythons by version: of SEAPATH_PYTHONS, where each has to answer, of the PATH, and of pyenv. */
function pythons(): Map<string, string> {
  const named = (process.env["SEAPATH_PYTHONS"] ?? "").split(delimiter).filter(Boolean);
  for (const python of named)
    assert.ok(versionOf(python) !== undefined, `SEAPATH_PYTHONS names ${python}, which does not run`);
  const found = new Map<string, string>();
  const onPath = (process.env["PATH"] ?? "").split(delimiter).flatMap((folder) =>
    list(folder)
      .filter((name) => /^python3\.\d+$/.test(name))
      .map((name) => join(folder, name)),
  );
  const pyenv = join(process.env["PYENV_ROOT"] ?? join(homedir(), ".pyenv"), "versions");
  for (const python of [...named, ...onPath, ...list(pyenv).map((name) => join(pyenv, name, "bin", "python3"))]) {
    // A shim of pyenv for a version that is not chosen does not answer.
    const version = versionOf(python);
    if (version !== undefined && !found.has(version)) found.set(version, python);
  }
  return found;
}

/** Each program as it is sent, by its name. */
const programs = () => {
  const names = readdirSync(join(ROOT, "provider/python"))
    .filter((name) => name.endsWith(".py"))
    .map((name) => name.replace(/\.py$/, ""));
  return Object.fromEntries(names.map((name) => [name, `${programSource(name)}\n\nmain("e30=")\n`]));
};

const check = (python: string, texts: Record<string, string>) => {
  const { status, stdout, stderr } = spawnSync(python, ["-W", "error", "-I", CHECK], {
    input: JSON.stringify(texts),
    encoding: "utf8",
  });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout.trim().split("\n").filter(Boolean);
};

const testFiles = () =>
  readdirSync(import.meta.dirname).filter(
    (name) =>
      name.endsWith(".test.ts") &&
      name !== "pythons.test.ts" &&
      TESTS.test(readFileSync(join(import.meta.dirname, name), "utf8")),
  );

describe("the node programs by each Python", () => {
  const found = pythons();
  const usual = versionOf("python3") ?? "";

  it("have the grammar of 3.9, and a check that sees what is younger", function () {
    this.timeout(60_000);
    assert.deepEqual(check("python3", programs()), []);
    const young = {
      match: "match 1:\n  case 1: pass\n",
      both: "with (open('a') as a, open('b') as b): pass\n",
      star: "try: pass\nexcept* OSError: pass\n",
      name: "import os\nos.nowhere()\n",
      from: "from os import nowhere\n",
      module: "import nowhere\n",
      keyword: "import shutil\nshutil.copyfile('a', 'b', nowhere=1)\n",
      builtin: "aiter(1)\n",
      method: "(5).bit_count()\n",
      zip: "zip([], strict=True)\n",
      remove: "import shutil\nshutil.rmtree('a', onexc=None)\n",
    };
    const seen = new Set(check("python3", young).map((line) => line.split(":")[0] ?? ""));
    // The newest parsers no longer tell that with several items in brackets came after 3.8; that is 3.9's grammar as well.
    assert.deepEqual(
      Object.keys(young).filter((name) => !seen.has(name)),
      ["both"],
    );
  });

  for (const version of VERSIONS) {
    const python = found.get(version);
    if (python === undefined) {
      it(`Python ${version} is not on this machine: neither on the PATH, nor pyenv's, nor in SEAPATH_PYTHONS`);
      continue;
    }
    it(`Python ${version} compiles them, and knows each name of its modules that they use`, function () {
      this.timeout(60_000);
      assert.deepEqual(check(python, programs()), []);
    });

    if (version === usual) continue; // as which all other tests run them
    it(`Python ${version} runs their tests`, function () {
      this.timeout(600_000);
      const files = testFiles().map((name) => join("tests/unit/cluster", name));
      assert.ok(files.length >= 6, files.join());
      const folder = mkdtempSync(join(tmpdir(), "seapath-python-"));
      try {
        mkdirSync(join(folder, "bin"));
        symlinkSync(python, join(folder, "bin", "python3"));
        const PATH = `${join(folder, "bin")}${delimiter}${process.env["PATH"]}`;
        assert.equal(
          spawnSync("python3", ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], {
            env: { ...process.env, PATH },
            encoding: "utf8",
          }).stdout.trim(),
          version,
        );
        const mocha = join(ROOT, "node_modules/mocha/bin/mocha.js");
        // What is compiled is compiled above.
        const words = [
          "--no-config",
          "--extension",
          "ts",
          "--reporter",
          "dot",
          "--timeout",
          "120000",
          "--invert",
          "--grep",
          "compiles as it is sent|two things of one name",
          ...files,
        ];
        const { status, stdout, stderr } = spawnSync(process.execPath, [mocha, ...words], {
          cwd: ROOT,
          env: { ...process.env, PATH },
          encoding: "utf8",
          timeout: 590_000,
        });
        assert.equal(status, 0, `${stdout}${stderr}`);
        assert.ok(Number(/(\d+) passing/.exec(stdout)?.[1]) > 40, stdout);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
