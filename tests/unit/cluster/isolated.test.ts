import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, CommandResult, Runner } from "../../../provider/dist/transport/types.js";

const require = createRequire(import.meta.url);
const { LocalRunner } =
  require("../../../provider/dist/transport/local.js") as typeof import("../../../provider/dist/transport/local.js");
const { programSource, runProgram } =
  require("../../../provider/dist/cluster/program.js") as typeof import("../../../provider/dist/cluster/program.js");

const root = join(import.meta.dirname, "../../..");
/** Of Python's own modules, those that node programs import. */
const MODULES = ["base64", "json", "socket", "subprocess", "traceback", "tempfile", "hashlib", "ctypes", "queue"];

describe("Python is isolated", () => {
  let folder = "";
  let ran = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "seapath-strays-"));
    ran = join(folder, "ran");
    for (const name of MODULES)
      writeFileSync(
        join(folder, `${name}.py`),
        `open(${JSON.stringify(ran)}, "a").write("${name} ")\nraise SystemExit(9)\n`,
      );
  });
  afterEach(() => rmSync(ran, { force: true }));
  after(() => rmSync(folder, { recursive: true }));

  const nothingRan = () => assert.equal(existsSync(ran) ? readFileSync(ran, "utf8") : "", "");

  /** Runs a command as sshd does, in a folder where somebody has left modules, which is on the path as well. */
  class Strays implements Runner {
    readonly node = "here";
    run({ argv: [program = "", ...words], stdin }: Command): Promise<CommandResult> {
      const env = { ...process.env, PYTHONPATH: folder, PYTHONSTARTUP: join(folder, "json.py") };
      const done = spawnSync(program, words, { input: stdin, cwd: folder, env, encoding: "utf8" });
      return Promise.resolve({ node: "here", exitCode: done.status ?? -1, stdout: done.stdout, stderr: done.stderr });
    }
    upload(): Promise<string> {
      throw new Error("nothing is uploaded here");
    }
    close(): void {}
  }

  it("on a node: a stray module of the working folder is not run", async () => {
    const answer = await runProgram(new Strays(), "reach", { address: "127.0.0.1", port: 1, key: false, seconds: 0 });
    assert.deepEqual(answer, { answer: "silent", reason: "Connection refused" });
    nothingRan();
  });

  it("on this machine, where `seapath plan --cib` is asked for in such a folder", () => {
    const asked = `
      const { LocalRunner } = require(${JSON.stringify(join(root, "provider/dist/transport/local.js"))});
      const { runProgram } = require(${JSON.stringify(join(root, "provider/dist/cluster/program.js"))});
      runProgram(new LocalRunner(), "reach", { address: "127.0.0.1", port: 1, key: false, seconds: 0 }).then((it) => console.log(it.answer));`;
    const done = spawnSync(process.execPath, ["-e", asked], { cwd: folder, encoding: "utf8" });
    assert.equal(done.stdout, "silent\n", done.stderr);
    nothingRan();
  });

  it("in the program that freezes a guest, which another program starts", () => {
    const watched = `class Socket: pass\n${programSource("quiesce")}\nheld = Quiesced("import socket, subprocess; print('{\\"state\\": \\"none\\", \\"why\\": \\"asked\\"}', flush=True)", "vm", socket.gethostname(), "u", 1)\nos.chdir(${JSON.stringify(folder)})\nwith held as guest:\n    print(guest.why)\n`;
    // What `Quiesced` calls is a function of the freezer; here it is only seen what is imported before.
    const done = spawnSync("/usr/bin/python3", ["-I", "-"], { input: watched, encoding: "utf8" });
    assert.match(done.stdout, /^asked\n/, done.stderr);
    nothingRan();
  });

  it("and what it starts is in a folder to which nobody else can write", async () => {
    const runner = new LocalRunner();
    assert.equal((await runner.run({ argv: ["pwd"] })).stdout, "/\n");
    const done = spawnSync("/usr/bin/python3", ["-I", "-"], {
      input: `${programSource("tool")}\nprint(os.getcwd())\n`,
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(done.stdout, "/\n");
  });

  it("wherever it is started: no python3 without -I", () => {
    const texts = ["provider/python", "provider/src", "sdk/src", "bench", "lab", "tests/lab", "tools", "ci"].flatMap(
      (each) =>
        readdirSync(join(root, each), { recursive: true, encoding: "utf8" })
          .filter((name) => /\.(ts|mjs|py|sh)$/.test(name) && !name.includes("node_modules"))
          .map((name) => join(root, each, name)),
    );
    const started = /python3"\s*,\s*(?:\[\s*)?"(?!-I")[^"]*"/;
    assert.deepEqual(
      texts.filter((path) => started.test(readFileSync(path, "utf8"))),
      [],
    );
  });
});
