// Which key is offered, and which of an agent that holds more than a server lets one try.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Server as SshServer } from "ssh2";
import {
  createRunner,
  isOutOfReach,
  LoginRefused,
  readSettings,
  SettingsError,
} from "../../../../provider/dist/transport/index.js";
import { said } from "../../../said.ts";
import { Bench, publicKey, type Sshd } from "./sshd.ts";

const { Server } = createRequire(import.meta.url)("ssh2") as { Server: typeof SshServer };

describe("an agent with eight keys", function () {
  this.timeout(60_000);
  const bench = new Bench();
  let [usual, strict, hardened]: Sshd[] = [];
  let [socket, few, empty, right, stranger, known] = ["", "", "", "", "", ""];
  before(async () => {
    const others = Array.from({ length: 7 }, (_, index) => bench.newKey(`other_${index}`));
    right = bench.newKey("right");
    stranger = bench.newKey("stranger");
    socket = bench.agent([...others, right]);
    few = bench.agent([others[0]!, right]);
    empty = bench.agent([]);
    const lets = [`AuthorizedKeysFile ${right}.pub`];
    // With one try the first key that is offered has to be the one.
    [usual, strict] = [await bench.sshd({ more: lets }), await bench.sshd({ more: [...lets, "MaxAuthTries 1"] })];
    hardened = await bench.sshd({ more: [...lets, "MaxAuthTries 3"] });
    known = join(bench.folder, "known");
    writeFileSync(known, `${[usual, strict, hardened].map(({ knownHosts }) => knownHosts).join("\n")}\n`);
    rmSync(right);
  });
  after(() => bench.end());

  const hello = { argv: ["echo", "hello"] };
  let files = 0;
  const config = (sshd: Sshd, lines: readonly string[]): string => {
    const path = join(bench.folder, `config_${++files}`);
    const all = [
      "Host web",
      "HostName 127.0.0.1",
      `Port ${sshd.port}`,
      `User ${userInfo().username}`,
      `UserKnownHostsFile ${known}`,
      ...lines,
    ];
    writeFileSync(path, `${all.join("\n")}\n`);
    return path;
  };
  const run = async (settings: Record<string, string>, env: Record<string, string>) => {
    const runner = createRunner(readSettings((key) => settings[key], { HOME: bench.folder, ...env }));
    try {
      return (await runner.run(hello)).stdout;
    } finally {
      runner.close();
    }
  };
  const failure = (settings: Record<string, string>, env: Record<string, string> = { SSH_AUTH_SOCK: socket }) =>
    run(settings, env).then(
      () => assert.fail("it let us in"),
      (error: Error & { hint?: string }) => {
        said(`${error.message}\n  → ${error.hint ?? ""}`);
        return error;
      },
    );
  const plain = () => ({ hosts: `${userInfo().username}@${usual!.address}`, knownHostsFile: known });

  // Tried: the agent holds more keys than the node lets one try → the error says so, and how to name the right one
  it("says that too many were offered, which is no outage", async () => {
    const on = (sshd: Sshd | undefined) => `${userInfo().username}@${sshd!.address}`;
    for (const hosts of [plain().hosts, on(hardened), `${plain().hosts},${on(strict)}`]) {
      const error = await failure({ ...plain(), hosts });
      assert.deepEqual([error instanceof LoginRefused, isOutOfReach(error)], [true, false], String(error));
      assert.match(
        error.message,
        /too many keys were offered.*Too many authentication failures.*tried: [2356] keys of the agent/,
      );
      assert.match(error.hint ?? "", /seapath:privateKeyFile.*IdentitiesOnly yes/);
      assert.doesNotMatch(`${error.message} ${error.hint}`, /Is the node up|one of these nodes is up/);
    }
  });

  // Tried: the node lets one try only, and the key is a wrong one → the error asks for that key, and not for fewer
  it("does not say so of a single key", async () => {
    const error = await failure({
      hosts: `${userInfo().username}@${strict!.address}`,
      knownHostsFile: known,
      privateKeyFile: stranger,
    });
    assert.ok(error instanceof LoginRefused, String(error));
    assert.match(error.message, /the login was refused: the node ended it \("Too many.*tried: \S+stranger$/);
    assert.match(error.hint ?? "", /authorized_keys/);
  });

  // Tried: a server hangs up without a word after some keys → counts as a login that is refused
  it("says so too of a server that only hangs up", async () => {
    const key = bench.newKey("silent_host");
    const server = new Server({ hostKeys: [readFileSync(key)] }, (client) => {
      let tries = 0;
      client
        .on("error", () => {})
        .on("authentication", (context) => {
          if (++tries > 4) return void client.end();
          context.reject(["publickey"]);
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    bench.later(() => server.close());
    const { port } = server.address() as AddressInfo;
    const error = await failure({ hosts: `127.0.0.1:${port}`, knownHosts: `[127.0.0.1]:${port} ${publicKey(key)}` });
    assert.ok(error instanceof LoginRefused, String(error));
    assert.match(error.message, /too many keys were offered/);
  });

  it("is asked for the named key first, and for no other with IdentitiesOnly, as ssh does", async () => {
    const locked = bench.newKey("locked", "open sesame");
    const lockedAgent = join(bench.folder, "locked_agent");
    writeFileSync(lockedAgent, readFileSync(locked));
    writeFileSync(`${lockedAgent}.pub`, readFileSync(`${right}.pub`));
    const pub = `IdentityFile ${right}.pub`;
    const env = { SSH_AUTH_SOCK: socket, MY_AGENT: socket };
    const cases: { lines: string[]; in: boolean; env?: Record<string, string>; usual?: true }[] = [
      { lines: [], in: false, usual: true },
      { lines: [pub], in: true },
      { lines: [pub, "IdentitiesOnly yes"], in: true },
      { lines: [`IdentityFile ${right}`, "IdentitiesOnly yes"], in: true }, // only its .pub is there
      { lines: [`IdentityFile %d/right.pub`], in: true, env: { ...env, HOME: bench.folder } },
      { lines: [`IdentityFile ${stranger}.pub`, pub, "IdentitiesOnly yes"], in: true }, // the agent has not the first one, so it costs no try
      { lines: [`IdentityFile ${stranger}`, pub, "IdentitiesOnly yes"], in: true, usual: true },
      { lines: [`IdentityFile ${bench.folder}/other_0.pub`, "IdentitiesOnly yes"], in: false, usual: true },
      { lines: [`IdentityFile ${bench.folder}/other_0.pub`], in: true, env: { SSH_AUTH_SOCK: few }, usual: true },
      {
        lines: [`IdentityFile ${bench.folder}/other_0.pub`, "IdentitiesOnly yes"],
        in: false,
        env: { SSH_AUTH_SOCK: few },
        usual: true,
      },
      { lines: [pub, "IdentityAgent none"], in: false, usual: true },
      { lines: [pub, `IdentityAgent ${socket}`], in: true, env: {} },
      { lines: [pub, "IdentityAgent SSH_AUTH_SOCK"], in: true },
      { lines: [pub, "IdentityAgent $MY_AGENT"], in: true, env: { MY_AGENT: socket } },
      { lines: [pub, "IdentityAgent ${MY_AGENT}"], in: true, env: { MY_AGENT: socket, SSH_AUTH_SOCK: empty } },
      { lines: [pub, "IdentityAgent $NOT_SET"], in: false, usual: true },
      { lines: [pub, `IdentityAgent ${empty}`], in: false, usual: true },
      { lines: [`IdentityFile none`, "IdentitiesOnly yes"], in: false, usual: true },
    ];
    for (const each of cases) {
      const path = config(each.usual ? usual! : strict!, each.lines);
      const variables = each.env ?? env;
      const ssh = spawnSync("ssh", ["-F", path, "-o", "BatchMode=yes", "web", "echo", "hello"], {
        encoding: "utf8",
        env: { PATH: process.env.PATH!, HOME: bench.folder, ...variables },
      });
      const ours = await run({ hosts: "web", sshConfigFile: path }, variables).then(
        (stdout) => stdout === "hello\n",
        (error: unknown) => {
          assert.ok(error instanceof LoginRefused || error instanceof SettingsError, String(error));
          return false;
        },
      );
      const what = `${each.lines.join("; ")} ${JSON.stringify(variables)}`;
      // ssh itself takes %d from the system's list of users.
      if (!each.lines.some((line) => line.includes("%d")))
        assert.equal(ssh.status === 0, each.in, `ssh: ${what}\n${ssh.stderr}`);
      assert.equal(ours, each.in, what);
    }
    // An encrypted key that nobody opens stands for the agent's, by its public part.
    const path = config(strict!, [`IdentityFile ${lockedAgent}`, "IdentitiesOnly yes"]);
    const error = await failure({ hosts: "web", sshConfigFile: path });
    assert.match(
      error.message,
      /locked_agent is encrypted, and no passphrase is set, and the agent \S+ does not have it/,
    );
  });

  it("signs for seapath:privateKeyFile too, when that is a public key", async () => {
    const settings = { hosts: `${userInfo().username}@${strict!.address}`, knownHostsFile: known };
    assert.equal(await run({ ...settings, privateKeyFile: `${right}.pub` }, { SSH_AUTH_SOCK: socket }), "hello\n");
    assert.equal(await run({ ...settings, privateKeyFile: "~/right.pub", agent: socket }, {}), "hello\n");
    assert.equal(await run({ ...settings, privateKeyFile: right }, { SSH_AUTH_SOCK: socket }), "hello\n");
    const error = await failure({ ...settings, privateKeyFile: `${right}.pub` }, { SSH_AUTH_SOCK: empty });
    assert.match(error.message, /right\.pub holds a public key, not a private one, and the agent \S+ does not have it/);
    assert.match(error.message, /holds no key/);
    // Nothing in a comment is taken for a line break.
    const domain = join(bench.folder, "domain.pub");
    writeFileSync(domain, `${publicKey(right)} CORP\\nora\\r\n`);
    assert.equal(await run({ ...settings, privateKeyFile: domain }, { SSH_AUTH_SOCK: socket }), "hello\n");
  });

  it("signs for the key in ~/.ssh of which only the public part is there", async () => {
    const home = join(bench.folder, "home");
    mkdirSync(join(home, ".ssh"), { recursive: true });
    writeFileSync(join(home, ".ssh", "id_ed25519.pub"), readFileSync(`${right}.pub`));
    const settings = { hosts: `${userInfo().username}@${strict!.address}`, knownHostsFile: known };
    assert.equal(await run(settings, { SSH_AUTH_SOCK: socket, HOME: home }), "hello\n");
  });

  // Tried: IdentitiesOnly, and nothing names a key → refused before anything is asked
  it("says in the settings when IdentitiesOnly leaves nothing to offer", () => {
    const path = config(usual!, ["IdentitiesOnly yes"]);
    assert.throws(
      () =>
        readSettings((key) => ({ hosts: "web", sshConfigFile: path })[key], {
          HOME: bench.folder,
          SSH_AUTH_SOCK: socket,
        }),
      (error) =>
        error instanceof SettingsError &&
        /IdentitiesOnly/.test(error.message) &&
        /IdentityFile there/.test(error.hint ?? ""),
    );
    assert.throws(
      () =>
        readSettings(
          (key) => ({ hosts: "web", sshConfigFile: config(usual!, [`IdentityFile ${bench.folder}/gone`]) })[key],
          { HOME: bench.folder },
        ),
      /sshConfigFile has no key for web that can be used: IdentityFile \S+\/gone is not there/,
    );
    assert.throws(
      () =>
        readSettings((key) => ({ hosts: "web", sshConfigFile: config(usual!, ["IdentityAgent ${NOT_SET}/x"]) })[key], {
          HOME: bench.folder,
        }),
      /has \$\{NOT_SET\} in .*, which is not set in the environment/,
    );
  });

  // Tried: the agent does not answer → it is named, and the node is not taken for one that is down
  it("that does not answer is named, and left", async () => {
    const silent = join(bench.folder, "silent.sock");
    const server = createServer((peer) =>
      peer
        .on("error", () => {})
        .on("close", () => server.emit("left"))
        .resume(),
    );
    const left = once(server, "left");
    await new Promise<void>((resolve) => server.listen(silent, resolve));
    server.unref();
    bench.later(() => server.close());
    const error = await failure({ ...plain(), agent: silent, connectTimeout: "2" }, {});
    assert.deepEqual([error instanceof LoginRefused, isOutOfReach(error)], [true, false], String(error));
    assert.match(error.message, /silent\.sock has not answered/);
    assert.match(error.hint ?? "", /ssh-add -l/);
    await left;
  });
});
