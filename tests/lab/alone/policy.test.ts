// What the rules of the simulated cluster warn of is done on the lab, by other ways than ours, and is seen to happen: to the
// VM and on the node that the message names.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { kill, start } from "../../../lab/index.ts";
import { eventually, on, traces, tryOn } from "../support/cluster.ts";
import { policed, type Policed } from "../support/policies.ts";
import { TestStack, type Vms } from "../support/stack.ts";
import { tick } from "../support/vms.ts";

const require = createRequire(import.meta.url);
const { colocationRelation } =
  require("../../../provider/dist/vmmgr/index.js") as typeof import("../../../provider/dist/vmmgr/index.js");
const { renderPretty } =
  require("../../../provider/dist/cluster/index.js") as typeof import("../../../provider/dist/cluster/index.js");

const stackName = "policyproof";
const restless = { liveMigration: true, pacemaker: { meta: { "resource-stickiness": "0" } } };
const vms: Vms = {
  polpin1: tick({ pinnedHost: "node3" }),
  polpin2: tick({ pinnedHost: "node2" }),
  polred1: tick({ liveMigration: true }),
  polred2: tick({ liveMigration: true }),
  polwatch: tick({ preferredHost: "node3" }),
  polfree1: tick(restless),
  polfree2: tick(restless),
  polfree3: tick(restless),
  polstop: tick({ pinnedHost: "node2", started: false }),
};
const names = Object.keys(vms);

const unchecked = (vm: string, others: string[], apart: boolean) => ({
  $kind: "Colocation",
  $unchecked: true,
  vm,
  with: others,
  strong: true,
  apart,
});
const messages = ({ said }: Policed, rule: string) =>
  said
    .filter((each) => each.rule === rule)
    .map(({ message }) => message)
    .join("\n");

/** Where Pacemaker says that each VM runs, and `Stopped` for those that do not. */
async function where(): Promise<Record<string, string>> {
  const status = await on("node1", "crm_mon", "-1", "-r");
  return Object.fromEntries(
    names.map((name) => {
      const [, word = "", node = ""] =
        new RegExp(`\\* ${name}\\s.*:\\s+(Started|Stopped|\\w+) ?(\\S*)`).exec(status) ?? [];
      return [name, word === "Started" ? node : word];
    }),
  );
}

/** Waits until the VMs are where they are said to be, and the cluster does nothing any more. */
async function arrived(wanted: Record<string, string>, patience = 60): Promise<void> {
  const picked = async () => {
    const found = await where();
    return JSON.stringify(Object.keys(wanted).map((name) => [name, found[name]]));
  };
  assert.equal(
    await eventually(picked, (now) => now === JSON.stringify(Object.entries(wanted)), patience),
    JSON.stringify(Object.entries(wanted)),
  );
}

/** The constraints that a colocation would be. @returns their ids */
async function constrain({
  $kind: _kind,
  $unchecked: _unchecked,
  ...inputs
}: ReturnType<typeof unchecked>): Promise<string[]> {
  const { elements } = colocationRelation(inputs);
  for (const element of elements)
    await on("node1", "cibadmin", "--create", "--scope", "constraints", "--xml-text", renderPretty(element));
  return elements.map(({ attrs }) => attrs["id"] ?? "");
}
const release = (kind: string, id: string) =>
  on("node1", "cibadmin", "--delete", "--xml-text", `<${kind} id="${id}"/>`);

