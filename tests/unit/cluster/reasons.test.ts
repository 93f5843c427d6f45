// What the logs of a node say of a start that failed, and what a node lacks: the real programs, by this machine's Python.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import type { Command } from "../../../provider/dist/transport/types.js";
import { CibFile, cluster, fixture } from "./fixtures.ts";
import { LocalRunner } from "./local.ts";

const { readLacking } = createRequire(import.meta.url)(
  "../../../provider/dist/cluster/lacking.js",
) as typeof import("../../../provider/dist/cluster/lacking.js");

/** When the start of fxfail on node1 began, as the fixture's CIB says. */
const BEGUN = 1795486689;
const VM = "fxfail";

/** The programs with the logs and settings of a folder in the place of the node's. */
class Rooted extends LocalRunner {
  readonly root: string;
  constructor(root: string, environment: NodeJS.ProcessEnv) {
    super(environment);
    this.root = root;
  }
  override run(command: Command) {
    return super.run({
      ...command,
      stdin: String(command.stdin).replace(/"\/(var\/log|etc\/default|etc\/sysconfig)\//g, `"${this.root}/$1/`),
    });
  }
}

describe("what a node's logs say of a start that failed", () => {
  let cib: CibFile;
  let runner: Rooted;
  beforeEach(() => {
    cib = new CibFile(fixture("cib.xml").replaceAll('"node1"', `"${hostname()}"`));
    const bin = join(cib.folder, "bin");
    mkdirSync(bin);
    write(
      "bin/journalctl",
      '#!/bin/sh\nprintf \'%s\\n\' "$*" >> "$0.asked"\n[ ! -e "$0.$(echo "$*" | grep -o \'unit=[a-z]*\' | head -1)" ] || cat "$0.$(echo "$*" | grep -o \'unit=[a-z]*\' | head -1)"\n',
      0o755,
    );
    runner = new Rooted(cib.folder, { ...cib.environment, TZ: "UTC", PATH: `${bin}:${process.env["PATH"]}` });
  });
  afterEach(() => cib.end());

  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(cib.folder, path)), { recursive: true });
    writeFileSync(join(cib.folder, path), text, { mode });
  };
  const ask = (vm = VM) => cluster.readReasons(runner, vm, "start", [hostname()]);
  const stamp = (seconds: number) => new Date((BEGUN + seconds) * 1000);
  /** A line of Pacemaker's log, so many seconds after the start began. */
  const logged = (seconds: number, text: string) => {
    const [, month, day, , time] = stamp(seconds)
      .toUTCString()
      .replace(/^\w+, (\d+) (\w+)/, "x $2 $1")
      .split(" ");
    return `${month} ${day} ${time} ${hostname()} pacemaker-execd     [123] (log_op_output) \tnotice: ${text}\n`;
  };
  const said = (seconds: number, text: string, operation = `${VM}_start_0`) =>
    logged(seconds, `${operation}[77] error output [ ${text} ]`);
  const LOG = "var/log/pacemaker/pacemaker.log";

  it("is what the agent printed as an error in Pacemaker's log, of that VM and since that start began", async () => {
    write(
      LOG,
      [
        said(-60, "error: of an earlier start"),
        logged(0, `executing - rsc:${VM} action:start call_id:7`),
        said(1, `ocf-exit-reason:Failed to start virtual domain ${VM}.`),
        said(1, `error: Failed to create domain from /etc/pacemaker/${VM}.xml`),
        said(1, "error: Cannot get interface MTU on 'nosuchbridge': No such device"),
        said(1, ""),
        said(1, `VirtualDomain(${VM})[77]: 2026/11/24_02:18:10 INFO: quiet`),
        said(1, "error: of another VM", `my-${VM}_start_0`),
        said(1, "error: of a stop", `${VM}_stop_0`),
        said(1, "error: Cannot get interface MTU on 'nosuchbridge': No such device"),
      ].join(""),
    );
    assert.deepEqual(await ask(), [
      {
        node: hostname(),
        place: join(cib.folder, LOG),
        lines: ["Cannot get interface MTU on 'nosuchbridge': No such device"],
      },
    ]);
    write(LOG, said(1, "error: internal error: process exited: 2026-11-27T15:14:49.907976Z qemu-system-x86_64: no"));
    assert.deepEqual((await ask())[0]?.lines, ["internal error: process exited: qemu-system-x86_64: no"]);
    write(LOG, said(1, "error: Failed to create domain from x"));
    assert.deepEqual((await ask())[0]?.lines, ["Failed to create domain from x"]);
  });

  it("is where Pacemaker's settings say that its log is, or in the journal when that says nothing", async () => {
    write("etc/default/pacemaker", `# PCMK_logfile=/nowhere\nPCMK_logfile="${cib.folder}/elsewhere.log"\n`);
    write("elsewhere.log", said(1, "error: elsewhere"));
    write(LOG, said(1, "error: not looked at"));
    assert.deepEqual(
      (await ask()).map(({ place, lines }) => [place, lines]),
      [[join(cib.folder, "elsewhere.log"), ["elsewhere"]]],
    );
    write("etc/default/pacemaker", "PCMK_logfile=none\n");
    write(
      "bin/journalctl.unit=pacemaker",
      `no json\n{"MESSAGE":"x"}\n{"MESSAGE":null}\n{"MESSAGE":[${[...Buffer.from(` notice: ${VM}_start_0[9] error output [ error: caf\xe9 ]`, "latin1")].join()}]}\n`,
    );
    assert.deepEqual(
      (await ask()).map(({ place, lines }) => [place, lines]),
      [["journalctl -u pacemaker", ["caf\ufffd"]]],
    );
  });

  it("is else what QEMU said, without its command line, or a daemon of libvirt's that names the VM", async () => {
    const [before, after] = [stamp(-9).toISOString(), stamp(1).toISOString()];
    const header = (at: string) =>
      `${at.replace("T", " ").replace("Z", "+0000")}: starting up libvirt version: 9.0.0\n/usr/bin/qemu-system-x86_64 \\\n-object '{"qom-type":"secret","data":"hidden=="}' \\\n-vnc 0.0.0.0:0,password=hidden\n`;
    write(
      `var/log/libvirt/qemu/${VM}.log`,
      `${header(before)}${before} qemu-system-x86_64: old\n${header(after)}${after} qemu-system-x86_64: -device x: gone\n${after} qemu-system-x86_64: terminating on signal 15 from pid 1\n`,
    );
    assert.deepEqual(
      (await ask()).map(({ place, lines }) => [place, lines]),
      [[join(cib.folder, `var/log/libvirt/qemu/${VM}.log`), ["-device x: gone"]]],
    );
    write(`var/log/libvirt/qemu/${VM}.log`, header(after));
    const at = after.replace("T", " ").replace("Z", "+0000");
    write(
      "var/log/libvirt/libvirtd.log",
      `${at}: 1: error : qemuX:9 : domain '${VM}' no\n${at}: 1: info : qemuX:9 : domain '${VM}'\n${at}: 1: error : qemuX:9 : domain 'other${VM}' no\n`,
    );
    assert.deepEqual((await ask())[0]?.lines, [`domain '${VM}' no`]);
  });

  it("is short, and has no secret in it", async () => {
    write(LOG, Array.from({ length: 30 }, (_, at) => said(1, `error: ${at} ${"x".repeat(5_000)}`)).join(""));
    const [{ lines } = { lines: [] }] = await ask();
    assert.deepEqual(
      lines.map((each) => [each.length, each.split(" ")[0]]),
      [
        [300, "26"],
        [300, "27"],
        [300, "28"],
        [300, "29"],
      ],
    );
    write(
      LOG,
      [
        said(1, `error: <graphics type='vnc' passwd='my secret word' port='1'/>`),
        said(1, "error: -vnc :1,password=hunter2,x=y"),
        said(1, 'error: passphrase "a b'),
        said(1, "error: Secret not found: no secret matches uuid 'abc' at http://me:hunter2@host/"),
      ].join(""),
    );
    assert.deepEqual((await ask())[0]?.lines, [
      "<graphics type='vnc' passwd=******** port='1'/>",
      "-vnc :1,password=********,x=y",
      "passphrase ********",
      "Secret not found: no secret matches uuid 'abc' at http://********@host/",
    ]);
  });

  it("is nothing where there is no log, of another node, and of a start that Pacemaker has forgotten", async () => {
    assert.deepEqual(await ask(), []);
    write(LOG, said(1, "error: there"));
    assert.equal((await ask()).length, 1);
    assert.deepEqual(await cluster.readReasons(runner, VM, "start", ["node2"]), []);
    assert.deepEqual(await ask("fxrun"), []);
    assert.deepEqual(await cluster.readReasons(runner, "../x", "start", [hostname()]), []);
  });
});

describe("what a node lacks", () => {
  it("is network devices and files that are not there, by any of their names; what may not be looked at is not known", async () => {
    const needs = [
      ["net", "lo"],
      ["net", "nosuchbridge"],
      ["net", "../net/lo"],
      ["net", ""],
      ["file", "/etc/hostname"],
      ["file", "/no\u00e9 such"],
      ["file", "/etc/hostname/x"],
      ["file", "/a\0b"],
      ["file", "/none", "/etc"],
    ].map(([kind, ...names]) => ({ kind: kind as "net" | "file", names }));
    const found = await readLacking(new LocalRunner(process.env), needs);
    assert.deepEqual([...found.keys()], [hostname()]);
    assert.deepEqual(
      found.get(hostname())?.map(({ names }) => names[0]),
      ["nosuchbridge", "../net/lo", "", "/no\u00e9 such", "/etc/hostname/x"],
    );
  });
});
