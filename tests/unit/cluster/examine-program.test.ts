// What the examine program sees of a node, with tools that say what a test wants: a node that has all, and one that has nothing.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { withoutBindings } from "../../hidden.ts";

const require = createRequire(import.meta.url);
const { programSource } =
  require("../../../provider/dist/cluster/program.js") as typeof import("../../../provider/dist/cluster/program.js");

type Looked = { ok: unknown } | { error: string };
interface Answer {
  node: string;
  clock: [number, number];
  modules: Record<string, boolean>;
  versions: Record<string, Looked>;
  virtual: Looked;
  agents: Record<string, Looked>;
  ssh: Record<string, Looked>;
  moves: Record<string, Record<string, Looked>>;
  ceph: Looked;
  libvirt: Looked;
  cpu: Looked;
  bridges: Looked;
  lacks: number[];
}

const here = hostname();
const request = {
  nodes: [here, "node2", "node3"],
  hypervisors: [here, "node2"],
  users: ["root", "not a name"],
  providers: ["seapath", "nobody"],
  modules: ["rbd", "json"],
  needs: [
    ["net", ["lo"]],
    ["net", ["nosuchbridge"]],
  ],
};

describe("the examine program", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "seapath-examine-"));
    for (const name of ["env", "sh"]) symlinkSync(`/usr/bin/${name}`, join(folder, name));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const tool = (name: string, script: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  /** @param asked what is asked otherwise */
  const examine = (asked: object = {}): Answer => {
    const encoded = Buffer.from(JSON.stringify({ ...request, ...asked })).toString("base64");
    const input = withoutBindings(`${programSource("examine")}\n\nmain("${encoded}")\n`);
    const { stdout, stderr } = spawnSync("/usr/bin/python3", ["-I", "-"], {
      input,
      env: { PATH: folder },
      encoding: "utf8",
    });
    const answer = JSON.parse(stdout || "{}") as { ok?: Answer; error?: unknown };
    assert.ok(answer.ok, `${stdout}${stderr}`);
    return answer.ok;
  };

  it("says of a node that has nothing what there is not, of each thing by itself", () => {
    const found = examine();
    assert.equal(found.node, here);
    assert.deepEqual(found.modules, { rbd: false, json: true });
    assert.deepEqual(found.versions["pacemaker"], { error: "crmadmin is not installed" });
    for (const [what, part] of Object.entries({
      agents: found.agents["seapath"],
      ceph: found.ceph,
      libvirt: found.libvirt,
      cpu: found.cpu,
      virtual: found.virtual,
      ssh: found.ssh["node2"],
      move: found.moves["node2"]?.["root"],
    })) {
      assert.ok(part !== undefined && "error" in part && part.error !== "", `${what}: ${JSON.stringify(part)}`);
    }
    assert.deepEqual(found.lacks, [1]);
    assert.ok(found.clock[0] <= found.clock[1]);
  });

  it("says what tools say, and why a way to another node is closed", () => {
    tool("crmadmin", "echo Pacemaker 3.0.2-1");
    tool("corosync", "echo 'Corosync Cluster Engine, version 3.1.9'");
    tool(
      "ceph",
      `case "$*" in --version) echo 'ceph version 20.2.1 (abc) tentacle';; *health*) echo '{"status":"HEALTH_WARN","checks":{"OSD_DOWN":{"severity":"HEALTH_WARN","summary":{"message":"1 osds down","count":1},"muted":false}},"mutes":[]}';; *) echo '{}';; esac`,
    );
    tool("ovs-vsctl", "echo team0; echo br0");
    tool(
      "crm_resource",
      `case "$*" in *ocf:seapath) echo VirtualDomain; echo Other;; *) echo "crm_resource: No agents found for standard 'ocf'" >&2; exit 1;; esac`,
    );
    tool(
      "ssh",
      `case "$*" in *node2*) exit 0;; *) echo 'root@node3: Permission denied (publickey).' >&2; exit 255;; esac`,
    );
    tool(
      "virsh",
      `case "$*" in
      *capabilities*) echo '<capabilities><host><cpu><arch>x86_64</arch><model>EPYC</model></cpu></host></capabilities>';;
      *version*) echo 'Using library: libvirt 11.3.0'; echo 'Running hypervisor: QEMU 10.0.2';;
      *secret-list*) echo ' 6f1cd2a1-35cc-4b3c-9d7c-2d5ad6b50b5a   ceph client.libvirt secret';;
      *uri*) printf 'error: failed to connect to the hypervisor\\nerror: Cannot recv data: denied\\n' >&2; exit 1;; esac`,
    );
    const found = examine();
    assert.deepEqual(found.versions, {
      pacemaker: { ok: "3.0.2" },
      corosync: { ok: "3.1.9" },
      ceph: { ok: "20.2.1" },
      python: found.versions["python"],
    });
    assert.deepEqual(found.virtual, { ok: { libvirt: "11.3.0", qemu: "10.0.2" } });
    assert.deepEqual(found.ceph, { ok: { OSD_DOWN: { severity: "HEALTH_WARN", message: "1 osds down" } } });
    assert.deepEqual(found.agents, { seapath: { ok: ["VirtualDomain", "Other"] }, nobody: { ok: [] } });
    assert.deepEqual(found.ssh, {
      node2: { ok: null },
      node3: { error: "root@node3: Permission denied (publickey)." },
    });
    assert.deepEqual(found.moves, {
      node2: {
        root: { error: "Cannot recv data: denied" },
        "not a name": { error: '"not a name" is not the name of a user, and is not used' },
      },
    });
    assert.deepEqual(
      [found.libvirt, found.cpu],
      [{ ok: { secret: "6f1cd2a1-35cc-4b3c-9d7c-2d5ad6b50b5a" } }, { ok: "EPYC" }],
    );
    assert.ok(
      "ok" in found.bridges && ["br0", "team0"].every((name) => (found.bridges as { ok: string[] }).ok.includes(name)),
    );
  });

  it("has nothing to say of migration on a machine that runs no VMs, and of agents where the tool fails", () => {
    tool("crm_resource", "echo 'crm_resource: out of memory' >&2; exit 70");
    const found = examine({ hypervisors: ["node2", "node3"] });
    assert.deepEqual(found.moves, {});
    assert.match(
      (found.agents["seapath"] as { error: string }).error,
      /crm_resource failed \(exit 70\): .*out of memory/,
    );
    assert.deepEqual(readdirSync(folder).sort(), ["crm_resource", "env", "sh"]);
  });
});
