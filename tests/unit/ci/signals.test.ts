// A job that is cancelled leaves nothing: no log of events, no program. What runs in Pulumi's stead writes as it does, and starts others.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";

const SCRIPT = join(import.meta.dirname, "../../../ci/seapath-ci.mjs");

/** It says its and its child's pid, and what it found; it ends by itself when it is asked to, or does not. */
const pulumi = (stubborn: boolean) => `#!${process.execPath}
const fs = require("node:fs"), { spawn } = require("node:child_process"), args = process.argv.slice(2);
if (args[0] === "stack") console.log("prod");
else if (args[0] === "config") console.log("{}");
else {
  const file = args[args.indexOf("--event-log") + 1];
  fs.writeFileSync(file, "hunter2");
  ${stubborn ? 'process.on("SIGTERM", () => fs.appendFileSync(file, "more"));' : ""}
  const child = spawn(process.execPath, ["-e", ${stubborn ? "'process.on(\"SIGTERM\", () => {}); setInterval(() => {}, 1000)'" : "'setInterval(() => {}, 1000)'"}], { stdio: "ignore" });
  fs.writeFileSync(process.env.SAYS + ".new", JSON.stringify({ file, pids: [process.pid, child.pid] }));
  fs.renameSync(process.env.SAYS + ".new", process.env.SAYS);
  setInterval(() => {}, 1000);
}
`;

const lives = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));

async function until(done: () => boolean): Promise<void> {
  for (const began = Date.now(); !done();) {
    assert.ok(Date.now() - began < 20_000, "it takes too long");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

describe("a cancelled CI job", () => {
  for (const [signal, stubborn] of [
    ["SIGINT", false],
    ["SIGTERM", false],
    ["SIGHUP", false],
    ["SIGTERM", true],
  ] as const) {
    it(`leaves nothing after ${signal}${stubborn ? ", also of a program that does not end by itself" : ""}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "seapath-signals-"));
      try {
        for (const name of ["bin", "tmp"]) mkdirSync(join(folder, name));
        writeFileSync(join(folder, "bin", "pulumi"), pulumi(stubborn), { mode: 0o755 });
        writeFileSync(join(folder, "Pulumi.yaml"), "name: grid\n");
        const says = join(folder, "says");
        const env = {
          PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
          RUNNER_TEMP: join(folder, "tmp"),
          SAYS: says,
        };
        const job = spawn(process.execPath, [SCRIPT, "preview", "--cwd", folder, "--out", join(folder, "out")], {
          env,
          stdio: "ignore",
        });
        const ended = once(job, "exit");
        await until(() => existsSync(says));
        const { file, pids } = JSON.parse(readFileSync(says, "utf8")) as { file: string; pids: number[] };
        assert.equal(statSync(file).mode & 0o777, 0o600);
        assert.equal(statSync(join(file, "..")).mode & 0o777, 0o700);
        assert.ok(pids.every(lives));
        job.kill(signal);
        assert.deepEqual(await ended, [128 + constants.signals[signal], null]);
        assert.deepEqual(readdirSync(join(folder, "tmp")), []);
        await until(() => !pids.some(lives));
      } finally {
        rmSync(folder, { recursive: true });
      }
    }).timeout(40_000);
  }
});
