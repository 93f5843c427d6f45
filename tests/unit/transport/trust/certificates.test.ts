import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRequire } from "node:module";
import { createRunner, HostKeyError } from "../../../../provider/dist/transport/index.js";
import { said } from "../../../said.ts";
import { Bench, publicKey, type Sshd } from "../ssh/sshd.ts";

const require = createRequire(import.meta.url);
const { isSigned, parseCertificate } =
  require("../../../../provider/dist/transport/trust/certificate.js") as typeof import("../../../../provider/dist/transport/trust/certificate.js");
const { trustIn } =
  require("../../../../provider/dist/transport/trust/hostkey.js") as typeof import("../../../../provider/dist/transport/trust/hostkey.js");

describe("certificates of hosts", function () {
  this.timeout(60_000);
  const bench = new Bench();
  after(() => bench.end());
  const hello = { argv: ["echo", "hello"] };
  let made = 0;
  const authority = bench.newKey("authority");

  interface Asked {
    ca?: string;
    caType?: string;
    hostType?: string;
    /** For ssh-keygen -s. */
    sign?: string[];
    hostKeys?: string[];
  }

  /** A real sshd whose host key is certified. */
  async function certified({
    ca = authority,
    hostType = "ed25519",
    sign = ["-h", "-n", "127.0.0.1"],
    hostKeys = [],
  }: Asked = {}): Promise<{ sshd: Sshd; host: string }> {
    const host = bench.newKey(`certified${++made}`, "", hostType);
    execFileSync("ssh-keygen", ["-q", "-s", ca, "-I", `node ${made}`, ...sign, `${host}.pub`]);
    const sshd = await bench.sshd({ hostKeys: [...hostKeys, host], more: [`HostCertificate ${host}-cert.pub`] });
    return { sshd, host };
  }

  const trusting = (key: string, more = "") => `${more}# ours\n@cert-authority [127.0.0.1]:* ${publicKey(key)}\n`;

  /** Whether ssh itself logs in with such a known_hosts. */
  function sshTakes(sshd: Sshd, knownHosts: string): boolean {
    const path = join(bench.folder, `known${++made}`);
    writeFileSync(path, knownHosts);
    const options = [
      `UserKnownHostsFile=${path}`,
      "GlobalKnownHostsFile=/dev/null",
      "StrictHostKeyChecking=yes",
      "BatchMode=yes",
    ];
    const argv = [
      "-F",
      "none",
      "-i",
      bench.key,
      ...options.flatMap((option) => ["-o", option]),
      "-p",
      sshd.port,
      "127.0.0.1",
      "echo hello",
    ];
    return spawnSync("ssh", argv, { encoding: "utf8" }).stdout === "hello\n";
  }

  const run = (sshd: Sshd, knownHosts: string, more = {}) => bench.runner([sshd], { knownHosts, ...more }).run(hello);

  async function refusal(sshd: Sshd, knownHosts: string): Promise<HostKeyError> {
    const error = await run(sshd, knownHosts).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof HostKeyError, String(error));
    said(`${error.message}\n  → ${error.hint ?? ""}`);
    return error;
  }

  for (const type of ["ed25519", "ecdsa", "rsa"]) {
    it(`vouch for an ${type} key, signed by an authority with an ${type} key`, async () => {
      const ca = bench.newKey(`authority_${type}`, "", type);
      const { sshd } = await certified({ ca, hostType: type });
      assert.equal((await run(sshd, trusting(ca))).stdout, "hello\n");
      assert.ok(sshTakes(sshd, trusting(ca)));
    });
  }

  it("are asked for where another key of the node comes first", async () => {
    const { sshd } = await certified({
      hostType: "rsa",
      hostKeys: [bench.newKey("plain_first"), bench.newKey("plain_second", "", "ecdsa")],
    });
    assert.equal((await run(sshd, trusting(authority))).stdout, "hello\n");
  });

  it("vouch for a node behind a jump host, and for that", async () => {
    const [{ sshd: jump }, { sshd: node }] = [await certified(), await certified()];
    const runner = bench.runner([node], { knownHosts: trusting(authority), jump: jump.address }, [node.address]);
    assert.equal((await runner.run(hello)).stdout, "hello\n");
  });

  it("are for the name in HostKeyAlias, where there is one", async () => {
    const { sshd } = await certified({ sign: ["-h", "-n", "other,*.cluster.example"] });
    const [config, known] = [join(bench.folder, "alias_config"), join(bench.folder, "alias_known")];
    writeFileSync(known, `@cert-authority *.example ${publicKey(authority)}\n`);
    writeFileSync(
      config,
      `Host pet\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  HostKeyAlias Node1.cluster.example\n  UserKnownHostsFile ${known}\n`,
    );
    const settings = bench.settings(["pet"], "", { sshConfigFile: config, port: sshd.port });
    const runner = createRunner(settings);
    bench.later(() => runner.close());
    assert.equal((await runner.run(hello)).stdout, "hello\n");
  });

  const refused: Record<string, { asked: Asked; says: RegExp; hint: RegExp; stricter?: boolean }> = {
    "has ended": {
      asked: { sign: ["-h", "-n", "127.0.0.1", "-V", "20200101:20210101"] },
      says: /"node \d+" has ended at 2021-01-01T/,
      hint: /Sign it again: `ssh-keygen -s CA -h -I 127\.0\.0\.1/,
    },
    "is not valid yet": {
      asked: { sign: ["-h", "-n", "127.0.0.1", "-V", "+52w:+53w"] },
      says: /is valid from .*Z on/,
      hint: /clocks/,
    },
    "is for another host": {
      asked: { sign: ["-h", "-n", "node2,node3"] },
      says: /is for node2, node3, and not for 127\.0\.0\.1/,
      hint: /sign it again with -n 127\.0\.0\.1/,
    },
    "is for no host by name": {
      asked: { sign: ["-h"] },
      says: /is for no host by name/,
      hint: /sign it again with -n/,
      stricter: true,
    },
    "is a user's": {
      asked: { sign: ["-n", "127.0.0.1"] },
      says: /is one of a user|has no certificate/,
      hint: /Sign it again|HostCertificate/,
    },
    "has a critical option": {
      asked: { sign: ["-h", "-n", "127.0.0.1", "-O", "critical:only@example.org=monday"] },
      says: /has critical options, only@example\.org/,
      hint: /Sign it again/,
    },
  };
  for (const [what, { asked, says, hint, stricter }] of Object.entries(refused)) {
    // Tried: the certificate of a host does not count → refused, with what is wrong with it and how to sign it again
    it(`do not vouch when one ${what}, which ssh ${stricter ? "would take" : "does not take either"}`, async () => {
      const { sshd } = await certified(asked);
      const error = await refusal(sshd, trusting(authority));
      assert.match(error.message, says);
      assert.match(error.message, /the @cert-authority line seapath:knownHosts:2 does not help/);
      assert.match(error.hint ?? "", hint);
      assert.equal(sshTakes(sshd, trusting(authority)), stricter ?? false);
      // The line that the hint ends with makes the plain key known.
      const line = /: (\[127.*)$/.exec(error.hint ?? "")?.[1] ?? "";
      assert.equal((await run(sshd, `${trusting(authority)}${line}\n`)).stdout, "hello\n");
    });
  }

  it("do not vouch when there is none, or one of another authority", async () => {
    const plain = await bench.sshd();
    const error = await refusal(plain, trusting(authority));
    assert.match(error.message, /does not help: the node has no certificate/);
    assert.match(error.hint ?? "", /^Set HostCertificate in its sshd_config/);
    const { sshd } = await certified({ ca: bench.newKey("stranger") });
    assert.match(
      (await refusal(sshd, trusting(authority))).message,
      /is of another authority, with the ssh-ed25519 key SHA256:/,
    );
  });

  it("do not vouch when the key or the authority is revoked", async () => {
    const { sshd, host } = await certified();
    for (const key of [host, authority]) {
      const known = trusting(authority, `@revoked * ${publicKey(key)}\n`);
      assert.match((await refusal(sshd, known)).message, /revoked \(seapath:knownHosts:1\)/);
      assert.equal(sshTakes(sshd, known), false);
    }
  });

  it("vouch for their own key alone, and only with an unharmed signature", async () => {
    const { sshd, host } = await certified();
    const blob = (path: string) => Buffer.from(readFileSync(path, "utf8").split(" ")[1] ?? "", "base64");
    const certificate = blob(`${host}-cert.pub`);
    const settings = bench.settings([sshd.address], trusting(authority));
    const trust = (shown: Buffer | undefined) => trustIn(settings.hosts[0]!, settings, () => Promise.resolve(shown));
    const key = blob(`${host}.pub`);
    assert.equal((await trust(certificate)).check(key), undefined);
    assert.match(
      (await trust(certificate)).check(blob(`${bench.newKey("another")}.pub`))?.message ?? "",
      /its certificate is one of another key/,
    );
    let refusedAll = true;
    for (let at = 0; at < certificate.length; at++) {
      const harmed = Buffer.from(certificate);
      harmed[at]! ^= 1;
      refusedAll &&= (await trust(harmed)).check(key) !== undefined;
      refusedAll &&= (await trust(certificate.subarray(0, at))).check(key) !== undefined;
    }
    assert.ok(refusedAll, "one bit, or the end, makes no difference");
    assert.ok(isSigned(parseCertificate(certificate)));
  });

  it("of RSA are not taken when signed with SHA-1", async () => {
    const ca = bench.newKey("authority_sha1", "", "rsa");
    const { sshd, host } = await certified({ ca, sign: ["-h", "-n", "127.0.0.1", "-t", "ssh-rsa"] });
    assert.match(
      (await refusal(sshd, trusting(ca))).message,
      /is not signed by its authority, or in a way that is not accepted/,
    );
    assert.equal(sshTakes(sshd, trusting(ca)), false);
    execFileSync("ssh-keygen", [
      "-q",
      "-s",
      ca,
      "-I",
      "better",
      "-h",
      "-n",
      "127.0.0.1",
      "-t",
      "rsa-sha2-256",
      `${host}.pub`,
    ]);
    renameSync(`${host}-cert.pub`, `${host}-new.pub`);
    assert.ok(
      isSigned(parseCertificate(Buffer.from(readFileSync(`${host}-new.pub`, "utf8").split(" ")[1] ?? "", "base64"))),
    );
  });

  it("are not waited for longer than for a login", async () => {
    const mute = await bench.mute();
    const runner = createRunner(bench.settings([mute], trusting(authority), { connectTimeout: "1" }));
    bench.later(() => runner.close());
    await assert.rejects(runner.run(hello), { code: "connection", message: /did not show its certificate in time/ });
  });

  it("are asked for again when MaxStartups turns that away", async () => {
    const { host } = await certified();
    const sshd = await bench.sshd({
      hostKeys: [host],
      maxStartups: "2:100:2",
      more: [`HostCertificate ${host}-cert.pub`],
    });
    const runners = Array.from({ length: 5 }, () =>
      bench.runner([sshd], { knownHosts: trusting(authority), connectTimeout: "40" }),
    );
    assert.equal((await Promise.all(runners.map((runner) => runner.run(hello)))).length, 5);
  });
});
