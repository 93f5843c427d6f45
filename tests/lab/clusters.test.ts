// One stack on two clusters. The lab has one, so both names lead to it, by other nodes: what counts is whose way is taken.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { readLab } from "../../lab/index.ts";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { on, traces } from "./support/cluster.ts";
import { TestStack } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const stackName = "clusters";

describe("a stack on several clusters", function () {
  this.timeout(180_000);
  let stack: TestStack;
  const [first, second] = readLab().nodes.map(({ address }) => address);
  const north = (more: Record<string, unknown> = {}) => tick({ cluster: "north", ...more });

  // No hosts from the environment: each name has to bring its own.
  before(async () => {
    stack = await TestStack.make(stackName, { SEAPATH_HOSTS: "" });
    config("clusters.north.hosts", String(first));
    config("clusters.south.hosts", `10.99.0.97,${second}`);
    config("clusters.south.connectTimeout", "2");
  });
  after(async () => {
    await stack.destroy();
    execFileSync("pulumi", ["config", "rm", "seapath:clusters", ...at], { env: pulumiEnvironment(), stdio: "pipe" });
  });

  const at = ["--stack", stackName, "--cwd", join(import.meta.dirname, "program")];
  const config = (path: string, value: string) =>
    execFileSync("pulumi", ["config", "set", "--path", `seapath:${path}`, value, ...at], {
      env: pulumiEnvironment(),
      stdio: "pipe",
    });

  it("makes each VM by the cluster that it names", async () => {
    const { changes } = await stack.up({ clunorth: north(), clusouth: tick({ cluster: "south" }) });
    assert.equal(changes["create"], 3);
    const status = await on("node3", "crm", "status");
    for (const vm of ["clunorth", "clusouth"]) assert.match(status, new RegExp(`${vm}\\s.*Started`));
    const again = await stack.preview({ clunorth: north(), clusouth: tick({ cluster: "south" }) }, { refresh: true });
    assert.deepEqual(again.changes, { same: 3 });
  });

  it("refuses a name that the configuration does not have, and a resource that names none", async () => {
    const text = await stack.failing("preview", { clunorth: tick({ cluster: "west" }) });
    assert.match(
      text,
      /has a problem: property cluster: the configuration has no cluster "west" in seapath:clusters; it has north, south/,
    );
    assert.match(
      await stack.failing("preview", { clulost: tick() }),
      /several clusters and no seapath:hosts: say `cluster: "north"` or `cluster: "south"`/,
    );
  });

  it("changes no resource when a cluster is reached by another way", async () => {
    config("clusters.north.hosts", String(second));
    const { changes } = await stack.preview({ clunorth: north(), clusouth: tick({ cluster: "south" }) });
    assert.deepEqual(changes, { same: 3 });
  });

  it("makes a VM anew when it goes to another cluster, and says so", async () => {
    const { text, changes } = await stack.preview({
      clunorth: tick({ cluster: "south" }),
      clusouth: tick({ cluster: "south" }),
    });
    assert.equal(changes["replace"], 1);
    assert.match(text, /a changed cluster makes a new VM; this one and its disks are deleted/);
  });

  it("removes each where it is", async () => {
    await stack.up({});
    for (const vm of ["clunorth", "clusouth"]) assert.deepEqual(await traces(vm), []);
  });
});
