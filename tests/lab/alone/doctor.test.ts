// What a doctor finds on a lab of which the whole is made ill, and that it finds the lab well in between.
import assert from "node:assert/strict";
import { kill, start } from "../../../lab/index.ts";
import { eventually, on, tryOn } from "../support/cluster.ts";
import { seapath } from "../support/cli.ts";

interface Finding {
  id: string;
  level: string;
  node?: string;
  seen: string;
}
interface Diagnosis {
  fit: boolean;
  examined: string[];
  findings: Finding[];
}

async function doctor(): Promise<Diagnosis & { code: number }> {
  const { code, stdout, stderr } = await seapath("doctor", "--json");
  assert.ok(stdout.startsWith("{"), stderr);
  return { ...(JSON.parse(stdout) as Diagnosis), code };
}
const short = ({ findings }: Diagnosis) =>
  findings.map(({ level, id, node }) => [level, id, node].filter((each) => each !== undefined).join(" "));
const property = (name: string, value: string) =>
  on("node1", "crm_attribute", "--type", "crm_config", "--name", name, "--update", value);
const unset = (name: string) => tryOn("node1", "crm_attribute", "--type", "crm_config", "--name", name, "--delete");
const AGENT = "/usr/lib/ocf/resource.d/seapath/VirtualDomain";

describe("a doctor's look at an ill lab", function () {
  this.timeout(240_000);

  /** Waits until a doctor finds this, and gives all that it found. */
  const finds = async (...wanted: string[]) => {
    const found = await eventually(doctor, (seen) => wanted.every((each) => short(seen).includes(each)), 20);
    for (const each of wanted)
      assert.ok(short(found).includes(each), `${each} among ${JSON.stringify(found.findings, undefined, 1)}`);
    const faults = found.findings.filter(({ level }) => level === "fault").length;
    assert.deepEqual([found.code, found.fit], faults > 0 ? [3, false] : [0, true]);
    return found;
  };
  /** That nothing is left of it. */
  const isWell = async () => {
    const found = await eventually(doctor, ({ fit }) => fit, 30);
    assert.deepEqual([found.code, found.findings.filter(({ level }) => level === "fault")], [0, []]);
  };

  it("finds a lab that is well so, without fencing as SEAPATH has it", async () => {
    await isWell();
    await finds("advice fencing-off");
  });

  // Tried: a node is in standby → advice, as somebody wanted it so
  it("finds a node in standby, which is advice", async () => {
    try {
      await on("node1", "crm", "node", "standby", "node3");
      await finds("advice node-in-standby node3");
    } finally {
      await on("node1", "crm", "node", "online", "node3");
    }
    await isWell();
  });

  // Tried: fencing is switched on and has no device → Pacemaker starts nothing, and `seapath doctor` says why
  it("finds fencing that nobody does, and the configuration that Pacemaker does not take for it", async () => {
    try {
      await property("stonith-enabled", "true");
      const { findings } = await finds("fault fencing-without-device", "fault configuration-invalid");
      assert.match(
        findings.find(({ id }) => id === "configuration-invalid")?.seen ?? "",
        /crm_verify says: .*STONITH/i,
      );
    } finally {
      await property("stonith-enabled", "false");
    }
    await isWell();
  });

  it("finds a cluster in maintenance, and quorum that is not asked for", async () => {
    try {
      await property("maintenance-mode", "true");
      await property("no-quorum-policy", "ignore");
      await finds("fault cluster-in-maintenance", "advice quorum-ignored");
    } finally {
      for (const name of ["maintenance-mode", "no-quorum-policy"]) await unset(name);
    }
    await isWell();
  });

  // Tried: a fourth machine is in the configuration and has never joined → an even number, and a machine that is away
  it("finds an even number of machines", async () => {
    const machine = '<node id="99" uname="node99"/>';
    try {
      await on("node1", "cibadmin", "--create", "--scope", "nodes", "--xml-text", machine);
      const { findings } = await finds("fault machines-even");
      assert.match(
        findings.find(({ id }) => id === "machines-even")?.seen ?? "",
        /has 4 machines, an even number: .*node99/,
      );
      assert.ok(findings.some(({ id, node }) => (id === "node-offline" || id === "node-unclean") && node === "node99"));
      assert.match((await seapath("cluster")).stdout, /^machines: 4, an even number/m);
    } finally {
      await on("node1", "cibadmin", "--delete", "--scope", "nodes", "--xml-text", machine);
      await tryOn("node1", "crm_node", "--force", "--remove", "node99");
    }
    await isWell();
  });

  // Tried: a flag of Ceph's keeps lost disks from being made up for → a fault by Ceph's own health
  it("finds what Ceph says of itself", async () => {
    try {
      await on("node1", "ceph", "osd", "set", "noout");
      const { findings } = await finds("fault ceph-error");
      assert.match(
        findings.find(({ id }) => id === "ceph-error")?.seen ?? "",
        /^Ceph is not well \(OSDMAP_FLAGS\): .*noout/,
      );
    } finally {
      await on("node1", "ceph", "osd", "unset", "noout");
    }
    await isWell();
  });

  // Tried: the quota of the pool is used up → every write would wait; a fault, with what makes room
  it("finds that Ceph takes nothing more", async () => {
    try {
      await on("node1", "ceph", "osd", "pool", "set-quota", "rbd", "max_bytes", "1");
      const { findings } = await finds("fault ceph-full");
      assert.match(findings.find(({ id }) => id === "ceph-full")?.seen ?? "", /the quota of the pool is used up/);
    } finally {
      await on("node1", "ceph", "osd", "pool", "set-quota", "rbd", "max_bytes", "0");
    }
    await isWell();
  });

  it("finds a resource agent that one node lacks", async () => {
    try {
      await on("node3", "mv", AGENT, `${AGENT}.away`);
      await finds("fault agent-missing node3");
    } finally {
      await on("node3", "mv", `${AGENT}.away`, AGENT);
    }
    await isWell();
  });

  // Tried: a node's power is cut → it is offline to Pacemaker, and does not answer; the doctor examines the others
  it("finds a node that is gone", async () => {
    try {
      await kill("node3");
      const { examined } = await finds("fault node-offline node3");
      assert.deepEqual(examined, ["node1", "node2"]);
      assert.ok((await doctor()).findings.some(({ id }) => id === "node-unreachable"));
    } finally {
      await start("node3");
    }
    await isWell();
  });
});
