import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exec, readLab } from "../../lab/index.ts";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { nodes, qemu, traces } from "./support/cluster.ts";
import { TestStack } from "./support/stack.ts";
import { tick } from "./support/vms.ts";

const stackName = "secrets";
const random = () => randomBytes(12).toString("hex");

describe("secrets of the login", function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "seapath-secrets-"));
  const [locked, rotated] = [join(folder, "locked"), join(folder, "rotated")];
  const secrets = { passphrase: `pass-${random()}`, password: `word-${random()}`, wrong: `wrong-${random()}` };
  const comment = `rotated-${random()}`;
  let keyText = "";
  let stack: TestStack;
  const vms = { discreet: tick({ pinnedHost: "node1" }) };

  before(async () => {
    // The lab's own key under a passphrase, and one that takes its place later.
    copyFileSync(readLab().privateKeyFile, locked);
    execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", secrets.passphrase, "-f", locked]);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", secrets.passphrase, "-C", comment, "-f", rotated]);
    keyText = readFileSync(locked, "utf8");
    // The lab's own way in would hide that another does not work.
    stack = await TestStack.make(stackName, { SEAPATH_PRIVATE_KEY_FILE: "", SEAPATH_PRIVATE_KEY: keyText });
    config("passphrase", secrets.passphrase);
    config("password", secrets.password);
    for (const node of nodes()) {
      await exec(node, ["sh", "-c", "cat >> /root/.ssh/authorized_keys"], { stdin: readFileSync(`${rotated}.pub`) });
    }
  });
  after(async () => {
    // Not destroy alone: that takes the configuration of the last run, and its key may be of no use.
    config("passphrase", secrets.passphrase);
    config("privateKey", keyText);
    try {
      await stack.up(vms);
      await stack.destroy();
    } finally {
      await tidy();
    }
    assert.deepEqual(await traces("discreet"), []);
  });
  const tidy = async () => {
    for (const node of nodes()) await exec(node, ["sed", "-i", `/ ${comment}$/d`, "/root/.ssh/authorized_keys"]);
    for (const key of ["passphrase", "password", "privateKey"]) pulumi(["config", "rm", `seapath:${key}`]);
    rmSync(folder, { recursive: true, force: true });
  };

  const pulumi = (args: string[], input = "") =>
    execFileSync("pulumi", [...args, "--stack", stackName, "--cwd", join(import.meta.dirname, "program")], {
      env: pulumiEnvironment(),
      input,
      stdio: "pipe",
      encoding: "utf8",
    });
  const config = (key: string, value: string) => pulumi(["config", "set", "--secret", `seapath:${key}`], value);

  /** Each line of a key's body counts, not only the whole. */
  const hidden = () => [
    ...Object.values(secrets),
    ...keyText.split("\n").filter((line) => line.length > 60 && !line.startsWith("-")),
  ];
  const nothingIn = (what: string, text: string) => {
    assert.ok(text.length > 0, `${what} is empty`);
    for (const secret of hidden()) assert.ok(!text.includes(secret), `${what} has ${secret.slice(0, 5)}…`);
  };
  /** All that ps shows while something is done, on this machine and on the node. */
  const watched = async <T>(work: Promise<T>): Promise<{ result: T; seen: string }> => {
    const run = { done: false };
    const end = work.finally(() => (run.done = true));
    end.catch(() => {});
    let seen = "";
    while (!run.done) {
      seen += execFileSync("ps", ["-efww"], { encoding: "utf8" });
      seen += (await exec("node1", ["ps", "-efww"])).stdout;
      await sleep(30);
    }
    return { result: await end, seen };
  };

  it("are neither in the state, nor printed, nor seen by ps", async () => {
    assert.ok(hidden().length > 4, "no line of the key is looked for");
    const { result, seen } = await watched(stack.up(vms));
    assert.equal((await qemu("discreet")).length, 1);
    nothingIn("the output", result.text);
    assert.match(seen, /pulumi up/);
    assert.match(seen, /sshd: root/);
    nothingIn("ps", seen);
    // Pulumi keeps a copy of the configuration with the provider, encrypted as it was set.
    const state = pulumi(["stack", "export"]);
    assert.match(state, /seapath:Vm/);
    nothingIn("the state", state);
    nothingIn("a preview", (await stack.preview(vms)).text);
  });

  it("change no resource when the key is rotated", async () => {
    const pid = await qemu("discreet");
    const before = await stack.state();
    config("privateKey", readFileSync(rotated, "utf8"));
    const { changes, text } = await stack.up(vms);
    assert.deepEqual([changes.update, changes.replace, changes.create], [undefined, undefined, undefined], text);
    assert.ok((changes.same ?? 0) > 0);
    await stack.refresh();
    assert.deepEqual(await qemu("discreet"), pid);
    type Resource = { type: string; inputs: object; outputs: object };
    const values = (text: string) =>
      (JSON.parse(text) as { deployment: { resources: Resource[] } }).deployment.resources
        .filter(({ type }) => type.endsWith("seapath:Vm"))
        .map(({ inputs, outputs }) => ({ inputs, outputs }));
    assert.equal(values(before).length, 1);
    assert.deepEqual(values(await stack.state()), values(before));
  });

  it("are not in the error of a login that is refused", async () => {
    const strange = join(folder, "strange");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", secrets.passphrase, "-f", strange]);
    config("privateKey", readFileSync(strange, "utf8"));
    const { result, seen } = await watched(
      stack.failing("up", { discreet: tick({ pinnedHost: "node1", priority: 9 }) }),
    );
    assert.match(result, /login was refused/);
    nothingIn("the error", result);
    nothingIn("ps", seen);
  });

  it("are not in the error of a key that cannot be opened", async () => {
    config("passphrase", secrets.wrong);
    config("privateKey", keyText);
    const text = await stack.failing("up", { discreet: tick({ pinnedHost: "node1", priority: 9 }) });
    config("passphrase", secrets.passphrase);
    assert.match(text, /seapath:privateKey is encrypted, and the passphrase does not open it/);
    nothingIn("the error", text);
  });

  // Tried: `seapath:hosts` is a secret, and its nodes are out of reach → neither a VM's message nor a snapshot's names them
  it("are not the hosts, unless their list was set as one: then nothing that resources say has them", async () => {
    const away = ["10.99.0.97", "10.99.0.98"];
    pulumi(["config", "set", "seapath:connectTimeout", "1"]);
    config("hosts", away.join());
    try {
      const { text } = await stack.preview({
        ...vms,
        faraway: tick(),
        kept: { $kind: "Snapshot", vm: "faraway", name: "s" },
      });
      assert.match(text, /were not checked: Unable to reach any of \[secret\], \[secret\]/);
      for (const host of away) assert.ok(!text.includes(host), text);
    } finally {
      for (const key of ["hosts", "connectTimeout"]) pulumi(["config", "rm", `seapath:${key}`]);
    }
  });
});
