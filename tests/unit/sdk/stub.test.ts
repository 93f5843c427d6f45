/** The only text of this project that enters a state: it must not change unnoticed, and a state of today must work later. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixture } from "../cluster/fixtures.ts";

const root = join(import.meta.dirname, "../../..");
const require = createRequire(import.meta.url);
const { runtime } = require("@pulumi/pulumi") as typeof import("@pulumi/pulumi");
const { stubText } = require("../../../sdk/dist/stub.js") as typeof import("../../../sdk/dist/stub.js");
const writtenOut = require("./written-out.cjs") as { vm: object; of(kind: string): object };

/** As Pulumi's dynamic/index.js does it, word for word: the name of the captured variable is in the text. */
const serializeProvider = (provider: object) => runtime.serializeFunction(() => provider, { allowSecrets: true });

describe("the stub in a state", function () {
  this.timeout(60_000);
  const text = stubText("Vm");
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "seapath-program-"));
    mkdirSync(join(folder, "node_modules"));
    for (const [name, target] of [
      ["pulumi-seapath", "sdk"],
      ["pulumi-seapath-provider", "provider"],
    ] as const) {
      symlinkSync(join(root, target), join(folder, "node_modules", name));
    }
    symlinkSync(join(root, "node_modules/@pulumi"), join(folder, "node_modules/@pulumi"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is the text that it was: a change of it shows in every user's next preview", () => {
    assert.equal(text, fixture("stub.golden.txt"));
  });

  it("is what the class Vm hands to the engine", () => {
    const { answer, stderr } = inProgram(`
      const pulumi = require("@pulumi/pulumi");
      const { Vm } = require("pulumi-seapath");
      return new Promise((resolve) => {
        pulumi.runtime.setMocks({ newResource: ({ type, inputs }) => (resolve([type, inputs.__provider]), { id: "x", state: inputs }), call: () => ({}) });
        new Vm("web01", { source: { nodePath: "/a" }, domain: { memory: 1 } });
      });`);
    assert.deepEqual(answer, ["pulumi-nodejs:dynamic/seapath:Vm", text], stderr);
  });

  it("is what Pulumi makes of an object of functions: states of before and of now are alike", async () => {
    assert.equal((await serializeProvider(writtenOut.vm)).text, text);
    for (const kind of ["Disk", "GuestResource"])
      assert.equal((await serializeProvider(writtenOut.of(kind))).text, stubText(kind));
  });

  it("says of a secret list of hosts that it is one, and is else as it was", () => {
    const told = stubText("Vm", ["seapath:hosts"]);
    assert.equal(told.replace('.configure(request, ["seapath:hosts"])', ".configure(request)"), text);
    assert.notEqual(told, text);
  });

  for (const secret of [[], ["seapath:hosts"], ["seapath:password", "other:hosts"]]) {
    it(`carries what Pulumi tells the program to be secret: ${secret.join() || "nothing"}`, () => {
      const { answer, stderr } = inProgram(`
        const pulumi = require("@pulumi/pulumi");
        pulumi.runtime.setAllConfig({}, ${JSON.stringify(secret)});
        const { Disk } = require("pulumi-seapath");
        return new Promise((resolve) => {
          pulumi.runtime.setMocks({ newResource: ({ inputs }) => (resolve(inputs.__provider), { id: "x", state: inputs }), call: () => ({}) });
          new Disk("data", { vm: "web01", size: "1GiB" });
        });`);
      assert.equal(
        answer,
        stubText(
          "Disk",
          secret.filter((key) => key === "seapath:hosts"),
        ),
        stderr,
      );
    });
  }

  it("names no path and no value of this machine, and captures nothing", () => {
    for (const part of [root, tmpdir(), process.env["HOME"] ?? root, "node_modules", "sdk/dist", "process.env"]) {
      assert.equal(text.includes(part), false, part);
    }
    assert.deepEqual(
      [...new Set([...text.matchAll(/require\("([^"]+)"\)/g)].map((match) => match[1]))],
      ["pulumi-seapath/provider"],
    );
    assert.ok(text.length < 8000, String(text.length));
  });

  /** Loads the text as Pulumi's provider process does, in the program's folder, and runs some lines with the provider. */
  function inProgram(lines: string, stub = text): { code: number | null; answer: unknown; stderr: string } {
    writeFileSync(join(folder, "stub.txt"), stub);
    writeFileSync(
      join(folder, "run.cjs"),
      `
      const requireFromString = require("${join(root, "node_modules/require-from-string")}");
      const provider = requireFromString(require("fs").readFileSync("stub.txt", "utf8")).handler();
      const config = { get: () => undefined };
      (async () => { ${lines} })().then(
        (answer) => console.log(JSON.stringify(answer)),
        (error) => console.log(JSON.stringify({ error: error.message })),
      );`,
    );
    const env = { PATH: process.env["PATH"], HOME: folder };
    const done = spawnSync(process.execPath, ["run.cjs"], { cwd: folder, env, encoding: "utf8", timeout: 30_000 });
    return {
      code: done.status,
      answer: done.stdout === "" ? undefined : (JSON.parse(done.stdout.trim().split("\n").at(-1) ?? "") as unknown),
      stderr: done.stderr,
    };
  }

  for (const [name, stub] of [
    ["of now", () => text],
    ["of a state that was written before", () => fixture("stub.golden.txt")],
  ] as const) {
    it(`finds the installed package from the program's folder: the text ${name}`, () => {
      const olds = `{ name: "web01", source: { nodePath: "/a" }, started: true, enabled: true }`;
      const news = `{ name: "web01", source: { nodePath: "/b" }, started: true, enabled: true }`;
      const { answer, stderr } = inProgram(
        `await provider.configure({ config }); return provider.diff("web01", ${olds}, ${news});`,
        stub(),
      );
      assert.deepEqual(answer, { replaces: ["source"], deleteBeforeReplace: true }, stderr);
    });
  }

  it("checks inputs without any cluster as far as that goes", () => {
    const { answer } = inProgram(`await provider.configure({ config }); return provider.check({}, { name: "a-b" });`);
    const { failures } = answer as { failures: { reason: string }[] };
    assert.deepEqual(failures.map(({ reason }) => /^property (\w+): /.exec(reason)?.[1]).sort(), [
      "domain",
      "name",
      "source",
    ]);
  });

  it("says which setting is missing when a cluster is needed and none is named", () => {
    const inputs = `{ name: "web01", source: { nodePath: "/a" }, domain: { memory: 64 } }`;
    const { answer } = inProgram(`await provider.configure({ config }); return provider.check({}, ${inputs});`);
    const { failures } = answer as { failures: { reason: string }[] };
    assert.match(failures.map(({ reason }) => reason).join(), /^The setting seapath:hosts names no host/);
  });

  it("has all that Pulumi may call, and passes each argument on", () => {
    const calls = ["configure", "check", "diff", "create", "read", "update", "delete"];
    const { answer } = inProgram(`
      const target = require("pulumi-seapath/provider");
      const log = [];
      for (const name of ["check", "diff", "create", "read", "update", "delete"]) target.providers.Vm[name] = (...args) => log.push([name, args]);
      for (const name of Object.keys(provider)) if (name !== "configure") await provider[name](1, 2, 3);
      return { names: Object.keys(provider), log };`);
    const { names, log } = answer as { names: string[]; log: [string, number[]][] };
    assert.deepEqual(names.sort(), calls.sort());
    assert.deepEqual(Object.fromEntries(log), {
      check: [1, 2],
      diff: [1, 2, 3],
      create: [1],
      read: [1, 2],
      update: [1, 2, 3],
      delete: [1, 2],
    });
  });
});
