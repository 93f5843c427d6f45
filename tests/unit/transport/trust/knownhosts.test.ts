import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KnownHosts } from "../../../../provider/dist/transport/index.js";
import { Bench, publicKey } from "../ssh/sshd.ts";

describe("KnownHosts", () => {
  const bench = new Bench();
  after(() => bench.end());
  const first = publicKey(bench.key);
  const second = publicKey(bench.newKey("second"));
  const ecdsa = publicKey(bench.newKey("third", "", "ecdsa"));
  const rsa = publicKey(bench.newKey("fourth", "", "rsa"));
  const blob = (line: string) => Buffer.from(line.split(" ")[1]!, "base64");
  const parse = (...lines: string[]) => KnownHosts.parse([{ name: "file", text: lines.join("\n") }]);
  const status = (hosts: KnownHosts, host: string, port: number, key: string) =>
    hosts.verify(host, port, blob(key)).status;

  it("knows a host by each of its names, whatever their case", () => {
    const hosts = parse("# comment", "", `Node1,10.0.0.1 ${first} some comment`);
    for (const name of ["node1", "NODE1", "10.0.0.1"]) assert.equal(status(hosts, name, 22, first), "ok");
    assert.equal(status(hosts, "node2", 22, first), "unknown");
    assert.equal(status(hosts, "node1", 2222, first), "unknown");
  });

  it("says which lines have another key", () => {
    const verdict = parse("", `node1 ${first}`, `node1 ${ecdsa}`).verify("node1", 22, blob(second));
    assert.equal(verdict.status, "changed");
    assert.deepEqual(verdict.status === "changed" && verdict.conflicts.map(({ source, line }) => [source, line]), [
      ["file", 2],
      ["file", 3],
    ]);
    assert.equal(status(parse(`node1 ${first}`, `node1 ${second}`), "node1", 22, second), "ok");
  });

  it("tells ports apart", () => {
    const hosts = parse(`[node1]:2222 ${first}`, `[fd00::1]:23 ${first}`, `fd00::1 ${second}`);
    assert.equal(status(hosts, "node1", 2222, first), "ok");
    assert.equal(status(hosts, "node1", 22, first), "unknown");
    assert.equal(status(hosts, "fd00::1", 23, first), "ok");
    assert.equal(status(hosts, "fd00::1", 22, second), "ok");
  });

  it("reads what ssh-keygen -H has hashed", () => {
    const path = join(bench.folder, "hashed");
    writeFileSync(path, `node1 ${first}\n[node2]:2222 ${first}\n`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", path], { stdio: "ignore" });
    const text = readFileSync(path, "utf8");
    assert.match(text, /^\|1\|/);
    assert.doesNotMatch(text, /node1/);
    const hosts = parse(text);
    assert.equal(status(hosts, "node1", 22, first), "ok");
    assert.equal(status(hosts, "node1", 22, second), "changed");
    assert.equal(status(hosts, "node2", 2222, first), "ok");
    assert.equal(status(hosts, "node2", 22, first), "unknown");
  });

  it("matches patterns, and leaves out what is negated", () => {
    const hosts = parse(`*.example.org,!bad.example.org,node? ${first}`);
    assert.equal(status(hosts, "a.example.org", 22, first), "ok");
    assert.equal(status(hosts, "bad.example.org", 22, first), "unknown");
    assert.equal(status(hosts, "node7", 22, first), "ok");
    assert.equal(status(hosts, "node77", 22, first), "unknown");
    assert.equal(status(hosts, "aXexample.org", 22, first), "unknown");
    assert.equal(status(parse(`[10.0.0.*]:2222 ${first}`), "10.0.0.9", 2222, first), "ok");
  });

  it("never accepts a revoked key, even where another line has it", () => {
    const hosts = parse(`node1 ${first}`, `@revoked * ${first}`, `node1 ${second}`);
    assert.equal(status(hosts, "node1", 22, first), "revoked");
    assert.equal(status(hosts, "node1", 22, second), "ok");
    assert.equal(status(parse(`@revoked node1 ${first}`), "node1", 22, second), "unknown");
  });

  it("does not take the key of an authority for the host's own", () => {
    const verdict = parse(`@cert-authority *.example.org ${first}`).verify("a.example.org", 22, blob(first));
    assert.equal(verdict.status, "unknown");
    const known = parse(`@cert-authority *.example.org ${first}`);
    assert.deepEqual(
      known.authorities("a.example.org", 22).map(({ source, line }) => [source, line]),
      [["file", 1]],
    );
    assert.deepEqual(known.authorities("a.example.com", 22), []);
    assert.equal(status(parse(`@cert-authority * ${first}`, `node1 ${second}`), "node1", 22, second), "ok");
  });

  it("trusts no line that it cannot read", () => {
    const type = first.split(" ")[0]!;
    for (const line of [
      `@new node1 ${first}`,
      `node1`,
      `node1 ${type}`,
      `node1 ${type} AAAA`,
      `node1 ssh-rsa ${first.split(" ")[1]}`,
      `|2|a|b ${first}`,
      `|1|a ${first}`,
    ])
      assert.equal(status(parse(line), "node1", 22, first), "unknown", line);
  });

  it("asks for the types that are known before the others, and for no DSA", () => {
    const hosts = parse(`node1 ${rsa}`, `node2 ${ecdsa}`, `node2 ${rsa}`, `@revoked node3 ${rsa}`);
    assert.deepEqual(hosts.algorithmsFor("node1", 22).slice(0, 4), [
      "rsa-sha2-512",
      "rsa-sha2-256",
      "ssh-ed25519",
      "ecdsa-sha2-nistp256",
    ]);
    assert.equal(hosts.algorithmsFor("node2", 22)[0], "ecdsa-sha2-nistp256");
    assert.equal(hosts.algorithmsFor("node3", 22)[0], "ssh-ed25519");
    assert.equal(hosts.algorithmsFor("node1", 22).length, 6);
    assert.ok(!hosts.algorithmsFor("node1", 22).some((each) => each === "ssh-dss" || each === "ssh-rsa"));
  });
});
