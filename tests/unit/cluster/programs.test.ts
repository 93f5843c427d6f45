import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Runner } from "../../../provider/dist/transport/types.js";
import { withoutBindings } from "../../hidden.ts";
import { CibFile, cluster, fixture } from "./fixtures.ts";
import { LocalRunner } from "./local.ts";
import { ScriptedRunner } from "./runner.ts";

const { CibConflict, Cluster, CONSTRAINTS, ProgramError, changeStorage, createChange, element } = cluster;
type Changes = Parameters<InstanceType<typeof Cluster>["changeCib"]>[0];
const changeCib = (runner: Runner, changes: Changes, commands: string[][] = []) =>
  new Cluster(runner).write({ changes, commands });
const { programSource, runProgram, runPrograms } = createRequire(import.meta.url)(
  "../../../provider/dist/cluster/program.js",
) as typeof import("../../../provider/dist/cluster/program.js");
const folder = join(import.meta.dirname, "../../../provider/python");

/** A stand-in for crm, which knows "location <id> <rsc> <score> <node>" alone, and colours its errors as crmsh 5 does. */
const CRM = `#!/bin/sh
[ "$1 $2 $#" = "configure location 6" ] || { printf '\\033[31mERROR\\033[0m: %s\\n' "syntax of $*" >&2; exit 1; }
exec cibadmin --create --scope constraints --xml-text "<rsc_location id='$3' rsc='$4' score='$5' node='$6'/>"
`;

