// Secrets of a VM that only the cluster has: a clone of it has them, and neither Pulumi's state nor what it prints does.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runner } from "../../provider/dist/transport/index.js";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { imageMeta, on, traces } from "./support/cluster.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { TestStack } from "./support/stack.ts";
import { specOf, tickXml } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { createVm, removeVm } =
  require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");

const [SOURCE, CLONE] = ["keptsource", "keptclone"];

describe("secrets that only the cluster has", function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "seapath-kept-"));
  const random = () => `kp${randomBytes(3).toString("hex")}`; // VNC takes eight characters
  const [password, vnc] = [random(), random()];
  const cloned = { [CLONE]: { source: { vm: SOURCE }, started: false, metadata: { openly: "shown-openly" } } };
  let runner: Runner;
  let stack: TestStack;

  before(async () => {
    runner = labRunner();
    const { domain: _domain, ...spec } = specOf(SOURCE);
    const xml = tickXml(`<graphics type="vnc" passwd="${vnc}"/>`);
    await createVm(
      { cluster: clusterOn(runner) },
      { ...spec, xml, started: false, metadata: { dbpassword: password } },
    );
    stack = await TestStack.make("kept-secrets");
  });
  after(async () => {
    await stack.destroy();
    await removeVm({ cluster: clusterOn(runner) }, SOURCE);
    for (const vm of [SOURCE, CLONE]) assert.deepEqual(await traces(vm), [], vm);
    runner.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const nothingIn = (what: string, text: string) => {
    assert.ok(text.includes("shown-openly"), `${what} has not even what is no secret: the control`);
    for (const secret of [password, vnc]) assert.ok(!text.includes(secret), `${what} has ${secret}`);
  };
  /** A run of the CLI with its log of events; both as one text. */
  const logged = (verb: string, ...words: string[]) => {
    const log = join(folder, `${verb}.json`);
    const args = [
      verb,
      ...words,
      "--diff",
      "--event-log",
      log,
      "--stack",
      "kept-secrets",
      "--cwd",
      join(import.meta.dirname, "program"),
    ];
    return (
      execFileSync("pulumi", args, {
        env: { ...pulumiEnvironment(), PULUMI_DEBUG_COMMANDS: "true" },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      }) + readFileSync(log, "utf8")
    );
  };

  it("are in a clone, and in no preview, no log of events, no state", async () => {
    await stack.configure(cloned);
    nothingIn("the preview", logged("preview"));
    nothingIn("the up", logged("up", "--yes"));
    assert.equal(await imageMeta(CLONE, "dbpassword"), password);
    assert.match(await imageMeta(CLONE, "xml"), new RegExp(`passwd="${vnc}"`));
    nothingIn("the state", await stack.state());
    assert.deepEqual((await stack.preview(cloned, { refresh: true })).changes, { same: 2 });
  });

  it("are seen to drift, are kept by an update of something else, and are not shown by either", async () => {
    const other = random();
    await on("node1", "rbd", "image-meta", "set", `system_${CLONE}`, "dbpassword", other);
    const { changes, text } = await stack.preview(cloned, { refresh: true });
    assert.equal(changes["update"], 1, text);
    assert.ok(!text.includes(other) && !text.includes(password), text);
    await on("node1", "rbd", "image-meta", "set", `system_${CLONE}`, "dbpassword", password);
    await stack.refresh();
    await stack.up({ [CLONE]: { ...cloned[CLONE], priority: 4 } });
    assert.equal(await imageMeta(CLONE, "dbpassword"), password);
    assert.match(await imageMeta(CLONE, "xml"), new RegExp(`passwd="${vnc}"`));
    nothingIn("the state", await stack.state());
  });
});
