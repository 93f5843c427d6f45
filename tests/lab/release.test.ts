/** That these tests act on the lab that is meant, whatever other labs there are on this machine. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { labDir } from "../../lab/config.ts";
import { exec, readLab } from "../../lab/index.ts";
import { findSpace } from "../../lab/space.ts";
import { releaseOf } from "../../lab/release.mjs";
import { ran } from "./support/cli.ts";
import { eventually } from "./support/cluster.ts";

const RELEASE = /^VERSION_CODENAME=(.*)$/m;

describe("the lab that is meant", () => {
  it("has nodes of its release, also at their addresses", async () => {
    const { nodes, privateKeyFile, knownHostsFile } = readLab();
    const options = ["IdentitiesOnly=yes", "BatchMode=yes", `UserKnownHostsFile=${knownHostsFile}`].flatMap(
      (option) => ["-o", option],
    );
    for (const { name, address } of nodes) {
      const { stdout } = await exec(name, ["cat", "/etc/os-release"]);
      assert.equal(RELEASE.exec(stdout)?.[1], releaseOf(process.env), name);
      const there = await ran(
        "ssh",
        ["-F", "none", "-i", privateKeyFile, ...options, `root@${address}`, "cat /etc/hostname /etc/os-release"],
        {},
      );
      assert.equal(there.code, 0, there.stderr);
      assert.ok(there.stdout.startsWith(`${name}\n`), there.stdout);
      assert.equal(RELEASE.exec(there.stdout)?.[1], releaseOf(process.env), address);
    }
  });

  /** First processes of a lab that has its folder under the same name in another root, as in a container. */
  const others: ChildProcess[] = [];
  after(() => others.forEach((child) => child.kill("SIGKILL")));

  it("is not taken for somebody else's, whose folder has the same name", async () => {
    const before = findSpace();
    for (const role of ["lab", "node1", "node9"]) {
      const env = {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        SEAPATH_LAB: labDir,
        SEAPATH_LAB_ROLE: role,
        SEAPATH_LAB_MARK: "somebody else's",
      };
      others.push(spawn("unshare", ["-p", "-f", "--kill-child", "sleep", "120"], { env, stdio: "ignore" }));
    }
    const started = async () => (await ran("pgrep", ["-f", "-c", "^sleep 120$"], {})).stdout.trim();
    assert.ok(Number(await eventually(started, (count) => Number(count) >= 3)) >= 3);
    assert.deepEqual(findSpace(), before);
    assert.equal((await exec("node1", ["cat", "/etc/hostname"])).stdout, "node1\n");
  });
});
