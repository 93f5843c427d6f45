// What is said of a change before it is made, and what comes of it when it is.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kill, start } from "../../../lab/index.ts";
import { pulumiEnvironment } from "../../../tools/env.mjs";
import { eventually, on, traces } from "../support/cluster.ts";
import { clusterOn, labRunner } from "../support/failing.ts";
import { TestStack } from "../support/stack.ts";
import { specOf, tick } from "../support/vms.ts";

const require = createRequire(import.meta.url);
const { createVm, removeVm, updateVm } = require("../../../provider/dist/vmmgr/index.js") as typeof import("../../../provider/dist/vmmgr/index.js");
const { whatIf } = require("../../../provider/dist/vmmgr/whatif/index.js") as typeof import("../../../provider/dist/vmmgr/whatif/index.js");
type VmSpec = Parameters<typeof createVm>[1];

const spec = (name: string, more: Partial<VmSpec> = {}): VmSpec => ({ ...specOf(name), liveMigration: true, ...more });

describe("what is said ahead of time", function () {
  this.timeout(180_000);
  const runner = labRunner();
  const cluster = clusterOn(runner);
  const vms = [spec("wifpin", { pinnedHost: "node3" }), spec("wifpref", { preferredHost: "node3" }), spec("wiffree")];
  const names = vms.map(({ name }) => name);

  after(async () => {
    await start("node3");
    for (const name of names) await removeVm({ cluster }, name);
    for (const name of names) assert.deepEqual(await traces(name), []);
    runner.close();
  });

  /** Where Pacemaker itself says that they run. */
  async function where(): Promise<Record<string, string | undefined>> {
    const status = await on("node1", "crm", "status");
    return Object.fromEntries(names.map((name) => [name, new RegExp(`${name}\\s.*Started (\\S+)`).exec(status)?.[1]]));
  }
  const fates = (found: readonly { vm: string; after?: string }[]) =>
    Object.fromEntries(found.filter(({ vm }) => names.includes(vm)).map(({ vm, after }) => [vm, after]));

  it("is where new VMs come to run: certain where it says so, one of several where it does not", async () => {
    const { placements } = await whatIf(cluster, { vms, removed: [] });
    assert.deepEqual(await where(), Object.fromEntries(names.map((name) => [name, undefined])), "nothing was changed");
    const candidates = Object.fromEntries(placements.map((each) => [each.vm, each.candidates]));
    assert.deepEqual([candidates["wifpin"], candidates["wifpref"]], [["node3"], ["node3"]]);
    await Promise.all(vms.map((vm) => createVm({ cluster }, vm)));
    for (const [name, node] of Object.entries(await where())) assert.ok(candidates[name]?.includes(node ?? ""), `${name} on ${node}`);
  });

  it("is how a VM goes to another node: live, or stopped and started", async () => {
    const from = (await where())["wiffree"];
    const to = from === "node1" ? "node2" : "node1";
    const action = async (vm: VmSpec) => (await whatIf(cluster, { vms: [vm], removed: [] })).placements.find((each) => each.vm === vm.name);
    const live = await action(spec("wiffree", { preferredHost: to }));
    assert.deepEqual([live?.action, live?.before, live?.after], ["migrate", from, to]);
    const cold = await action(spec("wiffree", { preferredHost: to, liveMigration: false }));
    assert.deepEqual([cold?.action, cold?.before, cold?.after], ["move", from, to]);
    await updateVm({ cluster }, spec("wiffree", { preferredHost: to }));
    assert.equal((await where())["wiffree"], to);
  });

  it("is what the death of a node leaves", async () => {
    const { losses } = await whatIf(cluster, { vms: [], removed: [] });
    const lost = losses.find(({ node }) => node === "node3")?.fates ?? [];
    const said = fates(lost);
    assert.equal(said["wifpin"], undefined);
    assert.match(lost.find(({ vm }) => vm === "wifpin")?.unplaced ?? "", /is kept from it by pin-wifpin-onnode3/);
    await kill("node3");
    assert.deepEqual(await eventually(where, (now) => now["wifpref"] !== undefined && now["wifpref"] !== "node3" && now["wifpin"] === undefined), said);
  });
});

describe("seapath plan", function () {
  this.timeout(120_000);
  const inProgram = { cwd: join(import.meta.dirname, "../program"), encoding: "utf8" as const, env: pulumiEnvironment() };
  const seapath = (...words: string[]) => execFileSync("seapath", words, { ...inProgram, stdio: ["ignore", "pipe", "inherit"] });
  const folder = mkdtempSync(join(tmpdir(), "seapath-plan-"));
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.make("plan");
    await stack.configure({ planpin: tick({ pinnedHost: "node1" }), planfree: tick({ metadata: { peer: "$ref:planpin.uuid" } }) });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("runs the preview of a program and says where its VMs will run, without changing anything", async () => {
    const text = seapath("plan", "--stack", "plan", "--save", join(folder, "saved.json"));
    assert.match(text, /^planpin +– +node1 +lost +node1 +node1 +is started$/m);
    assert.match(text, /^planfree +– +(node\d|one of node\d.*) +node\d +node\d +node\d +is started$/m);
    assert.match(text, /Without node1, planpin runs nowhere: .*pin-planpin-onnode1/);
    assert.match(text, /node1 +[\d.]+ GiB of [\d.]+ GiB +\d+ of \d+/);
    for (const vm of ["planpin", "planfree"]) assert.deepEqual(await traces(vm), []);
  });

  it("does so from a saved cluster and a preview in a file, with no way to the cluster", () => {
    const preview = execFileSync("pulumi", ["preview", "--json", "--stack", "plan"], inProgram);
    writeFileSync(join(folder, "preview.json"), preview);
    const env = { ...inProgram.env, SEAPATH_HOSTS: "10.99.0.98" };
    const text = execFileSync("seapath", ["plan", "--preview", join(folder, "preview.json"), "--cib", join(folder, "saved.json"), "--json"], { ...inProgram, env });
    const planned = JSON.parse(text) as { placements: { vm: string; candidates: string[] }[]; epoch: string };
    assert.deepEqual(planned.placements.find(({ vm }) => vm === "planpin")?.candidates, ["node1"]);
    assert.match(planned.epoch, /^\d+\.\d+$/);
    writeFileSync(join(folder, "cut.json"), readFileSync(join(folder, "saved.json"), "utf8").slice(0, 500));
    const cut = spawnSync("seapath", ["plan", "--no-preview", "--cib", join(folder, "cut.json")], { ...inProgram, env });
    assert.deepEqual([cut.status, cut.stdout], [1, ""]);
    assert.match(cut.stderr, /Unable to read what the saved cluster answered: it is no JSON, or it is cut off/);
  });
});
