// What the command line prints, and what it offers to a shell that completes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { candidates } from "../../../sdk/dist/cli/candidates.js";
import { SHARED } from "../../../sdk/dist/cli/connection.js";
import { Progress, pythonList, pythonText } from "../../../sdk/dist/cli/print.js";
import { VERBS } from "../../../sdk/dist/cli/verbs.js";

const CLI = join(import.meta.dirname, "..", "..", "..", "sdk", "bin", "seapath.js");

describe("what the command line prints", () => {
  it("has lists as Python prints them", () => {
    const texts = ["a", "it's", 'say "hi"', "both ' and \"", "back\\slash", "line\nbreak", "tab\t", "\u0007", "é€😀", "\u00a0"];
    const python = execFileSync("/usr/bin/python3", ["-I", "-c", "import json, sys; sys.stdout.buffer.write(repr(json.load(sys.stdin)).encode())"], { input: JSON.stringify(texts) });
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
      const text = execFileSync("bash", ["--norc", "-c", script], { env: { PATH: process.env["PATH"] ?? "" }, stdio: ["ignore", "pipe", "inherit"] }).toString();
      assert.equal(text, "stop|\na file.xml|\nbash|zsh|fish|\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
