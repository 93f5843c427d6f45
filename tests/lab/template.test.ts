// A project outside of the checkout, as `pulumi new` makes it of the template: from packed packages, without npm's install scripts.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { npmBin, pulumiEnvironment, root } from "../../tools/env.mjs";
import { template } from "../../tools/pack.mjs";
import type { Ended } from "./support/cli.ts";

const HOSTS = pulumiEnvironment()["SEAPATH_HOSTS"] ?? "";
/** Of the lab everything but the hosts: those are to come from the stack. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(pulumiEnvironment()).filter(([name]) => name !== "SEAPATH_HOSTS"),
);

type Locked = Record<
  string,
  { version?: string; resolved?: string; dev?: boolean; link?: boolean } & Record<string, unknown>
>;

describe("a project made of the template", function () {
  this.timeout(300_000); // beside other tests npm takes its time
  const outside = mkdtempSync(join(tmpdir(), "seapath-new-"));
  const folder = join(outside, "substation");

  /** Runs a program in the project; the exit code, and what it printed. */
  const run = (program: string, ...words: string[]) =>
    new Promise<Ended>((resolve) => {
      execFile(
        program,
        words,
        { cwd: folder, env: ENVIRONMENT, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
        },
      );
    });
  const done = async (program: string, ...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(program, ...words);
    assert.equal(code, 0, `${program} ${words.join(" ")}\n${stdout}${stderr}`);
    return stdout + stderr;
  };
  const pulumi = (...words: string[]) => done("pulumi", ...words, "--non-interactive", "--color", "never");

  /**
   * The lock file of the checkout as one of the project, its packages in the place of the workspaces: what is installed is what was
   * tested, and comes from npm's cache without a question to the registry.
   */
  function lock(): void {
    const own = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      name: string;
      dependencies: Record<string, string>;
    };
    const { packages: there } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      packages: Locked;
    };
    const kept = Object.entries(there).filter(
      ([path, { link, dev }]) => path.startsWith("node_modules/") && !link && !dev,
    );
    const ours = ["provider", "sdk", "policy"].map((workspace): [string, Locked[string]] => {
      const { name, ...rest } = there[workspace] as { name: string };
      return [`node_modules/${name}`, { ...rest, resolved: own.dependencies[name] ?? "" }];
    });
    const packages = { "": own, ...Object.fromEntries([...kept, ...ours]) };
    writeFileSync(
      join(folder, "package-lock.json"),
      JSON.stringify({ name: own.name, lockfileVersion: 3, requires: true, packages }),
    );
  }

  before(async () => {
    execFileSync("npm", ["run", "--silent", "pack"], { cwd: root, env: pulumiEnvironment(), stdio: "pipe" });
    await new Promise<void>((resolve, reject) => {
      const words = [
        "new",
        template,
        "--dir",
        folder,
        "--name",
        "substation",
        "--description",
        "Its machines",
        "--stack",
        "newone",
        "--generate-only",
        "--yes",
      ];
      execFile("pulumi", [...words, "--non-interactive", "--color", "never"], { env: ENVIRONMENT }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  });
  after(async () => {
    if (existsSync(join(folder, "Pulumi.newone.yaml"))) await pulumi("stack", "rm", "newone", "--yes", "--force");
    rmSync(outside, { recursive: true, force: true });
  });

  it("has the name and the description that it was given, and the packages", () => {
    const project = load(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as {
      name: string;
      description: string;
      template?: unknown;
    };
    assert.deepEqual([project.name, project.description, project.template], ["substation", "Its machines", undefined]);
    for (const name of ["package.json", "README.md"])
      assert.doesNotMatch(readFileSync(join(folder, name), "utf8"), /\$\{/);
    assert.ok(existsSync(join(folder, "packages")));
  });

  it("installs by `npm ci --ignore-scripts`, which leaves SSH without its native parts, and holds the types", async () => {
    lock();
    await done("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline");
    for (const native of ["ssh2/lib/protocol/crypto/build", "cpu-features/build"])
      assert.ok(!existsSync(join(folder, "node_modules", native)), native);
    assert.ok(!existsSync(join(folder, "node_modules/pulumi-seapath/node_modules")), "one copy of each package");
    await done(join(npmBin, "node"), "node_modules/typescript/bin/tsc");
  });

  it("is installed by Pulumi too, which tells an end that is bad", async () => {
    await pulumi("install");
    const file = join(folder, "package.json");
    const whole = readFileSync(file, "utf8");
    writeFileSync(file, "{");
    const { code, stdout, stderr } = await run("pulumi", "install", "--non-interactive", "--color", "never");
    writeFileSync(file, whole);
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /JSON/);
  });

  it("is previewed on the cluster that its stack names", async () => {
    await pulumi("stack", "init", "newone");
    for (const [key, value] of [
      ["seapath:hosts", HOSTS],
      ["image", "/var/lib/seapath/images/tiny.qcow2"],
      ["bridge", "br0"],
    ] as const)
      await pulumi("config", "set", key, value);
    for (const [key, value] of Object.entries({ type: "qemu", machine: "pc", firmware: "bios" }))
      await pulumi("config", "set", "--path", `hardware.${key}`, value);
    const text = await pulumi("preview");
    assert.match(text, /\+ {2}pulumi-nodejs:dynamic\/seapath:Vm web01 create/);
    assert.match(text, /\+ 2 to create/);
    assert.doesNotMatch(text, /not checked|rror:/);
  });

  it("has the command line and the policies", async () => {
    assert.match(await done(join(folder, "node_modules/.bin/seapath"), "list", "--help"), /seapath list/);
    // What they find is the lab's affair: others' VMs come and go there.
    const { stdout } = await run(
      "pulumi",
      "preview",
      "--policy-pack",
      "node_modules/pulumi-seapath-policy",
      "--non-interactive",
      "--color",
      "never",
    );
    assert.match(stdout, /seapath-placement@v/);
  });
});
