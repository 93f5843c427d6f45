// The command line in a Pulumi project: which stack's configuration it takes, as the real Pulumi CLI reads it, and what it says of that.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pulumiEnvironment } from "../../../tools/env.mjs";
import { Bench } from "../transport/ssh/sshd.ts";
import { connectionOf, SHARED } from "../../../sdk/dist/cli/connection.js";
import { parseWords } from "../../../sdk/dist/cli/parse.js";
import { VERBS } from "../../../sdk/dist/cli/verbs.js";

const require = createRequire(import.meta.url);
const { findProject, readStack } =
  require("../../../sdk/dist/cli/stack.js") as typeof import("../../../sdk/dist/cli/stack.js");
const CLI = join(import.meta.dirname, "../../../sdk/bin/seapath.js");

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

describe("the command line in a Pulumi project", function () {
  this.timeout(120_000);
  const bench = new Bench();
  const folder = mkdtempSync(join(tmpdir(), "seapath-project-"));
  const project = join(folder, "grid");
  const below = join(project, "scripts");
  /** Where nobody listens: the error says which one was tried. */
  const nobody: Record<"prod" | "test" | "north" | "env" | "option", string> = {
    prod: "",
    test: "",
    north: "",
    env: "",
    option: "",
  };
  let environment: Record<string, string>;

  const ran = (
    program: string,
    words: readonly string[],
    cwd: string,
    more: Record<string, string> = {},
  ): Promise<Ended> =>
    new Promise((resolve) => {
      execFile(program, [...words], { cwd, env: { ...environment, ...more } }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr }),
      );
    });
  const seapath = (words: readonly string[], more: Record<string, string> = {}, cwd = below) =>
    ran(process.execPath, [CLI, ...words], cwd, more);
  const pulumi = async (...words: string[]) => {
    const { code, stderr } = await ran("pulumi", [...words, "--non-interactive"], project);
    assert.equal(code, 0, stderr);
  };
  const tried = ({ stderr }: Ended) =>
    Object.entries(nobody)
      .filter(([, address]) => stderr.includes(address))
      .map(([name]) => name);

  before(async () => {
    for (const name of Object.keys(nobody) as (keyof typeof nobody)[]) nobody[name] = await bench.refusing();
    mkdirSync(below, { recursive: true });
    mkdirSync(join(folder, "backend"));
    writeFileSync(join(project, "Pulumi.yaml"), "name: grid\nruntime: nodejs\n");
    const own = Object.entries(pulumiEnvironment()).filter(
      ([name]) => !name.startsWith("SEAPATH_") && name !== "SSH_AUTH_SOCK",
    );
    environment = {
      ...Object.fromEntries(own),
      HOME: bench.folder,
      PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "unit",
    };
    for (const stack of ["test", "prod"] as const) {
      await pulumi("stack", "init", stack);
      await pulumi("config", "set", "seapath:hosts", nobody[stack], "--stack", stack);
      await pulumi("config", "set", "seapath:privateKeyFile", bench.key, "--stack", stack);
    }
    await pulumi("config", "set", "seapath:connectTimeout", "2", "--stack", "prod");
    await pulumi("config", "set", "--path", "seapath:clusters.north.hosts", nobody.north, "--stack", "prod");
    await pulumi(
      "config",
      "set",
      "--path",
      "--secret",
      "seapath:clusters.north.password",
      "hunter2",
      "--stack",
      "prod",
    );
    await pulumi("stack", "init", "bare");
    await pulumi("stack", "init", "hidden");
    await pulumi(
      "config",
      "set",
      "--secret",
      "seapath:hosts",
      `${nobody.prod},ops@${nobody.test}`,
      "--stack",
      "hidden",
    );
    await pulumi("config", "set", "seapath:privateKeyFile", bench.key, "--stack", "hidden");
    await pulumi(
      "config",
      "set",
      "--path",
      "--secret",
      "seapath:clusters.north.hosts[0]",
      nobody.north,
      "--stack",
      "hidden",
    );
    await pulumi("stack", "select", "prod");
  });
  after(() => {
    bench.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it("takes the selected stack's, or that of --stack, and says so in one line of standard error", async () => {
    const selected = await seapath(["list", "--json"]);
    assert.deepEqual([selected.code, selected.stdout, tried(selected)], [1, "", ["prod"]], selected.stderr);
    assert.equal(
      selected.stderr.split("\n")[0],
      'seapath:clusters, seapath:connectTimeout, seapath:hosts, seapath:privateKeyFile: as stack "prod" has them',
    );
    const named = await seapath(["--stack", "test", "list"]);
    assert.deepEqual(tried(named), ["test"], named.stderr);
    assert.match(named.stderr, /^seapath:hosts, seapath:privateKeyFile: as stack "test" has them\n/);
  });

  it("lets options win over it, and it over the environment, as with the resources", async () => {
    const env = { SEAPATH_HOSTS: nobody.env, SEAPATH_PRIVATE_KEY_FILE: bench.key };
    assert.deepEqual(tried(await seapath(["list"], env)), ["prod"]);
    const option = await seapath(["list", "--hosts", nobody.option], env);
    assert.deepEqual(tried(option), ["option"]);
    assert.doesNotMatch(option.stderr, /seapath:hosts/);
    // What a stack does not say is still the environment's.
    assert.deepEqual(tried(await seapath(["--stack", "bare", "list"], env)), ["env"]);
  });

  it("knows the clusters of the stack, with their secrets, and prints none of those", async () => {
    const north = await seapath(["--cluster", "north", "list", "-v"]);
    assert.deepEqual(tried(north), ["north"], north.stderr);
    assert.doesNotMatch(north.stderr, /hunter2/);
    const none = await seapath(["--cluster", "west", "list"]);
    assert.match(none.stderr, /the configuration has no cluster "west" in seapath:clusters; it has north/);
    assert.deepEqual(tried(await seapath(["plan", "--no-preview", "--stack", "test"])), ["test"]);
  });

  // Tried: the hosts are kept as a secret and cannot be reached → the error has [secret] in their place
  it("names no host that is kept as a secret in an error", async () => {
    for (const words of [["list"], ["--cluster", "north", "list"], ["list", "-v"]]) {
      const hidden = await seapath(["--stack", "hidden", ...words]);
      assert.equal(hidden.code, 1);
      assert.deepEqual(tried(hidden), [], hidden.stderr);
      assert.match(hidden.stderr, /Unable to log in to \[secret\]/);
    }
    assert.deepEqual(tried(await seapath(["--stack", "hidden", "list", "--hosts", nobody.option])), ["option"]);
  });

  it("is as it is elsewhere where there is no project, no Pulumi and no stack, and names each way when no host is named", async () => {
    const ways =
      /^No host of the cluster is named\n {2}→ Say --hosts .*--cluster NAME, set SEAPATH_HOSTS, or .*--stack.*`pulumi config set seapath:hosts node1,node2,node3`/m;
    const env = { SEAPATH_PRIVATE_KEY_FILE: bench.key };
    assert.match((await seapath(["list"], env, folder)).stderr, ways);
    assert.match((await seapath(["list"], { ...env, PATH: "/nowhere" })).stderr, ways);
    assert.match((await seapath(["list", "--stack", "bare"], env)).stderr, ways);
    await pulumi("stack", "unselect");
    try {
      assert.deepEqual(await seapath(["list"], env).then(({ stderr }) => stderr.match(ways)?.index), 0);
      assert.deepEqual(tried(await seapath(["list"], { ...env, SEAPATH_HOSTS: nobody.env })), ["env"]);
    } finally {
      await pulumi("stack", "select", "prod");
    }
  });

  // Tried: the stack cannot be read (its passphrase is another) → said with Pulumi's words; what names the hosts besides counts
  it("says why a stack cannot be read, and goes on only where something else names the hosts", async () => {
    const wrong = { PULUMI_CONFIG_PASSPHRASE: "another" };
    const failed = await seapath(["list"], wrong);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /^Unable to read the configuration of the selected stack of \S*grid: .*passphrase/);
    const left = await seapath(["list"], { ...wrong, SEAPATH_HOSTS: nobody.env, SEAPATH_PRIVATE_KEY_FILE: bench.key });
    assert.match(left.stderr, /^Unable to read the configuration .*passphrase.*It is left out$/m);
    assert.deepEqual(tried(left), ["env"]);
    const named = await seapath(["list", "--stack", "nope"], { SEAPATH_HOSTS: nobody.env });
    assert.match(named.stderr, /^Unable to read the configuration of stack "nope": no stack named 'nope' found/);
    assert.match(
      (await seapath(["list", "--stack", "prod"], {}, folder)).stderr,
      /^Unable to read the configuration of stack "prod": there is no Pulumi\.yaml in /,
    );
    assert.match(
      (await seapath(["list", "--stack", "prod"], { PATH: "/nowhere" })).stderr,
      /there is no program `pulumi` on PATH/,
    );
  });

  it("reads files that the configuration names from where the program runs", async () => {
    assert.equal(findProject(below), project);
    await pulumi("config", "set", "seapath:knownHostsFile", "known_hosts", "--stack", "bare");
    await pulumi("config", "set", "--path", "seapath:clusters.west.privateKeyFile", "keys/west", "--stack", "bare");
    const { settings } = (await readStack("bare", undefined, environment, below))!;
    assert.deepEqual(Object.fromEntries(settings), {
      knownHostsFile: join(project, "known_hosts"),
      clusters: JSON.stringify({ west: { privateKeyFile: join(project, "keys/west") } }),
    });
    await pulumi("config", "rm", "seapath:knownHostsFile", "--stack", "bare");
    await pulumi("config", "rm", "seapath:clusters", "--stack", "bare");
  });

  it("does not ask Pulumi where no cluster is asked", async () => {
    const { code, stderr } = await seapath(["completion", "bash"], { PULUMI_CONFIG_PASSPHRASE: "another" });
    assert.deepEqual([code, stderr], [0, ""]);
  });

  it("takes neither form of a key from the stack where an option has the other", () => {
    const list = VERBS.find(({ name }) => name === "list")!;
    const { given } = parseWords(list, SHARED, ["--private-key-file", "k", "--known-hosts-file", "h"]);
    const stack = new Map([
      ["privateKey", "text"],
      ["knownHosts", "lines"],
      ["user", "ops"],
    ]);
    assert.deepEqual(Object.fromEntries(connectionOf(given, {}, undefined, stack).settings), {
      user: "ops",
      privateKeyFile: "k",
      knownHostsFile: "h",
    });
  });
});