describe("what the policies warn of happens", function () {
  this.timeout(240_000);
  let stack: TestStack;
  const preview = (more: Vms, config: object = {}) =>
    policed({ stack: stackName, vms: { ...vms, ...more }, config: { all: "advisory", ...config } });

  before(async () => {
    stack = await TestStack.make(stackName);
    await stack.up(vms);
    for (const vm of ["polred1", "polred2"])
      await on("node1", "crm", "configure", "location", `draw-${vm}`, vm, "50:", "node3");
    await on("node1", "crm", "configure", "location", "off-polwatch", "polwatch", "-inf:", "node2");
    await arrived({ polred1: "node3", polred2: "node3", polwatch: "node3" });
  });
  after(async () => {
    await start("node3");
    await stack.destroy();
    for (const vm of names) assert.deepEqual(await traces(vm), [], vm);
  });

  it("to VMs that colocations bind and separate at once, and to one that finds no place", async () => {
    await on("node1", "crm", "configure", "location", "off-polstop", "polstop", "-inf:", "node2");
    const bonds = {
      polbond: unchecked("polpin1", ["polpin2"], false),
      polapart: unchecked("polwatch", ["polfree1", "polfree2", "polfree3"], true),
      poltwo: unchecked("polred1", ["polred2"], false),
      polnot: unchecked("polred1", ["polred2"], true),
    };
    const said = await preview({ ...bonds, polstop: tick({ pinnedHost: "node2" }) });
    assert.match(
      messages(said, "colocation-pins-agree"),
      /"polpin1" to node3, "polpin2" to node2 are pinned apart.*Pacemaker stops one of them/,
    );
    assert.match(
      messages(said, "separation-fits-hosts"),
      /hypervisors node1, node2, node3; "polapart" does it to polwatch, polfree1, polfree2, polfree3, and Pacemaker stops what finds no node/,
    );
    assert.match(
      messages(said, "separation-contradiction"),
      /"polred1" and "polred2" must not be kept apart and together at once.*only one of them runs/,
    );
    const places = messages(said, "plan-places-all");
    assert.match(
      places,
      /VM "polstop" must find a node to run on; it finds none: .*node2 is kept from it by off-polstop/,
    );
    const unplaced = [...places.matchAll(/VM "(\w+)" must find a node/g)].map(([, vm]) => vm ?? "").sort();

    const made = (await Promise.all(Object.values(bonds).map(constrain))).flat();
    await on(
      "node1",
      "crm_resource",
      "--resource",
      "polstop",
      "--meta",
      "--set-parameter",
      "target-role",
      "--parameter-value",
      "Started",
    );
    try {
      const stopped = async () =>
        Object.entries(await where())
          .filter(([, node]) => node === "Stopped")
          .map(([vm]) => vm)
          .sort();
      assert.deepEqual(await eventually(stopped, (now) => now.join() === unplaced.join(), 30), unplaced);
      const one = (...of: string[]) =>
        assert.equal(unplaced.filter((vm) => of.includes(vm)).length, 1, unplaced.join());
      one("polpin1", "polpin2");
      one("polwatch", "polfree1", "polfree2", "polfree3");
      one("polred1", "polred2");
    } finally {
      await on(
        "node1",
        "crm_resource",
        "--resource",
        "polstop",
        "--meta",
        "--set-parameter",
        "target-role",
        "--parameter-value",
        "Stopped",
      );
      for (const id of made) await release("rsc_colocation", id);
      await release("rsc_location", "off-polstop");
    }
    await arrived({ polpin1: "node3", polpin2: "node2", polred1: "node3", polred2: "node3", polwatch: "node3" });
  });

  it("to a VM that is to start on a cluster whose configuration Pacemaker does not take", async () => {
    await on("node1", "crm_attribute", "--name", "stonith-enabled", "--update", "true");
    try {
      const said = await preview({ polnew: tick({ $unchecked: true, name: "polnew" }) });
      assert.match(
        messages(said, "cluster-config-valid"),
        /Fencing is on \(`stonith-enabled`\) and there is no device for it.*Pacemaker starts nothing until it is/s,
      );
      assert.match(await stack.failing("up", { ...vms, polnew: tick() }), /stonith|fencing/i);
      await on(
        "node1",
        "crm_resource",
        "--resource",
        "polstop",
        "--meta",
        "--set-parameter",
        "target-role",
        "--parameter-value",
        "Started",
      );
      await tryOn("node1", "crm_resource", "--wait", "--timeout", "5s");
      assert.equal((await where())["polstop"], "Stopped");
    } finally {
      await on("node1", "crm_attribute", "--name", "stonith-enabled", "--update", "false");
    }
    await arrived({ polstop: "node2" });
    await on(
      "node1",
      "crm_resource",
      "--resource",
      "polstop",
      "--meta",
      "--set-parameter",
      "target-role",
      "--parameter-value",
      "Stopped",
    );
    await arrived({ polstop: "Stopped" });
  });

  it("to VMs that a change is not about", async () => {
    await on("node1", "crm", "configure", "colocation", "pol-along", "500:", "polfree3", "polfree1");
    await on("node1", "crm_resource", "--wait", "--timeout", "20s");
    const before = await where();
    const other = before["polfree1"] === "node1" ? "node2" : "node1";
    const changed = { polfree1: tick({ ...restless, pinnedHost: other }) };
    const said = await preview(changed);
    const moves = [
      ...messages(said, "plan-leaves-others").matchAll(
        /VM "(\w+)" must be left alone, as this change is not about it; it moves live from (\w+) to (\w+)/g,
      ),
    ];
    const moved = Object.fromEntries(moves.map(([, vm = "", , to = ""]) => [vm, to]));
    assert.equal(moved["polfree3"], other, `${JSON.stringify(before)}\n${messages(said, "placement-report")}`);
    Object.assign(vms, changed);
    await stack.up(vms);
    await arrived({ ...before, polfree1: other, ...moved });
  });

  it("when a node fails, and when it comes back", async () => {
    const config = {
      "redundant-vms-apart": { groups: [{ name: "pair", vms: ["polred1", "polred2"] }] },
      "vm-off-observer": { observers: ["node1"] },
      "memory-after-failure": { capacity: { node1: 5, node2: 5 }, headroomPercent: 0 },
    };
    const [said, before] = [await preview({}, config), await where()];
    assert.match(
      messages(said, "survives-node-failure"),
      /VM "polpin1" must outlive the failure of node3; without node3 it runs nowhere: it is pinned to node3/,
    );
    assert.match(
      messages(said, "vm-off-observer"),
      /VM "polwatch" must be kept off node1: no constraint does.*the failure of another node takes the VM there/,
    );
    assert.match(messages(said, "redundant-vms-apart"), /node3 has polred1, polred2, and its failure takes them all/);
    const memory = (node: string) =>
      Number(
        new RegExp(`The VMs of ${node} must fit into its memory without node3: they ask for (\\d+) MiB`).exec(
          messages(said, "memory-after-failure"),
        )?.[1],
      );
    const returns = [
      ...messages(said, "failback-quiet").matchAll(
        /VM "(\w+)" must stay where it is when node3 comes back; it moves live, from (\w+) to (\w+)/g,
      ),
    ];
    assert.deepEqual(
      returns
        .map(([, vm]) => vm)
        .filter((vm) => vm?.startsWith("polred"))
        .sort(),
      ["polred1", "polred2"],
      messages(said, "failback-quiet"),
    );

    await kill("node3");
    await arrived(
      {
        polpin1: "Stopped",
        polwatch: "node1",
        ...Object.fromEntries(returns.map(([, vm = "", from = ""]) => [vm, from])),
      },
      90,
    );
    assert.deepEqual([before["polred1"], before["polred2"]], ["node3", "node3"]);
    const wanted = ["node1", "node2"].map(memory);
    const taken = await eventually(
      () => Promise.all(["node1", "node2"].map(memoryOf)),
      (now) => now.join() === wanted.join(),
    );
    assert.deepEqual(taken, wanted, JSON.stringify(await where()));

    await start("node3");
    await arrived(
      { polpin1: "node3", polwatch: "node3", ...Object.fromEntries(returns.map(([, vm = "", , to = ""]) => [vm, to])) },
      90,
    );
  });
});

/** The memory of all guests of a node, in MiB, as its libvirt says it. */
async function memoryOf(node: string): Promise<number> {
  const running = (await on(node, "virsh", "list", "--name")).split("\n").filter((name) => name !== "");
  const each = await Promise.all(running.map((name) => on(node, "virsh", "dominfo", name)));
  return (
    each.map((text) => Number(/Max memory:\s+(\d+) KiB/.exec(text)?.[1])).reduce((sum, kib) => sum + kib, 0) / 1024
  );
}
