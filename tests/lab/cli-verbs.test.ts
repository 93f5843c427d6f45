// The rest of vm-mgr's verbs, by the words of a script that was written for it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { on, traces } from "./support/cluster.ts";
import { seapath } from "./support/cli.ts";
import { TICK, tickXml } from "./support/vms.ts";

/** What was printed, and the exit code behind it where it is not 0. */
async function said(...words: string[]): Promise<string> {
  const { code, stdout } = await seapath(...words);
  return code === 0 ? stdout : `${stdout}exit ${code}`;
}

describe("the command line on several VMs", function () {
  this.timeout(180_000);
  const VMS = ["clisnap", "clinear", "clifar"];

  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-cli-"));
    writeFileSync(join(folder, "vm.xml"), tickXml());
    await Promise.all(VMS.map((vm) => seapath("remove", "-n", vm)));
    const made = await Promise.all(VMS.map((vm) => seapath("create", "-n", vm, "--xml", join(folder, "vm.xml"), "-i", `node:${TICK}`)));
    for (const { code, stderr } of made) assert.equal(code, 0, stderr);
    rmSync(folder, { recursive: true });
  });
  after(async () => {
    await Promise.all(VMS.map((vm) => seapath("remove", "-n", vm)));
    for (const vm of VMS) assert.deepEqual(await traces(vm), []);
  });

  it("colocates them under the ids that vm-mgr gives, and takes that away", async () => {
    const words = ["-n", "clisnap", "clinear", "clifar"];
    assert.equal(await said("add_colocation", ...words), "");
    assert.equal(await said("add_colocation", ...words), "");
    assert.equal(await said("add_colocation", "--strong", "-n", "clinear", "clifar"), "");
    const constraints = () => on("node1", "cibadmin", "--query", "--scope", "constraints");
    assert.match(await constraints(), /id="colocation-clisnap-withclinear-clifar" score="700"/);
    assert.match(await constraints(), /id="colocation-strong-clinear-withclifar" score="INFINITY"/);
    assert.match((await seapath("add_colocation", "-n", "clisnap", "nobody")).stderr, /resource: the cluster has no VM "nobody"/);
    assert.match((await seapath("add_colocation", "-n", "clisnap", "clisnap")).stderr, /resource: "clisnap" is named twice/);
    assert.equal(await said("add_colocation", "-n", "clisnap"), "exit 2");
    // By this vm-mgr loses it.
    assert.equal(await said("disable", "-n", "clinear"), "");
    assert.doesNotMatch(await constraints(), /colocation-strong-clinear-withclifar/);
    assert.equal(await said("enable", "-n", "clinear"), "");
    assert.match(await constraints(), /id="colocation-strong-clinear-withclifar"/);
    assert.equal(await said("remove_colocation", ...words), "");
    assert.equal(await said("remove_colocation", ...words), "exit 1");
    assert.equal(await said("remove_colocation", "--strong", "-n", "clinear", "clifar"), "");
    assert.doesNotMatch(await constraints(), /colocation-[^"]*cli(snap|near)/);
  });
});
