// Functions in a Pulumi program, by the real CLI.
import assert from "node:assert/strict";
import { imageMeta, on, qemu } from "./support/cluster.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const CALLS: Vms = {
  clifn: tick({ metadata: { owner: "grid" }, priority: 3 }),
  vm: { $call: "getVmOutput", name: "$ref:clifn.name" },
  status: { $call: "getStatusOutput", name: "$secret:clifn" },
  nobody: { $call: "getStatus", name: "nobody" },
  all: { $call: "listVmsOutput", enabled: true, $after: ["clifn"] },
  keys: { $call: "listMetadataOutput", name: "$ref:clifn.name" },
  owner: { $call: "getMetadataOutput", name: "$ref:clifn.id", key: "owner" },
  snapshots: { $call: "listSnapshotsOutput", name: "$ref:clifn.name" },
  cluster: { $call: "getCluster" },
};

describe("functions in a program", function () {
  this.timeout(180_000);
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.make("clifunctions");
  });
  after(() => stack.destroy());

  it("are not called while their arguments, or the resources that these come from, are not there", async () => {
    const { text } = await stack.preview(CALLS);
    for (const name of ["vm", "all", "keys", "owner"])
      assert.match(text, new RegExp(`answer_${name} *: \\[unknown\\]`), text);
    assert.match(text, /answer_nobody *: \{\s*enabled: false\s*name *: "nobody"\s*status *: "Undefined"/);
  });

  it("say what is on the cluster once it is, and keep a secret one", async () => {
    await stack.up(CALLS);
    const outputs = await stack.outputs();
    const answer = (name: string) => outputs[`answer_${name}`]?.value as never;
    const [place] = await qemu("clifn");
    const vm: Record<string, unknown> = answer("vm");
    assert.deepEqual(
      { status: vm["status"], node: vm["node"], priority: vm["priority"], disks: vm["disks"], xml: vm["xml"] },
      {
        status: "Started",
        node: place?.split(":")[0],
        priority: 3,
        disks: [{ image: "system_clifn", size: 1 << 20 }],
        xml: `${await imageMeta("clifn", "xml")}\n`,
      },
    );
    assert.equal(outputs["answer_status"]?.secret, true);
    assert.equal(outputs["answer_vm"]?.secret, false);
    assert.ok((answer("all") as { name: string }[]).some(({ name }) => name === "clifn"));
    assert.deepEqual(answer("keys"), ["owner", "vm_name", "xml"]);
    assert.equal(answer("owner"), "grid");
    assert.deepEqual(answer("snapshots"), []);
    const cluster: {
      nodes: { name: string; role: string; online: boolean; vms: string[] }[];
      quorum: boolean;
      dc: string;
    } = answer("cluster");
    assert.deepEqual(
      cluster.nodes.map(({ name, role, online }) => ({ name, role, online })),
      ["node1", "node2", "node3"].map((name) => ({ name, role: "hypervisor", online: true })),
    );
    assert.equal(cluster.quorum, true);
    assert.equal(cluster.dc, (await on("node1", "crmadmin", "--dc_lookup", "--quiet")).split(/\s+/).at(-1));
  });

  it("say in a preview how it is now, and in an error what to do", async () => {
    await on("node1", "rbd", "image-meta", "set", "system_clifn", "owner", "other");
    await on("node1", "rbd", "snap", "create", "--no-progress", "system_clifn@before");
    const { text } = await stack.preview({ ...CALLS, clifn: tick({ metadata: { owner: "grid" }, priority: 4 }) });
    assert.match(text, /answer_owner *: "grid" => "other"/);
    assert.match(text, /answer_snapshots.*name *: "before"/s);
    const missing = { lost: { $call: "getMetadata", name: "clifn", key: "lost" }, clifn: CALLS["clifn"] ?? {} };
    assert.match(
      await stack.failing("preview", missing),
      /Unable to read the metadata "lost" of VM "clifn" on node\d: it does not exist\s+→ The VM has owner, vm_name, xml\./,
    );
  });
});