describe("the node programs", function () {
  this.timeout(120_000); // each of them starts several programs
  let cib: CibFile;
  let runner: LocalRunner;
  beforeEach(() => {
    cib = new CibFile();
    const bin = join(cib.folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "crm"), CRM);
    chmodSync(join(bin, "crm"), 0o755);
    runner = new LocalRunner({ ...cib.environment, PATH: `${bin}:${process.env["PATH"]}` });
  });
  afterEach(() => cib.end());

  const rule = (id: string, more = {}) =>
    createChange(CONSTRAINTS, element("rsc_location", { id, rsc: "fxrun", node: "node1", score: "1", ...more }));
  const ids = () => cib.read().constraints.map((node) => node.attrs["id"]);

  for (const file of readdirSync(folder).filter((name) => name.endsWith(".py"))) {
    it(`${file} compiles as it is sent, with all that it needs`, () => {
      const text = programSource(file.replace(/\.py$/, ""));
      const check = "import sys; compile(sys.stdin.read(), 'program', 'exec')";
      const done = spawnSync("python3", ["-W", "error", "-c", check], {
        input: `${text}\n\nmain("e30=")\n`,
        encoding: "utf8",
      });
      assert.deepEqual([done.status, done.stderr], [0, ""]);
    });

    // They are sent as one text, in which a second thing of a name takes the place of the first.
    it(`${file} and what it needs have no two things of one name`, () => {
      const names =
        "import ast, sys\nfor n in ast.parse(sys.stdin.read()).body:\n  if isinstance(n, (ast.FunctionDef, ast.ClassDef)): print(n.name)\n  if isinstance(n, ast.Assign): print(*[t.id for t in ast.walk(n.targets[0]) if isinstance(t, ast.Name)], sep='\\n')";
      const { stdout, status } = spawnSync("python3", ["-c", names], {
        input: programSource(file.replace(/\.py$/, "")),
        encoding: "utf8",
      });
      const found = stdout.trim().split("\n");
      assert.ok(status === 0 && found.length > 5);
      // The main of the program itself comes last, and is the one that counts.
      assert.deepEqual(
        found.filter((name, index) => name !== "main" && found.indexOf(name) !== index),
        [],
      );
    });
  }

  it("configure puts a patch into the CIB", async () => {
    await changeCib(runner, [rule("new")]);
    assert.ok(ids().includes("new"));
  });

  it("write puts in what waits together, and each alone when one of it is refused", async () => {
    const made = new Cluster(runner);
    const all = await Promise.allSettled(
      [rule("a"), rule("fxorder"), rule("b"), rule("many", { score: "many" })].map((each) => made.changeCib([each])),
    );
    assert.deepEqual(
      all.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "rejected"],
    );
    assert.ok(ids().includes("a") && ids().includes("b") && !ids().includes("many"));
    const commanded = await Promise.allSettled([
      made.write({ changes: [rule("c")], commands: [["location", "x"]] }),
      made.write({ changes: [rule("d")], commands: [["location", "e", "fxrun", "7", "node2"]] }),
    ]);
    assert.deepEqual(
      commanded.map(({ status }) => status),
      ["rejected", "fulfilled"],
    );
    assert.deepEqual(
      ["c", "d", "e"].map((id) => ids().includes(id)),
      [false, true, true],
    );
  });

  it("write leaves the CIB alone when the storage fails", async () => {
    const image = [{ op: "setMetadata" as const, image: "system_none", set: {} }];
    // There is no Ceph here: nothing of it can be done.
    await assert.rejects(new Cluster(runner).write({ storage: image, changes: [rule("a")] }), ProgramError);
    assert.equal(ids().includes("a"), false);
  });

  it("several in one process end with the first that fails, which is named", async () => {
    await assert.rejects(
      runPrograms(runner, [
        ["configure", { patch: "<diff/>" }],
        ["storage", { operations: [{ op: "location" }] }],
        ["configure", {}],
      ]),
      (error: Error) => error instanceof ProgramError && /^the storage program on here: /.test(error.message),
    );
  });

  it("watch and the reader of a status agree on what a change is", async () => {
    const text = fixture("crm_mon.xml");
    writeFileSync(join(cib.folder, "bin", "crm_mon"), `#!/bin/sh\ncat '${join(cib.folder, "mon.xml")}'\n`, {
      mode: 0o755,
    });
    writeFileSync(
      join(cib.folder, "mon.xml"),
      text
        .replace(/(<last_\w+ time=)"[^"]*"/g, '$1"another"')
        .replace(/last_updated="[^"]*"/, 'last_updated="another"'),
    );
    const seen = cluster.parseStatus(text);
    assert.equal((await cluster.watchStatus(runner, seen, 0.3)).digest, seen.digest);
    writeFileSync(join(cib.folder, "mon.xml"), text.replace('role="Started"', 'role="Stopped"'));
    assert.notEqual((await cluster.watchStatus(runner, seen, 30)).digest, seen.digest);
  });

  it("configure puts in a patch together with what crm makes of the commands", async () => {
    await changeCib(runner, [rule("patched")], [["location", "commanded", "fxrun", "7", "node2"]]);
    assert.ok(ids().includes("patched") && ids().includes("commanded"));
    const made = cib.read().constraints.find((node) => node.attrs["id"] === "commanded");
    assert.deepEqual(made?.attrs, { id: "commanded", rsc: "fxrun", score: "7", node: "node2" });
  });

  it("configure changes nothing when one of the commands, or the patch, is refused", async () => {
    const before = cib.configuration();
    const conflict = (says: RegExp) => (error: Error) => error instanceof CibConflict && says.test(error.message);
    await assert.rejects(
      changeCib(
        runner,
        [rule("patched")],
        [
          ["location", "a", "fxrun", "7", "node2"],
          ["location", "x"],
        ],
      ),
      conflict(/: ERROR: syntax of configure location x/),
    );
    await assert.rejects(changeCib(runner, [rule("patched", { score: "many" })]), conflict(/schema|validat/i));
    await assert.rejects(changeCib(runner, [rule("fxorder")]), conflict(/./));
    assert.ok(cib.configuration() === before);
  });

  it("a hostile request arrives as it is, and ends nothing", async () => {
    const hostile = `"); import os; os._exit(9) #'''\\\n\u2028 é漢😀 $(id) \`id\` 'quoted' end`;
    await assert.rejects(
      changeCib(runner, [], [["location", hostile]]),
      (error: Error) =>
        error instanceof CibConflict &&
        error.message.includes(`ERROR: syntax of configure location ${hostile.replace("\u2028", "\\u2028")}`),
    );
    await assert.rejects(changeCib(runner, [], [["location", "a\0b"]]), ProgramError);
    const asked: unknown[] = [];
    const echo = new ScriptedRunner({
      "the validate program": (request) => (asked.push(request), { ok: { domains: [{ ok: null }], lacks: [] } }),
    });
    await new cluster.Cluster(echo).validate(hostile);
    assert.deepEqual(asked, [{ xmls: [hostile], needs: [] }]);
    const stdin = String(echo.asked[0]?.stdin);
    assert.match(stdin.split("\n").at(-2) ?? "", /^main\("[A-Za-z0-9+/=]*"\)$/);
  });

  it("say what failed when a tool is missing, and do not answer as if all were well", async () => {
    const bare = new LocalRunner({ ...cib.environment, CIB_file: join(cib.folder, "nowhere.xml") });
    await assert.rejects(
      runProgram(bare, "configure", { patch: cluster.renderPatch([rule("new")]), commands: [] }),
      (error: Error) => error instanceof ProgramError && /cib-\d+/.test(error.kind),
    );
    const empty = join(cib.folder, "empty");
    mkdirSync(empty);
    const python = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], {
      encoding: "utf8",
    }).stdout.trim();
    symlinkSync(python, join(empty, "python3"));
    const bindings = new LocalRunner({ PATH: empty });
    const without: Runner = {
      node: "here",
      run: (command) => bindings.run({ ...command, stdin: withoutBindings(String(command.stdin)) }),
      upload: () => bindings.upload(),
      close: () => undefined,
    };
    await assert.rejects(
      changeStorage(without, [{ op: "createGroup", group: "g" }]),
      /neither python3-rbd nor the command rbd is installed/,
    );
    await assert.rejects(
      new cluster.Cluster(without).validate("<domain><name>seapath-check-1</name></domain>"),
      /neither python3-libvirt nor the command virsh is installed/,
    );
  });

  it("an image that is there already is told apart from any other failure", async () => {
    const answering = (kind: string) =>
      new ScriptedRunner({ "the storage program": () => ({ error: { kind, message: "words" } }) });
    for (const kind of ["ImageExists", "ObjectExists"])
      await assert.rejects(changeStorage(answering(kind), []), cluster.AlreadyExists);
    for (const kind of ["ImageBusy", "ImageExistsNot", "shrink"])
      await assert.rejects(changeStorage(answering(kind), []), ProgramError);
  });
});
