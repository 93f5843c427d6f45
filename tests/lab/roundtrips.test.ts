// How often a node is asked: each program, each command is a round trip, and a remote process.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Command, CommandResult, Runner } from "../../provider/dist/transport/index.js";
import { on, qemu, traces } from "./support/cluster.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { specOf } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { createVm, removeVm, updateVm, findVm } =
  require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");

/** Writes down everything that is asked of a node. */
class CountingRunner implements Runner {
  readonly #inner: Runner;
  asked: string[] = [];
  constructor(inner: Runner) {
    this.#inner = inner;
  }
  get node(): string | undefined {
    return this.#inner.node;
  }
  run(command: Command): Promise<CommandResult> {
    // On a slow machine the mark of a create is renewed meanwhile, which is beside what is counted.
    const encoded = /\nmain\("([^"]*)"\)\n$/.exec(String(command.stdin ?? ""))?.[1] ?? "";
    const renewal =
      command.label === "the storage program" && Buffer.from(encoded, "base64").includes('"_seapath_create":');
    if (!renewal) this.asked.push(command.label ?? command.argv.join(" "));
    return this.#inner.run(command);
  }
  upload(...args: Parameters<Runner["upload"]>): Promise<string> {
    return this.#inner.upload(...args);
  }
  close(): void {
    this.#inner.close();
  }
  /** What was asked since the last time, without the looks at Pacemaker of a wait. */
  take(): string[] {
    const found = this.asked.filter((each) => !/^(crm_mon|the watch program)/.test(each));
    this.asked = [];
    return found;
  }
}

describe("round trips", function () {
  this.timeout(120_000);
  let runner: CountingRunner;
  const names = Array.from({ length: 4 }, (_, index) => `coretrip${index}`);
  const spec = specOf("coretrip");

  before(() => {
    runner = new CountingRunner(labRunner());
  });
  after(async () => {
    for (const vm of ["coretrip", ...names]) await removeVm({ cluster: clusterOn(runner) }, vm);
    for (const vm of ["coretrip", ...names]) assert.deepEqual(await traces(vm), [], vm);
    runner.close();
  });

  it("of a create are four, and the import", async () => {
    await createVm({ cluster: clusterOn(runner) }, spec);
    assert.deepEqual(runner.take(), [
      "the inventory program",
      "the validate and storage programs",
      "qemu-img convert to system_coretrip",
      "the write program",
      "the inventory program",
    ]);
  });

  it("of an update are one where nothing differs, two where it is metadata, three where Pacemaker is told", async () => {
    const pid = await qemu("coretrip");
    await updateVm({ cluster: clusterOn(runner) }, spec);
    assert.deepEqual(runner.take(), ["the inventory program"]);
    await updateVm({ cluster: clusterOn(runner) }, { ...spec, metadata: { owner: "bob" } });
    assert.deepEqual(runner.take(), ["the inventory program", "the inventory program"]);
    assert.equal(await on("node1", "rbd", "image-meta", "get", "system_coretrip", "owner"), "bob");
    await updateVm({ cluster: clusterOn(runner) }, { ...spec, priority: 7, metadata: { owner: "carol" } });
    assert.deepEqual(runner.take(), ["the inventory program", "the write program", "the inventory program"]);
    const grown = await updateVm(
      { cluster: clusterOn(runner) },
      { ...spec, priority: 7, metadata: { owner: "carol" }, systemSize: 2 << 20 },
    );
    assert.equal(grown.systemSize, 2 << 20, "what is returned is what is there after the last step");
    runner.take();
    assert.deepEqual(await qemu("coretrip"), pid);
  });

  it("of a delete are five", async () => {
    await removeVm({ cluster: clusterOn(runner) }, "coretrip");
    assert.deepEqual(runner.take(), [
      "the inventory program",
      "the write program",
      "the inventory program",
      "the write program",
      "the storage and forget programs",
    ]);
    assert.deepEqual(await traces("coretrip"), []);
  });

  it("of several VMs at once are shared where they can be", async () => {
    const cluster = clusterOn(runner);
    await Promise.all(names.map((name) => createVm({ cluster }, { ...spec, name })));
    const asked = runner.take();
    assert.equal(asked[0], "the inventory program");
    assert.notEqual(asked[1], "the inventory program", "one look is enough for all who begin at once");
    const count = (label: string) => asked.filter((each) => each === label).length;
    assert.equal(count("the validate and storage programs"), names.length);
    assert.ok(
      count("the write program") <= names.length && count("the inventory program") <= names.length + 1,
      asked.join(", "),
    );
    const inventory = await cluster.inventory();
    assert.deepEqual(runner.take(), ["the inventory program"], "a read of all is one program");
    for (const name of names) assert.equal(findVm(inventory, name)?.status, "Started");
  });
});
