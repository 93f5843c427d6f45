// What a doctor finds on a real cluster, with each fault made by other ways than ours; others may be at work on it meanwhile, so
// that only findings about what is this file's are looked at.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, NodeAnswer, Runner } from "../../provider/dist/transport/types.js";
import { readLab } from "../../lab/index.ts";
import { eventually, nodes, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { seapath } from "./support/cli.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { HiddenModules } from "./support/hidden.ts";
import { migrationUser } from "./support/users.ts";
import { specOf } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { createVm, diagnose, removeVm } =
  require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");

const [VM, NOWHERE, GONE] = ["doctored", "doctorless", "doctorgone"] as const;
const [BRIDGE, LONELY] = ["brdoctor", "brdoctorone"] as const;

type Diagnosis = Awaited<ReturnType<typeof diagnose>>;
/** Findings by id, with all that they say. */
const lines = ({ findings }: Diagnosis) =>
  findings.map(
    ({ id, level, node, vm, constraint, seen, remedy }) =>
      `${level} ${[id, node, vm, constraint].filter((each) => each !== undefined).join(" ")}: ${seen} → ${remedy}`,
  );
/** Those that are about what this file makes. */
const ours = (found: Diagnosis) => lines(found).filter((line) => /doctor/.test(line));

/** As a person runs it. */
async function run(...words: string[]): Promise<{ code: number; found: Diagnosis }> {
  const { code, stdout, stderr } = await seapath("doctor", "--json", ...words);
  assert.ok(stdout.startsWith("{"), stderr);
  return { code, found: JSON.parse(stdout) as Diagnosis };
}

const constraint = (id: string, vm: string, node: string, score: string) =>
  on(
    "node1",
    "cibadmin",
    "--create",
    "--scope",
    "constraints",
    "--xml-text",
    `<rsc_location id="${id}" rsc="${vm}" node="${node}" score="${score}"/>`,
  );
const counts = (vm: string) => [`fail-count-${vm}#start_0`, `last-failure-${vm}#start_0`];

describe("a doctor's look at the lab", function () {
  this.timeout(240_000);
  let runner: Runner;
  let found: Diagnosis;
  let code: number;
  const context = () => ({ cluster: clusterOn(runner), deadline: 60 });

  /** Takes back what a VM does not take with it. */
  const mend = async () => {
    for (const node of nodes())
      for (const bridge of [BRIDGE, LONELY]) await tryOn(node, "ip", "link", "delete", bridge);
    for (const node of nodes())
      for (const name of counts(GONE)) await tryOn(node, "attrd_updater", "--name", name, "--delete", "--node", node);
  };

  before(async () => {
    runner = labRunner();
    await mend();
    for (const node of ["node1", "node2"]) await on(node, "ip", "link", "add", BRIDGE, "type", "bridge");
    await on("node2", "ip", "link", "add", LONELY, "type", "bridge");
    const spec = specOf(VM);
    const interfaces = [{ bridge: BRIDGE, mac: "52:54:00:77:0d:01", model: "virtio" }];
    const made = {
      ...spec,
      domain: { ...spec.domain, interfaces },
      preferredHost: "node1",
      liveMigration: true,
      migrationUser: "doctoruser",
    };
    await Promise.all([createVm(context(), made), createVm(context(), { ...specOf(NOWHERE), started: false })]);

    await on("node1", "crm_resource", "--fail", "--resource", VM, "--node", "node1");
    await constraint(`lost-${VM}`, VM, "nosuchnode", "50");
    await constraint(`off-${VM}`, VM, "nosuchnode", "-INFINITY");
    for (const node of nodes()) await constraint(`off-${NOWHERE}-${node}`, NOWHERE, node, "-INFINITY");
    await on(
      "node1",
      "crm_resource",
      "--resource",
      NOWHERE,
      "--meta",
      "--set-parameter",
      "target-role",
      "--parameter-value",
      "Started",
    );
    for (const [vm, node] of [
      [VM, "node2"],
      [GONE, "node3"],
    ] as const) {
      const [count = "", last = ""] = counts(vm);
      await on(node, "attrd_updater", "--name", count, "--update", "INFINITY", "--node", node);
      await on(node, "attrd_updater", "--name", last, "--update", "1700000000", "--node", node);
    }
    await eventually(
      () => on("node1", "crm_mon", "-1"),
      (text) => new RegExp(`\\* ${VM}_asyncmon_0 on node1`).test(text),
    );
    await eventually(
      () => qemu(VM),
      (places) => places.length === 1,
    );
    ({ code, found } = await run());
  });
  after(async () => {
    for (const vm of [VM, NOWHERE]) await removeVm(context(), vm);
    // The constraints of a VM go with it.
    await mend();
    for (const vm of [VM, NOWHERE, GONE]) assert.deepEqual(await traces(vm), []);
    runner.close();
  });

  const has =
    (...wanted: RegExp[]) =>
    () => {
      for (const each of wanted)
        assert.ok(
          lines(found).some((line) => each.test(line)),
          `${String(each)} among:\n${ours(found).join("\n")}`,
        );
    };

  it("examines every node, and says by its exit code that something has to be mended", () => {
    assert.deepEqual([code, found.fit, found.examined], [3, false, nodes()]);
    const order = found.findings.map(({ level }) => level);
    assert.deepEqual(order, [...order].sort().reverse(), "faults come first");
  });

  // Tried: a bridge that a VM names is on two nodes of three → `seapath doctor` names the third; the VM is not moved there
  it(
    "finds a bridge that one node lacks",
    has(
      /^fault bridge-missing node3 doctored: there is no bridge "brdoctor" on node3, which VM "doctored" names/,
      /^advice bridge-not-everywhere: bridge "brdoctorone" is on node2, and not on node1 and node3/,
    ),
  );

  // Tried: a constraint names a node that there is not → Pacemaker passes over it, `seapath doctor` names it
  it(
    "finds a constraint that names nothing",
    has(
      /^fault constraint-names-nothing doctored lost-doctored: .*node "nosuchnode".*crm configure delete lost-doctored/,
      /^advice ban-names-nothing doctored off-doctored: /,
    ),
  );

  // Tried: every node is kept from a VM that is to run → `seapath doctor` says by which constraints
  it(
    "finds a VM that no node could start",
    has(
      /^fault vm-unplaced doctorless: VM "doctorless" is to run, and no node can start it: node1 is kept from it by off-doctorless-node1; node2 .*; node3 /,
    ),
  );

  // Tried: failures have closed a node to a VM → `seapath doctor` says which, and what opens it
  it(
    "finds a node that failures have closed, a failure that closes none, and one of a VM that is gone",
    has(
      /^fault node-closed doctored: VM "doctored" does not get everywhere: node2 is closed to it \(failed start\).*crm_resource --cleanup --resource doctored/,
      /^advice failure-recorded node1 doctored: asyncmon of VM "doctored" has failed on node1/,
      /^advice failures-of-nobody: there is no "doctorgone" any more.*would not start on node3/,
    ),
  );

  // Tried: VMs are to be moved live as a user that no node lets in → `seapath doctor` names who is let in
  it(
    "finds that a VM cannot be moved live as its user",
    has(
      new RegExp(
        `^fault migration-refused node1 doctored: VM "doctored" cannot be moved live from node1 to node2 as doctoruser: .*Permission denied.*→ Set \`migrationUser\` to ${migrationUser()},`,
      ),
    ),
  );

  it("says of all else of the lab that it is there: nothing is missing for one who looks, and nothing is made up", () => {
    for (const id of [
      "not-root",
      "agent-missing",
      "tool-missing",
      "module-missing",
      "libvirt-unreachable",
      "libvirt-secret-missing",
      "libvirt-secret-differs",
      "ceph-unreachable",
      "ssh-between-nodes",
      "versions-differ",
      "processors-differ",
      "part-unreadable",
      "machines-even",
      "no-quorum",
      "node-not-examined",
    ]) {
      assert.deepEqual(
        lines(found).filter((line) => line.includes(` ${id}`)),
        [],
      );
    }
  });

  it("finds modules that Python has not, and a clock that is a minute ahead", async () => {
    const hidden = await diagnose(clusterOn(new HiddenModules(runner)));
    const without = hidden.findings.filter(({ id }) => id === "module-missing");
    assert.deepEqual(
      without.map(({ node, seen }) => [node, /no rados, rbd and libvirt/.test(seen)]).sort(),
      nodes().map((node) => [node, true]),
    );
    const late = readLab().nodes[2]?.address ?? "";
    const skewed = await diagnose(
      clusterOn({ ...plain(runner), runOnEach: (command) => minuteAhead(runner, command, late) }),
    );
    const [skew, ...more] = skewed.findings.filter(({ id }) => id === "time-skew");
    assert.match(
      `${skew?.node}: ${skew?.seen}`,
      /^node3: the clock of node3 is [345]\d(\.\d)? s ahead of that of node[12], or more$/,
    );
    assert.deepEqual(more, []);
  });

  // Tried: a node does not answer while a doctor looks → a fault of its own; the others are examined
  it("finds a node that does not answer, and never takes it for well", async () => {
    const [first, second] = readLab().nodes.map(({ address }) => address);
    const { code: ended, found: some } = await run(
      "--hosts",
      `${first},${second},10.99.0.98`,
      "--connect-timeout",
      "2",
    );
    assert.equal(ended, 3);
    assert.deepEqual(some.examined, ["node1", "node2"]);
    const said = lines(some).join("\n");
    assert.match(said, /^fault node-unreachable 10\.99\.0\.98: 10\.99\.0\.98 could not be examined: /m);
    assert.match(said, /^fault node-not-examined node3: node3 is online and was not examined/m);
  });

  // Tried: no node lets the doctor in → each is a fault, and so is the cluster that cannot be read
  it("finds that no node lets it in", async () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-doctor-"));
    try {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "other")]);
      const { code: ended, found: none } = await run("--private-key-file", join(folder, "other"));
      assert.equal(ended, 3);
      assert.deepEqual(none.findings.map(({ id }) => id).sort(), [
        "cluster-unreadable",
        ...nodes().map(() => "login-refused"),
      ]);
      assert.deepEqual(none.examined, []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("prints the same for a person, and has nothing of it once all is mended", async () => {
    const { code: ended, stdout } = await seapath("doctor");
    assert.equal(ended, 3);
    assert.match(
      stdout,
      /^fault: bridge-missing\n {2}there is no bridge "brdoctor" on node3.*\n {2}→ Make it on node3/m,
    );
    assert.match(stdout, /^The cluster is not fit: \d+ faults.* \(examined: node1, node2, node3\)$/m);
    for (const vm of [VM, NOWHERE]) await removeVm(context(), vm);
    await mend();
    assert.deepEqual(ours((await run()).found), []);
  });
});

/** A runner as an object whose parts can be others. */
const plain = (inner: Runner): Runner => ({
  get node() {
    return inner.node;
  },
  run: (command) => inner.run(command),
  upload: (...file) => inner.upload(...file),
  close: () => inner.close(),
});

/** One node's answer as if it came a minute before it did: to this machine its clock is ahead. */
async function minuteAhead(inner: Runner, command: Command, address: string): Promise<NodeAnswer[]> {
  const answers = (await inner.runOnEach?.(command)) ?? [];
  return answers.map((each) => {
    if (each.address !== address || !("between" in each) || each.between === undefined) return each;
    const [from, to] = each.between;
    return { ...each, between: [from - 60_000, to - 60_000] as const };
  });
}
