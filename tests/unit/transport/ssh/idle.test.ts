import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { Bench, type Sshd } from "./sshd.ts";

describe("a program that is done", function () {
  this.timeout(20_000);
  const bench = new Bench();
  let sshd: Sshd;
  before(async () => {
    sshd = await bench.sshd();
  });
  after(() => bench.end());

  const inChild = (body: string): Promise<{ code: number | null; stdout: string; stderr: string }> => {
    const transport = new URL("../../../../provider/dist/transport/index.js", import.meta.url);
    const script = `
      import transport from ${JSON.stringify(transport.href)};
      const { createRunner, readSettings } = transport;
      const runner = createRunner(readSettings(() => undefined, process.env));
      ${body}`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      env: {
        PATH: process.env.PATH,
        HOME: bench.folder,
        SEAPATH_HOSTS: sshd.address,
        SEAPATH_KNOWN_HOSTS: sshd.knownHosts,
        SEAPATH_PRIVATE_KEY_FILE: bench.key,
      },
      timeout: 15_000,
    });
    const out = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (out.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (out.stderr += chunk.toString()));
    return new Promise((resolve) => child.on("close", (code) => resolve({ code, ...out })));
  };

  it("ends by itself though the connection is kept", async () => {
    const begun = Date.now();
    const { code, stdout, stderr } = await inChild(`
      console.log((await runner.run({ argv: ["echo", "hello"] })).stdout.trim(), runner.node !== undefined);`);
    assert.deepEqual([code, stdout, stderr], [0, "hello true\n", ""]);
    assert.ok(Date.now() - begun < 5_000);
  });

  it("stays while a program runs on the node", async () => {
    const { code, stdout } = await inChild(`
      await runner.run({ argv: ["true"] });
      void runner.run({ argv: ["sh", "-c", "sleep 1; echo late"] }).then(({ stdout }) => console.log(stdout.trim()));`);
    assert.deepEqual([code, stdout], [0, "late\n"]);
  });

  it("ends with a deadline that was met", async () => {
    const { code, stdout } = await inChild(`
      await runner.run({ argv: ["sleep", "20"], timeoutMs: 300 }).catch((error) => console.log(error.timedOut));`);
    assert.deepEqual([code, stdout], [0, "true\n"]);
  });
});
