/**
 * Pulumi's own host of dynamic providers, started in a program's folder as the engine does, with its output and
 * results.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { once } from "node:events";
import type * as Grpc from "@grpc/grpc-js";

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, "../../..");
const grpc = require("@grpc/grpc-js") as typeof Grpc;
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js") as {
  Struct: { fromJavaScript(value: object): { toJavaScript(): object } };
};
const messages = require("@pulumi/pulumi/proto/provider_pb.js") as Record<string, new () => Message>;
const { ResourceProviderClient } = require("@pulumi/pulumi/proto/provider_grpc_pb.js") as {
  ResourceProviderClient: new (address: string, credentials: Grpc.ChannelCredentials) => Client;
};
const { stubText } = require("../../../sdk/dist/stub.js") as typeof import("../../../sdk/dist/stub.js");

type Message = Record<string, (value?: unknown) => unknown>;
type Client = Record<string, (request: Message, done: (error: Error | null, answer: Message) => void) => void>;

const toStruct = (value: object) => Struct.fromJavaScript(value);

export class Host {
  readonly #client: Client;
  readonly #child: ChildProcess;
  #printed = "";

  private constructor(child: ChildProcess, port: string) {
    this.#child = child;
    this.#client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#printed += text));
  }

  /** @param folder an empty folder @param config the stack's configuration */
  static async start(folder: string, config: Record<string, string>): Promise<Host> {
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    for (const [name, target] of [
      ["pulumi-seapath", "sdk"],
      ["pulumi-seapath-provider", "provider"],
      ["@pulumi", "node_modules/@pulumi"],
    ] as const) {
      symlinkSync(join(root, target), join(folder, "node_modules", name));
    }
    const script = require.resolve("@pulumi/pulumi/cmd/dynamic-provider");
    const child = spawn(process.execPath, [script, "127.0.0.1:1"], {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: folder, PULUMI_NODEJS_PROJECT: "grid" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    const host = new Host(child, port.toString().trim());
    await host.#call("configure", "ConfigureRequest", { Args: toStruct(config) });
    return host;
  }

  /** Its output so far: the engine shows it unchanged. */
  get printed(): string {
    return this.#printed;
  }

  /** A check's failures, as the engine prints them for a resource. @param secret the secret configuration keys */
  async check(kind: string, inputs: object, secret: string[] = []): Promise<{ property: string; reason: string }[]> {
    const news = toStruct({ ...inputs, __provider: stubText(kind, secret) });
    const answer = await this.#call("check", "CheckRequest", { Olds: toStruct({}), News: news });
    return (answer["getFailuresList"]?.() as Message[]).map((each) => ({
      property: String(each["getProperty"]?.()),
      reason: String(each["getReason"]?.()),
    }));
  }

  /** The message of the error that a read fails with. */
  async readError(kind: string, id: string, state: object, secret: string[] = []): Promise<string> {
    const properties = toStruct({ ...state, __provider: stubText(kind, secret) });
    return this.#call("read", "ReadRequest", { Id: id, Properties: properties }).then(
      () => Promise.reject(new Error("the read went well")),
      (error: Error & { details?: string }) => error.details ?? error.message,
    );
  }

  #call(call: string, type: string, fields: Record<string, unknown>): Promise<Message> {
    const request = new messages[type]!();
    for (const [field, value] of Object.entries(fields)) request[`set${field}`]?.(value);
    return new Promise((resolve, reject) =>
      this.#client[call]?.(request, (error, answer) => (error === null ? resolve(answer) : reject(error))),
    );
  }

  async end(): Promise<void> {
    (this.#client as unknown as { close(): void }).close();
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
  }
}
