/** The path to the cluster: as it is, or with more latency. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readLab } from "../lab/index.ts";
import type { Setting } from "./options.ts";
import { run } from "./run.ts";

const root = join(import.meta.dirname, "..");

export interface Way {
  /** The provider's only settings for the nodes. */
  environment: Record<string, string>;
  /** The ssh options for reaching the first node. */
  ssh: string[];
  /** Restores the original state. */
  close(): Promise<void>;
}

/** A description of the setting. */
export const wayWords = (setting: Setting, latency: number): string =>
  ({
    near: "Without added latency",
    far: `With ${latency} ms for a round trip from here to the nodes`,
    wide: `With ${latency} ms for a round trip from here to the nodes and twice that between them, Ceph ${latency} ms from each`,
  })[setting];

/** Opens the path of a setting. */
export async function openWay(setting: Setting, latency: number): Promise<Way> {
  const lab = readLab();
  const known = ["-o", `UserKnownHostsFile=${lab.knownHostsFile}`, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"];
  const login = ["-F", "none", "-i", lab.privateKeyFile, ...known];
  const [first] = lab.nodes;
  if (first === undefined) throw new Error("the lab has no node");
  const environment = {
    SEAPATH_HOSTS: lab.nodes.map(({ address }) => address).join(","),
    SEAPATH_USER: "root",
    SEAPATH_PRIVATE_KEY_FILE: lab.privateKeyFile,
    SEAPATH_KNOWN_HOSTS_FILE: lab.knownHostsFile,
    SEAPATH_SSH_CONFIG_FILE: "none",
  };
  const straight = { environment, ssh: [...login, `root@${first.address}`] };
  if (setting === "near") return { ...straight, close: () => Promise.resolve() };
  if (setting === "wide") {
    const { latency: before, loss } = lab.options;
    const link = (ms: number) =>
      run([process.execPath, join(root, "lab/cli.ts"), "link", "--latency", String(ms), "--loss", String(loss)]);
    await link(latency);
    return { ...straight, close: () => link(before).then(() => undefined) };
  }
  const relays = await Promise.all(lab.nodes.map(({ address }) => Relay.to(address, latency / 2)));
  const keys = readFileSync(lab.knownHostsFile, "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const lines = lab.nodes.flatMap(({ name, address }, index) =>
    keys
      .filter(([hosts]) => [name, address].some((each) => hosts?.split(",").includes(each)))
      .map(([, ...key]) => `[127.0.0.1]:${relays[index]?.port} ${key.join(" ")}`),
  );
  return {
    environment: {
      ...environment,
      SEAPATH_HOSTS: relays.map(({ port }) => `127.0.0.1:${port}`).join(","),
      SEAPATH_KNOWN_HOSTS_FILE: "",
      SEAPATH_KNOWN_HOSTS: [...new Set(lines)].join("\n"),
    },
    ssh: [...login, "-o", `HostKeyAlias=${first.address}`, "-p", String(relays[0]?.port), "root@127.0.0.1"],
    close: async () => void (await Promise.all(relays.map((relay) => relay.close()))),
  };
}

/** Relays a local port in both directions, with a delay. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(host: string, delayMs: number, port = 22): Promise<Relay> {
    const server = createServer({ allowHalfOpen: true });
    const relay = new Relay(server);
    server.on("connection", (near) => {
      const far = connect({ port, host, allowHalfOpen: true });
      relay.#join(near, far, delayMs);
      relay.#join(far, near, delayMs);
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #join(from: Socket, to: Socket, delayMs: number): void {
    this.#sockets.add(from);
    from.setNoDelay();
    // Timers of equal length fire in the order in which they started.
    from.on("data", (chunk) => setTimeout(() => to.writable && to.write(chunk), delayMs));
    from.on("end", () => setTimeout(() => to.end(), delayMs));
    from.on("error", () => to.destroy());
    from.on("close", () => this.#sockets.delete(from));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
