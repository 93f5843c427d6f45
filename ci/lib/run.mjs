// @ts-check
// Runs a program to its end.
import { spawn } from "node:child_process";
import { signal as send, watch } from "./temporary.mjs";

/** The most output to keep. A preview of a thousand VMs has some tens of millions of characters. */
const MOST = 512 * 1024 * 1024;

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 * @throws {Error} if it cannot be started
 */
export function run(program, args, { cwd, env }) {
  return new Promise((resolve, reject) => {
    // Use a separate process group, so that what it started ends with it.
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    watch(child);
    /** @type {Record<"stdout" | "stderr", Buffer[]>} */
    const said = { stdout: [], stderr: [] };
    let length = 0;
    for (const stream of /** @type {const} */ (["stdout", "stderr"])) {
      child[stream].on("data", (/** @type {Buffer} */ chunk) => {
        length += chunk.length;
        if (length > MOST) send(child, "SIGTERM");
        said[stream].push(chunk);
      });
    }
    child.on("error", (cause) => reject(new Error(`Unable to run ${program}: ${cause.message}`, { cause })));
    child.on("close", (code, signal) => {
      if (signal !== null) return reject(new Error(`${program} ${args[0] ?? ""} was ended by ${signal}`));
      const text = { stdout: Buffer.concat(said.stdout).toString(), stderr: Buffer.concat(said.stderr).toString() };
      resolve({ code: code ?? 1, ...text });
    });
  });
}
