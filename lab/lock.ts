/** One change of the lab at a time. */
import { createServer, type Server } from "node:net";

import { apart, labDir, LabError } from "./config.ts";
import { say, sleep } from "./run.ts";

const listen = (name: string): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => resolve(server));
  });

/**
 * One name for all labs on this machine's network, because they use the same addresses there; a separate one for every
 * other lab.
 */
const lock = `\0pulumi-seapath-lab${apart ? ` ${labDir}` : ""}`;

/**
 * Does something while no other command of this lab does. The lock is an abstract socket: it is not a file, it ends
 * with its process in any case, and child processes do not inherit it.
 */
export async function locked<T>(work: () => Promise<T>): Promise<T> {
  let server = await listen(lock);
  if (server === undefined) say("another lab command is running; waiting for it");
  for (let tries = 0; server === undefined; tries++) {
    if (tries > 900) throw new LabError("another lab command has been running for three minutes");
    await sleep(200);
    server = await listen(lock);
  }
  try {
    return await work();
  } finally {
    server.close();
  }
}
