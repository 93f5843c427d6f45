// Ctrl-C, a killed provider, a cut SSH link, while something runs on a node: it does not run on there for nobody.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ConnectionError, createRunner, readSettings } from "../../provider/dist/transport/index.js";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { said } from "../said.ts";
import { eventually, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { commandLine, family } from "./support/processes.ts";
import { OwnSshd, type Stall } from "./support/sshd.ts";
import { TestStack } from "./support/stack.ts";
import { dropUser, hardenedSudoers, makeUser } from "./support/users.ts";
import { tick } from "./support/vms.ts";

const { runLong } = createRequire(import.meta.url)(
  "../../provider/dist/cluster/program.js",
) as typeof import("../../provider/dist/cluster/program.js");

/** A tick guest whose image has 4 MiB more of what cannot be passed over, for an import that takes a while. */
const IMAGE = "/var/lib/seapath/images/opsslow.raw";
const MAKE = `qemu-img convert -O raw /var/lib/seapath/images/tick.qcow2 ${IMAGE} && head -c 4194304 /dev/urandom >> ${IMAGE}`;

/** `pulumi up`, in a process group of its own, as a shell gives it one. */
class Run {
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;
  text = "";

  constructor(stack: string, environment: Record<string, string>) {
    const argv = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack];
    const cwd = join(import.meta.dirname, "program");
    this.#child = spawn("pulumi", argv, { cwd, env: { ...pulumiEnvironment(), ...environment }, detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk: Buffer) => (this.text += chunk.toString()));
    this.ended = new Promise((resolve) => this.#child.on("close", resolve));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What Ctrl-C does in a terminal. */
  interrupt(): void {
    process.kill(-this.pid, "SIGINT");
  }

  /** For a test that has failed and left it. */
  async end(): Promise<void> {
    if (this.#child.exitCode === null) for (const pid of family(this.pid)) process.kill(pid, "SIGKILL");
    await this.ended;
  }

  kill(which: (line: string) => boolean): void {
    const found = family(this.pid).filter((pid) => which(commandLine(pid)));
    assert.notDeepEqual(found, []);
    for (const pid of found) process.kill(pid, "SIGKILL");
  }
}

const importing = (programs: string[]) => programs.some((line) => /^\S*qemu-img convert -r/.test(line));
const reading = (programs: string[]) => programs.some((line) => /^sleep 1000/.test(line));
const SLEEP = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("interrupted", function () {
  this.timeout(180_000);
  const name = "opscut";
  // One for each test: what a run that was killed leaves is what killed.test.ts looks at, and is taken away at the end.
  const names = ["opscuta", "opscutb", "opscutc", "opscutd", "opscute"];
  let sshd: OwnSshd;
  let stack: TestStack;
  let run: Run | undefined;

  before(async () => {
    sshd = await OwnSshd.start("node2", 2231, name);
    await on("node2", "sh", "-c", MAKE);
    stack = await TestStack.make(name, sshd.environment);
  });
  afterEach(async () => {
    await sshd.goOn();
    await run?.end();
    run = undefined;
    await stack.unlock();
  });
  after(async () => {
    await stack.destroy();
    for (const vm of names)
      await on(
        "node1",
        "sh",
        "-c",
        `rbd group remove ${vm}; rbd info system_${vm} >/dev/null 2>&1 || exit 0; for try in 1 2 3 4 5 6 7 8 9; do rbd rm --no-progress system_${vm} 2>/dev/null && exit; sleep 5; done; exit 1`,
      );
    for (const vm of names) assert.deepEqual(await traces(vm), []);
    await on("node2", "rm", IMAGE);
    await sshd.end();
  });

  /** Starts an `up` and returns when it does what is stalled. */
  async function begin(what: Stall, vm: string): Promise<Run> {
    await stack.configure({ [vm]: tick({ source: { nodePath: IMAGE } }) });
    await sshd.stall(what);
    const started = (run = new Run(name, sshd.environment));
    const seen = what === "inventory" ? reading : importing;
    const programs = await eventually(() => sshd.programs(), seen);
    assert.ok(seen(programs), `${programs.join("\n")}\n${started.text}`);
    return started;
  }

  async function interruptTwice(run: Run): Promise<void> {
    run.interrupt();
    await SLEEP(1000);
    run.interrupt();
    await run.ended;
  }

  async function nothingRunsOn(): Promise<void> {
    assert.deepEqual(
      await eventually(
        () => sshd.programs(),
        (programs) => programs.length === 0,
        10,
      ),
      [],
    );
  }

  // Tried: Ctrl-C twice while the cluster is read → the node's programs end within a second, and what they have started
  it("by Ctrl-C twice while the cluster is read", async () => {
    const run = await begin("inventory", "opscuta");
    await interruptTwice(run);
    await nothingRunsOn();
  });

  // Tried: Ctrl-C twice in an import → the run ends at once, and within a second so does qemu-img on the node
  it("by Ctrl-C twice in an import: it ends at once", async () => {
    const run = await begin("import", "opscutb");
    await interruptTwice(run);
    await nothingRunsOn();
  });

  // Tried: the provider is killed in an import → nothing runs on on the node
  it("by kill -9 of the provider in an import", async () => {
    const run = await begin("import", "opscutc");
    run.kill((line) => line.includes("dynamic-provider"));
    await run.ended;
    await nothingRunsOn();
  });

  // Tried: the SSH link ends in an import → qemu-img is ended, the error says what could not be told, nothing is left
  it("by the end of the SSH link in an import: the run says so, and has taken back what it made", async () => {
    const run = await begin("import", "opscutd");
    await sshd.cut();
    assert.notEqual(await run.ended, 0);
    said(run.text);
    assert.match(
      run.text,
      /Unable to create VM "opscutd" on .*Unable to tell how qemu-img convert to system_opscutd ended/s,
    );
    await nothingRunsOn();
    assert.deepEqual(await stack.recorded(), []);
    assert.deepEqual(await traces("opscutd"), []);
  });

  // Tried: Ctrl-C once → Pulumi lets what is under way come to its end, and records it
  it("by Ctrl-C once in an import: it ends in order, and is recorded", async () => {
    const run = await begin("slow import", "opscute");
    run.interrupt();
    await run.ended;
    await nothingRunsOn();
    assert.deepEqual(await stack.recorded(), ["opscute"], run.text);
    assert.equal((await qemu("opscute")).length, 1);
  });

  for (const terminal of [false, true])
    // Tried: the SSH link ends, for a user who is root by sudo → root's programs are ended as well
    it(`by the end of the SSH link, for a user who is root by sudo${terminal ? ", which wants a terminal" : ""}`, async () => {
      const [user, seconds] = [`opssudo${randomInt(1e5, 1e6)}`, `3${randomInt(1e5, 1e6)}`];
      const running = async () => (await tryOn("node2", "pgrep", "-f", `^sleep ${seconds}`)).text;
      await makeUser("node2", user, { sudoers: hardenedSudoers(user, { terminal }) });
      const runner = createRunner(
        readSettings(() => undefined, {
          ...pulumiEnvironment(),
          ...sshd.environment,
          SEAPATH_USER: user,
          SEAPATH_SUDO: "true",
        }),
      );
      try {
        const failure = assert.rejects(
          runLong(runner, { argv: ["sleep", seconds], timeoutMs: 120_000 }),
          ConnectionError,
        );
        assert.notEqual(await eventually(running, (pids) => pids !== ""), "");
        await sshd.cut();
        await failure;
        assert.equal(await eventually(running, (pids) => pids === "", 10), "");
      } finally {
        runner.close();
        await dropUser("node2", user);
      }
    });
});
