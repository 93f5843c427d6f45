// What the command line prints, and what it offers to a shell that completes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { candidates } from "../../../sdk/dist/cli/candidates.js";
import { SHARED } from "../../../sdk/dist/cli/connection.js";
import { clusterLines, listLines } from "../../../sdk/dist/cli/looking.js";
import { Progress, pythonList, pythonText, terminalOf } from "../../../sdk/dist/cli/print.js";
import { VERBS } from "../../../sdk/dist/cli/verbs.js";

const CLI = join(import.meta.dirname, "..", "..", "..", "sdk", "bin", "seapath.js");

describe("what the command line prints", () => {
  it("has lists as Python prints them", () => {
    const texts = [
      "a",
      "it's",
      'say "hi"',
      "both ' and \"",
      "back\\slash",
      "line\nbreak",
      "tab\t",
      "\u0007",
      "é€😀",
      "\u00a0",
    ];
    const python = execFileSync(
      "/usr/bin/python3",
      ["-I", "-c", "import json, sys; sys.stdout.buffer.write(repr(json.load(sys.stdin)).encode())"],
      { input: JSON.stringify(texts) },
    );
    assert.equal(pythonList(texts), python.toString("utf8"));
    assert.equal(pythonList([]), "[]");
    assert.equal(pythonText("owner"), "'owner'");
  });

  it("writes progress over one line on a terminal, and elsewhere a line now and then", () => {
    const lines = (options: { isTTY?: boolean; often?: boolean }) => {
      let text = "";
      let now = 0;
      const out = { ...(options.isTTY ? { isTTY: true } : {}), write: (more: string) => (text += more) };
      const progress = new Progress({ out, now: () => now, often: options.often ?? false });
      for (let percent = 0; percent <= 100; percent += 20) {
        now += 8_000;
        progress.report(`web01: importing: ${percent} %`);
      }
      progress.report("web01: Starting on node1");
      progress.end();
      return text;
    };
    assert.equal(lines({}), "web01: importing: 60 %\nweb01: Starting on node1\n");
    assert.equal(lines({ often: true }).split("\n").length, 8);
    assert.match(lines({ isTTY: true }), /\r\u001b\[Kweb01: importing: 100 %\r\u001b\[Kweb01: Starting on node1\n$/);
  });
});

describe("what is looked at on a terminal", () => {
  const vms = Array.from({ length: 9 }, (_, index) => `substation${index}`);
  const node = (name: string, here: string[]) => ({
    name,
    role: "hypervisor" as const,
    online: true,
    standby: false,
    maintenance: true,
    unclean: false,
    vcpus: 16,
    memoryBytes: 64 * 1024 ** 3,
    vms: here,
  });
  const cluster: Parameters<typeof clusterLines>[0] = {
    nodes: [node("node1", vms), node("node2", [])],
    guestNodes: [{ name: "guest1", online: true, vm: "guestvm" }],
    machines: 2,
    oddMachines: false,
    migrationUser: "libvirtadmin",
    quorum: true,
    maintenance: false,
    dc: "node1",
    storage: { availableBytes: 1024 ** 3, totalBytes: 2 * 1024 ** 3 },
    versions: { pacemaker: "2.1.5", libvirt: "9.0.0", qemu: "7.2.0", ceph: "16.2.15", corosync: "3.1.7" },
  } as unknown as Parameters<typeof clusterLines>[0];
  const list = [
    { name: "averyverylongname".repeat(3), status: "Stopped (disabled)", node: "node1" },
    { name: "web01", status: "Started", node: "node2" },
  ] as unknown as Parameters<typeof listLines>[0];

  it("is never wider than it, and loses nothing", () => {
    for (const columns of [80, 60]) {
      for (const lines of [
        clusterLines(cluster, { columns, color: false }),
        listLines(list, { columns, color: false }),
      ]) {
        for (const line of lines) assert.ok(line.length <= columns, `${columns}: ${line}`);
      }
      const text = clusterLines(cluster, { columns, color: false }).join("\n");
      for (const word of [...vms, "guest1", "corosync", "3.1.7", "maintenance"]) assert.match(text, new RegExp(word));
    }
  });

  it("is a line for each, whatever its length, in a file or a pipe", () => {
    assert.deepEqual(listLines(list, terminalOf({})), [
      `${"averyverylongname".repeat(3)}  Stopped (disabled)  node1`,
      `web01${" ".repeat(46)}  Started             node2`,
    ]);
    const lines = clusterLines(cluster, terminalOf({ columns: 20 }));
    assert.equal(lines.length, 8);
    assert.deepEqual(lines.slice(3, 6), [
      "machines: 2, an even number: SEAPATH wants an odd one, by another hypervisor or an observer",
      "quorum: yes; DC: node1",
      "live migration: as libvirtadmin",
    ]);
    assert.match(
      lines[0] ?? "",
      /^node1 {2}hypervisor {2}online maintenance {2}16 vCPUs {2}64\.0 GiB {2}substation0 .* substation8$/,
    );
  });

  it("is no place for a cluster's escape sequences", () => {
    const told = listLines(
      [{ name: "web\u001b[31m", status: "Started" }] as unknown as Parameters<typeof listLines>[0],
      { columns: 80, color: true },
    ).join("");
    assert.doesNotMatch(told, /\u001b/);
  });
});

describe("progress on a terminal", () => {
  it("is never wider than it, since a line that goes on below could not be written over", () => {
    let text = "";
    const progress = new Progress({ out: { isTTY: true, columns: 20, write: (more: string) => (text += more) } });
    progress.report("a-vm-with-a-long-name: importing: 20 %");
    assert.equal(text, "\r\u001b[Ka-vm-with-a-long-na");
    progress.report("a sentence stays as it is, however long");
    assert.match(text, /\r\u001b\[Ka sentence stays as it is, however long\n$/);
  });
});

describe("completion", () => {
  const vms = () => Promise.resolve(["web01", "web02", "db01"]);
  const offered = async (...words: string[]) =>
    (await candidates(VERBS, SHARED, words, vms)).map((each) => (each === "files" ? "files" : each.word));

  it("offers verbs, also behind options about the cluster", async () => {
    assert.deepEqual(await offered("st"), ["start", "stop", "status"]);
    assert.deepEqual(await offered("--hosts", "a,b", "-v", "ado"), ["adopt"]);
    assert.deepEqual(await offered("--cl"), ["--cluster"]);
  });

  it("offers the options of the verb that are not given yet", async () => {
    assert.deepEqual(await offered("stop", "-n", "web01", "--"), ["--force", ...SHARED.map(({ name }) => `--${name}`)]);
    assert.deepEqual(await offered("create", "--metadata", "a=1", "--pri"), ["--priority", "--private-key-file"]);
  });

  it("offers VMs, files, and the values that an option may have", async () => {
    assert.deepEqual(await offered("stop", "-n", "we"), ["web01", "web02"]);
    assert.deepEqual(await offered("console", ""), ["web01", "web02", "db01"]);
    assert.deepEqual(await offered("adopt", "web01", "d"), ["db01"]);
    assert.deepEqual(await offered("create", "--image", ""), ["files"]);
    assert.deepEqual(await offered("create", "--disk-bus", "s"), ["scsi", "sata"]);
    assert.deepEqual(await offered("completion", ""), ["bash", "zsh", "fish"]);
    assert.deepEqual(await offered("create", "--priority", ""), []);
  });

  it("is what bash asks for", function () {
    this.timeout(20_000);
    const folder = mkdtempSync(join(tmpdir(), "seapath-completion-"));
    try {
      writeFileSync(join(folder, "seapath"), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
      writeFileSync(join(folder, "a file.xml"), "");
      chmodSync(join(folder, "seapath"), 0o755);
      const script = `cd '${folder}'; PATH="$PWD:$PATH"; source <(seapath completion bash)
        ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _seapath; printf '%s|' "\${COMPREPLY[@]}"; echo; }
        ask seapath sto; ask seapath create --xml "a "; ask seapath completion ''`;
      const text = execFileSync("bash", ["--norc", "-c", script], {
        env: { PATH: process.env["PATH"] ?? "" },
        stdio: ["ignore", "pipe", "inherit"],
      }).toString();
      assert.equal(text, "stop|\na file.xml|\nbash|zsh|fish|\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
