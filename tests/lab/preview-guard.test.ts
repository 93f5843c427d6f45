// A key that can preview and plan, and change nothing: its forced command on the nodes, behind a sudo rule of its own.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exec, readLab } from "../../lab/index.ts";
import { createRunner, readSettings, type Runner } from "../../provider/dist/transport/index.js";
import { runProgram } from "../../provider/dist/cluster/program.js";
import { CLI, ran, seapath } from "./support/cli.ts";
import { eventually, imageMeta, nodes, on, traces, tryOn } from "./support/cluster.ts";
import { policed } from "./support/policies.ts";
import { TestStack } from "./support/stack.ts";
import { tick, TICK } from "./support/vms.ts";

const USER = "seapath-preview";
const GUARD = "/usr/local/sbin/seapath-preview";

describe("a key for previews", function () {
  this.timeout(120_000);
  const { nodes: all, knownHostsFile } = readLab();
  const folder = mkdtempSync(join(tmpdir(), "seapath-guard-"));
  const key = join(folder, "id");
  const access = { SEAPATH_USER: USER, SEAPATH_SUDO: "true", SEAPATH_PRIVATE_KEY_FILE: key };
  let whole: TestStack;
  let least: TestStack;
  let runner: Runner;

  before(async () => {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const line = `command="${GUARD}",restrict ${readFileSync(`${key}.pub`, "utf8")}`;
    const guard = (await seapath("preview-guard")).stdout;
    for (const node of nodes()) {
      await exec(node, ["useradd", "--create-home", "--shell", "/bin/sh", USER], { ok: true });
      await exec(node, ["sh", "-c", `umask 22; mkdir -p ~${USER}/.ssh; cat > ~${USER}/.ssh/authorized_keys`], {
        stdin: line,
      });
      await exec(node, [
        "sh",
        "-c",
        `umask 337; echo '${USER} ALL=(root) NOPASSWD: ${GUARD}' > /etc/sudoers.d/${USER}`,
      ]);
      await exec(node, ["sh", "-c", `cat > ${GUARD} && chmod 755 ${GUARD}`], { stdin: guard });
    }
    const settings: Record<string, string> = {
      hosts: all.map(({ address }) => address).join(),
      user: USER,
      sudo: "true",
      privateKeyFile: key,
      knownHostsFile,
    };
    runner = createRunner(readSettings((name) => settings[name], { HOME: folder }));
    whole = await TestStack.make("guard");
    await whole.up({ guarded: tick() });
    least = TestStack.at("guard", access);
  });
  after(async () => {
    runner.close();
    await whole.destroy();
    for (const node of nodes()) {
      await exec(
        node,
        ["sh", "-c", `rm -f ${GUARD} /etc/sudoers.d/${USER}; pkill -KILL -u ${USER}; userdel -rf ${USER}`],
        { ok: true },
      );
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** What ssh says with that key: its exit code and its words. */
  const ssh = async (...words: string[]): Promise<string> => {
    const options = [
      "-F",
      "none",
      "-o",
      "IdentitiesOnly=yes",
      "-o",
      "BatchMode=yes",
      "-o",
      `UserKnownHostsFile=${knownHostsFile}`,
      "-i",
      key,
    ];
    const { code, stdout, stderr } = await ran("ssh", [...options, `${USER}@${all[0]?.address}`, ...words]);
    return `${code} ${stdout}${stderr}`;
  };

  it("previews: what is new, what changes, what is refused, and what somebody else has changed", async () => {
    await on(
      "node1",
      "crm_resource",
      "--resource",
      "guarded",
      "--meta",
      "--set-parameter",
      "priority",
      "--parameter-value",
      "7",
    );
    const { text, changes } = await least.preview(
      { guarded: tick({ metadata: { owner: "carol" } }), fresh: tick() },
      { refresh: true },
    );
    assert.deepEqual([changes.create, changes.update], [1, 1], text);
    assert.match(text, /priority: +7 => 0/);
    await on("node1", "crm_resource", "--resource", "guarded", "--meta", "--delete-parameter", "priority");
    assert.match(
      await least.failing("preview", {
        guarded: tick(),
        fresh: tick({ source: { nodePath: "/var/lib/seapath/images/no.qcow2" } }),
      }),
      /there is no such file/,
    );
    assert.match(
      await least.failing("preview", { guarded: tick(), fresh: tick({ preferredHost: "node9" }) }),
      /the cluster has no node "node9"/,
    );
    const lacking = tick({ domain: { ...(tick()["domain"] as object), interfaces: [{ bridge: "nosuchbridge" }] } });
    assert.match(
      await least.failing("preview", { guarded: tick(), fresh: lacking }),
      /there is no bridge "nosuchbridge" on node1, node2 or node3/,
    );
  });

  it("plans and is asked of by the policies, by Pacemaker's own scheduler, with all losses", async () => {
    const program = join(import.meta.dirname, "program");
    await whole.configure({ guarded: tick() });
    const { code, stdout, stderr } = await ran(
      "env",
      ["-C", program, process.execPath, CLI, "plan", "--stack", "guard", "--json"],
      access,
    );
    // VMs of other tests may be about to fail, or to move: that is a plan, too.
    assert.ok(code === 0 || code === 3, `${code} ${stderr}`);
    assert.match(stdout, /"guarded"/);
    const asked = await policed({ stack: "guard", vms: { guarded: tick() }, environment: access });
    assert.doesNotMatch(asked.text, /refuses this|does not answer|Unable to/);
    assert.match(asked.said.find(({ rule }) => rule === "placement-report")?.message ?? "", /^guarded /m);
  });

  // Tried: an `up` with a key for previews → it is refused with the guard's words, and nothing is changed
  it("makes nothing, changes nothing, removes nothing", async () => {
    assert.match(
      await least.failing("up", { guarded: tick(), fresh: tick() }),
      /seapath-preview refuses this: the program changes something/,
    );
    assert.deepEqual(await traces("fresh"), []);
    // Of this VM alone: other tests are at work beside.
    const own = () => on("node1", "cibadmin", "--query", "--xpath", "//primitive[@id='guarded']");
    const [before, owner] = [await own(), await imageMeta("guarded", "owner").catch(() => "none")];
    assert.match(await least.failing("up", { guarded: tick({ priority: 5 }) }), /seapath-preview refuses this/);
    assert.match(
      await least.failing("up", { guarded: tick({ metadata: { owner: "carol" } }) }),
      /seapath-preview refuses this/,
    );
    for (const words of [
      ["stop", "-n", "guarded"],
      ["remove", "-n", "guarded"],
      ["create_snapshot", "-n", "guarded", "--snap_name", "s"],
    ]) {
      const { code, stderr } = await ran(process.execPath, [CLI, ...words], access);
      assert.equal(code, 1, words.join(" "));
      assert.match(stderr, /seapath-preview refuses this/);
    }
    assert.equal(await own(), before);
    assert.equal(await imageMeta("guarded", "owner").catch(() => "none"), owner);
    assert.equal(await on("node1", "rbd", "snap", "ls", "system_guarded"), "");
  });

  it("runs no command, has no shell, takes no file and forwards nothing", async () => {
    assert.match(
      await ssh("cat", "/etc/shadow"),
      /^77 seapath-preview refuses this: this key is for previews, and runs nothing else/,
    );
    assert.match(await ssh(), /^77 .*has no shell/s);
    for (const line of [
      "true; id",
      "$(id)",
      "sudo -n -- env LD_PRELOAD=/tmp/x true",
      "/usr/bin/python3 -c 1",
      "crm_resource --show-metadata=../../tmp/x",
      "crm_mon -1 --output-as=xml --output-to=/tmp/x",
    ]) {
      assert.match(await ssh(line), /^77 seapath-preview refuses this/, line);
    }
    const options = [
      "-F",
      "none",
      "-o",
      "IdentitiesOnly=yes",
      "-o",
      `UserKnownHostsFile=${knownHostsFile}`,
      "-i",
      key,
      "-b",
      "/dev/null",
    ];
    assert.notEqual((await ran("sftp", [...options, `${USER}@${all[0]?.address}`])).code, 0);
    writeFileSync(join(folder, "image"), "x");
    await assert.rejects(runner.upload(join(folder, "image"), "/tmp/guard-upload"));
    assert.equal((await tryOn("node1", "ls", "/tmp/guard-upload")).exitCode === 0, false);
  });

  it("lets no program through that is not the release's, and none that is asked for more than reading", async () => {
    const run = (request: unknown, name = "inventory") =>
      runProgram(runner, name, request).then(
        () => "run",
        (error: Error) => error.message,
      );
    assert.equal(await run({}), "run");
    assert.match(await run({ before: [{ op: "remove", image: "system_guarded" }] }), /refuses this: it changes images/);
    assert.match(
      await run({ sources: [{ key: "k", path: "/etc/shadow" }] }),
      /refuses this: it looks at an image file outside of/,
    );
    assert.match(await run({ sources: [{ key: "k", path: `${TICK}/../../../../../etc/shadow` }] }), /outside of/);
    assert.match(await run({ unknown: 1 }), /more than a preview needs/);
    assert.match(
      await run({ verb: "detach", uri: "qemu:///system", domain: "guarded", xml: "<disk/>" }, "devices"),
      /refuses this/,
    );
    assert.match(
      await run({ verb: "read", domains: [{ uri: "qemu:///system", domain: "--help" }] }, "devices"),
      /its domains are no names/,
    );
    assert.match(await run({ patch: "", lose: ["../../../etc"] }, "simulate"), /its nodes are no names/);
    assert.equal(
      await run(
        {
          needs: [
            ["file", ["/etc/shadow"]],
            ["net", ["lo"]],
          ],
        },
        "lacking",
      ),
      "run",
      "that a file is there is told",
    );
    for (const needs of [[["run", ["id"]]], [["file", [1]]], [["file", ["/a"], "more"]], "x"]) {
      assert.match(await run({ needs }, "lacking"), /refuses this: its needs are/);
      assert.match(await run({ xmls: [], needs }, "validate"), /refuses this: its needs are/);
    }
    assert.match(
      await run({ vm: "guarded", operation: "start", nodes: nodes() }, "reasons"),
      /refuses this: the program changes something/,
      "logs are no business of a preview",
    );
    assert.match(await run({ operations: [] }, "storage"), /refuses this: the program changes something/);
    assert.match(
      await run({ nodes: nodes(), make: false }, "authkey"),
      /refuses this/,
      "the key of pacemaker-remote is no business of a preview",
    );
    const argv = ["/usr/bin/python3", "-I", "-"];
    const stdin = 'print(open("/etc/shadow").read())\n\nbegin_watch(70)\nmain("e30=")\n';
    await assert.rejects(runner.run({ argv, stdin }), /refuses this/);
  });

  it("ends what nobody waits for any more", async () => {
    const asked = runProgram(runner, "inventory", {}, { timeoutMs: 5, readOnly: true });
    await assert.rejects(asked, /did not end before its deadline/);
    // Programs that the guard has let through read themselves from memory; those of others come from a pipe.
    const script =
      'for each in $(pgrep -u root -f "^/usr/bin/python3 -I -$"); do readlink /proc/$each/fd/0; done | grep memfd:program';
    assert.equal(
      (
        await eventually(
          () => tryOn("node1", "sh", "-c", script),
          ({ text }) => text === "",
          5,
        )
      ).text,
      "",
    );
  });
});
