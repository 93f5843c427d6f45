// A key as variables, YAML and CI systems hand it on.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { inspect } from "node:util";
import { createRunner, readSettings, SettingsError } from "../../../../provider/dist/transport/index.js";
import { Bench, publicKey } from "../ssh/sshd.ts";

const { packed } = createRequire(import.meta.url)(
  "../../../../provider/dist/transport/trust/certificate.js",
) as typeof import("../../../../provider/dist/transport/trust/certificate.js");

describe("the text of a key", function () {
  this.timeout(60_000);
  const bench = new Bench();
  const locked = bench.newKey("locked", "open sesame");
  const text = readFileSync(bench.key, "utf8");
  after(() => bench.end());

  const read = (settings: Record<string, string>) => readSettings((key) => settings[key], { HOME: bench.folder });
  const named = (settings: Record<string, string>) => read({ hosts: "a", ...settings }).identities[0]!;
  /** What ssh-keygen makes of the key that we would use. */
  const reads = (key: string, what: string) => {
    const path = join(bench.folder, "read_back");
    execFileSync("rm", ["-f", path]);
    writeFileSync(path, named({ privateKey: key }).privateKey!.reveal(), { mode: 0o600 });
    return assert.doesNotThrow(
      () => execFileSync("ssh-keygen", ["-y", "-P", "", "-f", path], { stdio: ["ignore", "pipe", "pipe"] }),
      what,
    );
  };

  const legacy = bench.newKey("legacy", "", "rsa");
  execFileSync("ssh-keygen", ["-q", "-p", "-m", "PEM", "-N", "", "-f", legacy]);
  const forms: Record<string, (key: string) => string> = {
    "as it is": (key) => key,
    "line breaks as \\n": (key) => key.replaceAll("\n", "\\n"),
    "line breaks as \\\\n": (key) => key.replaceAll("\n", "\\\\n"),
    "line breaks as \\r\\n": (key) => key.replaceAll("\n", "\\r\\n"),
    "quotes around \\n": (key) => JSON.stringify(key),
    "single quotes": (key) => `'${key}'`,
    "line breaks of DOS": (key) => key.replaceAll("\n", "\r\n"),
    "line breaks of old": (key) => key.replaceAll("\n", "\r"),
    "no last line break": (key) => key.trimEnd(),
    "empty lines": (key) => `\n${key.replaceAll("\n", "\n\n")}\n`,
    indented: (key) => key.replaceAll(/^/gm, "      "),
    "on one line": (key) => key.replaceAll("\n", " "),
    "without line breaks": (key) => key.replaceAll("\n", ""),
    "in base64": (key) => Buffer.from(key).toString("base64"),
    "in base64, wrapped": (key) => Buffer.from(key).toString("base64").replace(/.{76}/g, "$&\n"),
    "with a byte order mark": (key) => `\uFEFF${key}`,
  };
  for (const [form, turned] of Object.entries(forms)) {
    it(`is taken ${form}`, () => {
      for (const path of [bench.key, legacy]) {
        const key = turned(readFileSync(path, "utf8"));
        assert.equal(named({ privateKey: key }).publicKey!.toString("base64"), publicKey(path).split(" ")[1], form);
        reads(key, form);
        const file = join(bench.folder, "as_file");
        writeFileSync(file, key);
        assert.equal(
          named({ privateKeyFile: file }).publicKey!.toString("base64"),
          publicKey(path).split(" ")[1],
          form,
        );
      }
    });
  }

  it("comes from the environment, and lets in", async () => {
    const sshd = await bench.sshd();
    const env = { HOME: bench.folder, SEAPATH_PRIVATE_KEY: text.replaceAll("\n", "\\n") };
    const runner = createRunner(
      readSettings((key) => ({ hosts: sshd.address, knownHosts: sshd.knownHosts })[key], env),
    );
    bench.later(() => runner.close());
    assert.equal((await runner.run({ argv: ["echo", "hello"] })).stdout, "hello\n");
  });

  it("may be PKCS#8, which openssl and Terraform write", async () => {
    const pairs = [
      generateKeyPairSync("ed25519"),
      generateKeyPairSync("rsa", { modulusLength: 2048 }),
      generateKeyPairSync("ec", { namedCurve: "P-256" }),
    ];
    for (const { privateKey } of pairs) {
      const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      reads(pem, pem.split("\n")[0]!);
      const shut = privateKey
        .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open sesame" })
        .toString();
      const opened = named({ privateKey: shut, passphrase: "open sesame" });
      assert.deepEqual(opened.publicKey, named({ privateKey: pem }).publicKey);
      const path = join(bench.folder, "authorized");
      writeFileSync(
        path,
        `${opened.publicKey!.subarray(4, 4 + opened.publicKey!.readUInt32BE()).toString()} ${opened.publicKey!.toString("base64")}\n`,
      );
      const sshd = await bench.sshd({ more: [`AuthorizedKeysFile ${path}`] });
      const runner = createRunner(
        bench.settings([sshd.address], sshd.knownHosts, {
          privateKey: shut,
          passphrase: "open sesame",
          privateKeyFile: "",
        }),
      );
      bench.later(() => runner.close());
      assert.equal((await runner.run({ argv: ["echo", "hello"] })).stdout, "hello\n");
      assert.throws(() => named({ privateKey: shut }), /privateKey is encrypted, and no passphrase is set/);
    }
  });

  const ppk =
    "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 2\nAAAA\nAAAA\nPrivate-Lines: 1\nc2VjcmV0\nPrivate-MAC: 00\n";
  const type = "sk-ssh-ed25519@openssh.com";
  const held = [packed(type), packed(Buffer.alloc(32, 7)), packed("ssh:")];
  const inner = Buffer.concat([Buffer.alloc(8), ...held, Buffer.from([1]), packed("handle"), packed(""), packed("c")]);
  const fido = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    packed("none"),
    packed("none"),
    packed(""),
    Buffer.from([0, 0, 0, 1]),
    packed(Buffer.concat(held)),
    packed(Buffer.concat([inner, Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]).subarray(0, (8 - (inner.length % 8)) % 8)])),
  ]).toString("base64");
  const wrong: [string, string, RegExp, RegExp][] = [
    [
      "one that is encrypted",
      readFileSync(locked, "utf8"),
      /is encrypted, and no passphrase is set/,
      /SEAPATH_PASSPHRASE/,
    ],
    [
      "a public one",
      readFileSync(`${bench.key}.pub`, "utf8"),
      /holds a public key, not a private one/,
      /without \.pub, or run an agent .*as ssh-keygen writes it/,
    ],
    [
      "a public one in PEM",
      execFileSync("ssh-keygen", ["-e", "-m", "PKCS8", "-f", `${legacy}.pub`], { encoding: "utf8" }),
      /holds a public key/,
      /ssh-keygen/,
    ],
    ["one of PuTTY", ppk, /holds a key of PuTTY's/, /puttygen .* -O private-openssh/],
    [
      "one of a security key",
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${fido}\n-----END OPENSSH PRIVATE KEY-----\n`,
      /security key \(FIDO\)/,
      /ssh-keygen -t ed25519/,
    ],
    ["its first line", text.split("\n")[0]!, /ends before the END line of the key \(1 lines\)/, /first line/],
    ["a half", text.slice(0, 200), /ends before the END line/, /END line/],
    ["nonsense", "nonsense", /cannot be used/, /END line/],
    [
      "a TLS certificate",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      /holds a certificate/,
      /ssh-keygen/,
    ],
    ["a path", "~/.ssh/cluster", /is a path, not a key/, /seapath:privateKeyFile/],
    ["an absolute path", "/run/secrets/key", /is a path, not a key/, /SEAPATH_PRIVATE_KEY_FILE/],
  ];
  for (const [what, key, says, hints] of wrong) {
    it(`is not ${what}, and the message says so without showing it`, () => {
      assert.throws(
        () => named({ privateKey: key }),
        (error) => {
          assert.ok(error instanceof SettingsError && error.setting === "privateKey", String(error));
          assert.match(error.message, says);
          assert.match(error.hint ?? "", hints);
          const shown = inspect(error);
          for (const line of key.split("\n").filter((each) => each.length > 24 && !each.startsWith("-----")))
            assert.ok(!shown.includes(line.slice(0, 24)), shown);
          return true;
        },
      );
    });
  }

  it("is not shown where the path of a file was asked for", () => {
    for (const key of [text, text.replaceAll("\n", "\\n"), Buffer.from(text).toString("base64"), ppk]) {
      assert.throws(
        () => named({ privateKeyFile: key }),
        (error) => {
          assert.ok(
            error instanceof SettingsError && /holds the key itself, not the path/.test(error.message),
            String(error),
          );
          return !inspect(error).includes(key.slice(40, 60)) && /seapath:privateKey /.test(error.hint ?? "");
        },
      );
    }
  });

  it("with the wrong passphrase is said to be that", () => {
    assert.throws(
      () => named({ privateKey: readFileSync(locked, "utf8"), passphrase: "wrong" }),
      /is encrypted, and the passphrase does not open it/,
    );
  });
});
