// Servers that are not what they should be.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Server as SshServer } from "ssh2";
import {
  ConnectionError,
  HostKeyError,
  LoginRefused,
  readSettings,
} from "../../../../provider/dist/transport/index.js";
import { Bench, publicKey, type Sshd } from "./sshd.ts";

const require = createRequire(import.meta.url);
const { Server } = require("ssh2") as { Server: typeof SshServer };
const { trustIn } =
  require("../../../../provider/dist/transport/trust/hostkey.js") as typeof import("../../../../provider/dist/transport/trust/hostkey.js");
const { packed } =
  require("../../../../provider/dist/transport/trust/certificate.js") as typeof import("../../../../provider/dist/transport/trust/certificate.js");
const index = join(import.meta.dirname, "../../../../provider/dist/transport/index.js");

describe("a server that is not as it should be", function () {
  this.timeout(60_000);
  const bench = new Bench();
  after(() => bench.end());
  const hello = { argv: ["echo", "hello"] };
  const failureOf = (runner: { run(command: typeof hello): Promise<unknown> }) =>
    runner.run(hello).then(
      () => assert.fail("it let us in"),
      (error: unknown) => error as Error & { hint?: string; code?: string },
    );

  /** A plain TCP server. */
  async function tcp(serve: (socket: Socket) => void): Promise<string> {
    const server = createServer((socket) => serve(socket.on("error", () => {})));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    bench.later(() => server.close());
    server.unref();
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** A server of ssh2's, with its address and the line of known_hosts. */
  async function ssh(
    name: string,
    algorithms: object,
    type = "ed25519",
    enter: (client: Parameters<ConstructorParameters<typeof SshServer>[1] & object>[0]) => void = () => {},
  ) {
    const key = bench.newKey(name, "", type);
    if (type === "rsa")
      (await import("node:child_process")).execFileSync("ssh-keygen", ["-q", "-p", "-m", "PEM", "-N", "", "-f", key]);
    const server = new Server({ hostKeys: [readFileSync(key)], algorithms: algorithms as never }, (client) => {
      client.on("error", () => {});
      enter(client);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    bench.later(() => server.close());
    const port = (server.address() as AddressInfo).port;
    return { address: `127.0.0.1:${port}`, known: `[127.0.0.1]:${port} ${publicKey(key)}` };
  }
  const runnerTo = ({ address, known }: { address: string; known: string }, more: Record<string, string> = {}) =>
    bench.runner([{ address, knownHosts: known } as Sshd], more);

  const firstLine = (address: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(address.split(":")[1]), "127.0.0.1").once(
        "data",
        (chunk: Buffer) => (socket.destroy(), resolve(chunk.toString("latin1").split("\n")[0] + "\n")),
      );
      socket.on("error", () => {});
    });

  // Tried: a server says who it is in the moment of the connection → it is heard, in a fresh process too
  it("that greets at once is heard by a process that has just begun", async () => {
    const sshd = await bench.sshd();
    const greeting = await firstLine(sshd.address);
    const address = await tcp((socket) => {
      socket.write(greeting);
      const behind = connect(Number(sshd.port), "127.0.0.1").on("error", () => socket.destroy());
      let head = Buffer.alloc(0);
      const first = (chunk: Buffer) => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf("\n");
        if (end < 0) return;
        behind.off("data", first);
        if (head.length > end + 1) socket.write(head.subarray(end + 1));
        behind.pipe(socket);
      };
      behind.on("data", first);
      socket.pipe(behind);
    });
    const known = sshd.knownHosts.replace(`:${sshd.port}`, `:${address.split(":")[1]}`);
    const settings = { hosts: address, privateKeyFile: bench.key, knownHosts: known, connectTimeout: "4" };
    // ssh2 compiles a part of its crypto first, and listens when it has; on a busy machine that takes its time.
    const slowly = `const crypto = require(${JSON.stringify(require.resolve("ssh2/lib/protocol/crypto.js"))}); crypto.init = crypto.init.then(() => new Promise((done) => setTimeout(done, 300)));`;
    const program = `${slowly} const { createRunner, readSettings } = require(${JSON.stringify(index)}); const keys = ${JSON.stringify(settings)};
      const runner = createRunner(readSettings((key) => keys[key], { HOME: ${JSON.stringify(bench.folder)} }));
      runner.run({ argv: ["echo", "hello"] }).then(({ stdout }) => process.stdout.write(stdout), (error) => console.log(error.message)).finally(() => runner.close());`;
    const answers = [];
    for (let turn = 0; turn < 3; turn++)
      answers.push(
        await new Promise<string>((resolve) => {
          let said = "";
          const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
          child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
          child.on("close", () => resolve(said));
        }),
      );
    assert.deepEqual(answers, Array(3).fill("hello\n"));
  });

  const old: [string, object, string?][] = [
    ["zlib", { compress: ["zlib"] }],
    ["zlib@openssh.com", { compress: ["zlib@openssh.com"] }],
    ["a MAC with SHA-1", { hmac: ["hmac-sha1"], cipher: ["aes128-ctr"] }],
    ["a MAC with SHA-1, the newer form", { hmac: ["hmac-sha1-etm@openssh.com"], cipher: ["aes128-ctr"] }],
    ["an exchange of keys with SHA-1", { kex: ["diffie-hellman-group14-sha1"] }],
    ["a group of its own choice", { kex: ["diffie-hellman-group-exchange-sha256"] }],
    ["a cipher in CBC", { cipher: ["aes256-cbc"] }],
    ["a host key signed with SHA-1", { serverHostKey: ["ssh-rsa"] }, "rsa"],
  ];
  for (const [what, algorithms, type] of old) {
    // Tried: a server takes nothing but SHA-1, CBC or zlib → refused, and nothing of it is done
    it(`that takes nothing but ${what} is refused, and not as one that is out of reach`, async () => {
      const error = await failureOf(runnerTo(await ssh(`host_${what.replace(/\W/g, "")}`, algorithms, type)));
      assert.ok(error instanceof LoginRefused && error.code === "login", String(error));
      assert.match(error.message, /no matching/i);
    });
  }

  it("and with what the hardened sshd of SEAPATH has it is spoken to", async () => {
    // What an older sshd does not know yet it refuses to read.
    const known = execFileSync("ssh", ["-Q", "kex"], { encoding: "utf8" }).split("\n");
    const kex = [
      "mlkem768x25519-sha256",
      "curve25519-sha256",
      "curve25519-sha256@libssh.org",
      "diffie-hellman-group16-sha512",
      "diffie-hellman-group18-sha512",
      "diffie-hellman-group-exchange-sha256",
    ].filter((name) => known.includes(name));
    const debian = [
      `KexAlgorithms ${kex.join()}`,
      "HostKeyAlgorithms ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
      "Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr",
      "MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,umac-128-etm@openssh.com",
      "Compression no",
      "AllowTcpForwarding no",
      "AllowAgentForwarding no",
      "MaxAuthTries 3",
      "ClientAliveInterval 300",
      "LogLevel VERBOSE",
    ];
    const yocto = [
      "Ciphers aes256-ctr,aes192-ctr,aes128-ctr",
      "MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com",
      ...debian,
    ];
    const image = join(bench.folder, "image");
    writeFileSync(image, "some bytes");
    for (const more of [
      debian,
      yocto,
      ["Ciphers chacha20-poly1305@openssh.com", ...debian],
      ["KexAlgorithms diffie-hellman-group16-sha512", ...debian],
      ["KexAlgorithms diffie-hellman-group18-sha512", ...debian],
    ]) {
      const runner = bench.runner([await bench.sshd({ more })]);
      assert.equal((await runner.run(hello)).stdout, "hello\n", more.join());
      await runner.upload(image, `${image}.sent`);
      assert.equal(readFileSync(`${image}.sent`, "utf8"), "some bytes");
    }
    const rsa = await bench.sshd({
      hostKeys: [bench.newKey("host_rsa2", "", "rsa")],
      more: ["HostKeyAlgorithms rsa-sha2-512,rsa-sha2-256"],
    });
    assert.equal((await bench.runner([rsa]).run(hello)).stdout, "hello\n");
  });

  // Tried: a server asks one thing after the other, or a thousand at once → the login ends, and says so shortly
  it("that asks without an end is left after a few rounds", async () => {
    const begun = Date.now();
    let rounds = 0;
    for (const prompts of [
      ["Password: "],
      Array(900).fill("x".repeat(30)) as string[],
      ["\u001b]0;owned\u0007".repeat(900)],
    ]) {
      const server = await ssh(`host_asks${prompts.length}${prompts[0]!.length}`, {}, "ed25519", (client) => {
        client.on("authentication", (context) => {
          if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
          const ask = (): void =>
            void (
              rounds++,
              context.prompt(
                prompts.map((prompt) => ({ prompt, echo: false })),
                ask,
              )
            );
          ask();
        });
      });
      const error = await failureOf(runnerTo(server, { password: "hunter2", connectTimeout: "8" }));
      assert.ok(error instanceof LoginRefused, String(error));
      assert.match(error.message, /it asks too much/);
      assert.ok(
        error.message.length < 2_000 &&
          !/[\u0000-\u0008\u001b\u0007]/.test(error.message) &&
          !error.message.includes("hunter2"),
      );
    }
    assert.ok(rounds <= 10 && Date.now() - begun < 8_000, `${rounds} rounds in ${Date.now() - begun} ms`);
  });

  // Tried: a server sends nonsense in each part of the handshake → an error, and the process goes on
  it("that sends nonsense ends its own login, and nothing else", async () => {
    const packet = (payload: Buffer) => {
      const padding = 8 + ((16 - ((5 + payload.length + 8) % 8)) % 8);
      const head = Buffer.alloc(5);
      head.writeUInt32BE(1 + payload.length + padding);
      head.writeUInt8(padding, 4);
      return Buffer.concat([head, payload, Buffer.alloc(padding)]);
    };
    const list = (text: string) => packed(text);
    const init = (names: string[]) =>
      packet(Buffer.concat([Buffer.from([20]), randomBytes(16), ...names.map(list), Buffer.alloc(5)]));
    const good = [
      "curve25519-sha256",
      "ssh-ed25519",
      "aes128-ctr",
      "aes128-ctr",
      "hmac-sha2-256",
      "hmac-sha2-256",
      "none",
      "none",
      "",
      "",
    ];
    const hello2 = Buffer.from("SSH-2.0-x\r\n");
    const key = Buffer.concat([packed("ssh-\u001b[2J"), packed(randomBytes(32))]);
    const reply = (host: Buffer) =>
      packet(
        Buffer.concat([
          Buffer.from([31]),
          packed(host),
          packed(randomBytes(32)),
          packed(Buffer.concat([packed("ssh-ed25519"), packed(randomBytes(64))])),
        ]),
      );
    const talks: (Buffer | string)[][] = [
      [randomBytes(4_000)],
      ["HTTP/1.1 400 Bad Request\r\n\r\n"],
      ["SSH-1.5-old\r\n"],
      ["SSH-2.0-" + "x".repeat(9_000)],
      Array(1_500).fill("line\r\n"),
      [hello2, randomBytes(500)],
      [hello2, packet(randomBytes(100))],
      [hello2, Buffer.from([255, 255, 255, 255, 4])],
      [hello2, init([])],
      [hello2, init(good), packet(Buffer.from([21]))],
      [hello2, init(good), reply(key)],
      [hello2, init(good), reply(Buffer.alloc(0))],
      [hello2, init(good), packet(Buffer.from([31]))],
      [hello2, init(good), packet(Buffer.concat([Buffer.from([31]), Buffer.alloc(4, 255)]))],
      [
        hello2,
        init(
          good
            .map((each) => each + ",zlib")
            .slice(0, 8)
            .concat("", ""),
        ),
        packet(Buffer.from([52])),
      ],
      [hello2, packet(Buffer.from([1, 0, 0, 0, 2, 0, 0, 0, 1, 65, 0, 0, 0, 0]))],
      [hello2, packet(Buffer.from([60]))],
      [hello2, packet(Buffer.from([90]))],
    ];
    for (const type of [
      1, 2, 4, 5, 6, 7, 20, 21, 30, 31, 50, 51, 52, 53, 60, 61, 80, 81, 82, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100,
    ]) {
      talks.push([hello2, init(good), packet(Buffer.concat([Buffer.from([type]), randomBytes(40)]))]);
    }
    await Promise.all(
      talks.map(async (parts) => {
        const address = await tcp((socket) => {
          for (const part of parts) socket.write(part);
          setTimeout(() => socket.end(), 300);
        });
        const known = [
          `[127.0.0.1]:${address.split(":")[1]} ${publicKey(bench.key)}`,
          `@cert-authority * ${publicKey(bench.key)}`,
        ];
        for (const lines of [known.slice(0, 1), known]) {
          const error = await failureOf(runnerTo({ address, known: lines.join("\n") }, { connectTimeout: "3" }));
          assert.ok(error instanceof ConnectionError || error instanceof HostKeyError, `${error.stack}`);
          assert.doesNotMatch(`${error.message}${error.hint}`, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
        }
      }),
    );
  });

  const key = (type: string) => Buffer.concat([packed(type), packed(randomBytes(32))]);
  const settings = (knownHosts: string) =>
    readSettings((name) => ({ hosts: "node1", knownHosts, privateKeyFile: bench.key })[name], { HOME: bench.folder });
  it("whose key is of a type that is not known is refused, and the type is not shown", async () => {
    const made = settings(`node1 ssh-dss ${key("ssh-dss").toString("base64")}`);
    for (const type of ["ssh-\u001b]52;c;aGk=\u0007", "ssh-dss", "", "sk-ssh-ed25519@openssh.com"]) {
      const shown = key(type);
      const more = {
        ...made,
        fingerprints: [
          { fingerprint: `SHA256:${createHash("sha256").update(shown).digest("base64").replace(/=+$/, "")}` },
        ],
      };
      const error = (await trustIn(made.hosts[0]!, more, () => Promise.resolve(undefined))).check(shown);
      assert.match(
        error?.message ?? "",
        /^Unable to verify the host key of node1: it shows a key of a type that is not known, SHA256:\S+$/,
      );
      assert.doesNotMatch(`${error?.message}${error?.hint}`, /[\u0000-\u001f]|ssh-dss/);
    }
  });

  it("whose certificate nobody has vouched for says little with it", async () => {
    const authority = publicKey(bench.key).split(" ");
    const long = (sign: string) => `\u001b]0;${sign}\u0007\u009b31m\u202e`.repeat(500);
    const certificate = Buffer.concat([
      packed("ssh-ed25519-cert-v01@openssh.com"),
      packed("nonce"),
      packed(randomBytes(32)),
      Buffer.alloc(8),
      Buffer.from([0, 0, 0, 2]),
      packed(long("id")),
      packed(Buffer.concat(Array.from({ length: 50 }, (_, at) => packed(long(`p${at}`))))),
      Buffer.alloc(8),
      Buffer.alloc(8, 255),
      packed(""),
      packed(""),
      packed(""),
      packed(key("ssh-\u001b[5m")),
      packed(Buffer.concat([packed("ssh-ed25519"), packed(randomBytes(64))])),
    ]);
    const made = settings(`@cert-authority * ${authority.join(" ")}`);
    const error = (await trustIn(made.hosts[0]!, made, () => Promise.resolve(certificate))).check(key("ssh-ed25519"));
    assert.match(error?.message ?? "", /is of another authority, with the unknown key SHA256/);
    assert.doesNotMatch(`${error?.message}${error?.hint}`, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    assert.ok((error?.message.length ?? 0) < 4_000, String(error?.message.length));
  });
});
