// The key of Pacemaker Remote on the nodes: found, completed, made, and never two. Of another name, as the lab's own is in use.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../lab/index.ts";
import { nodes, on, tryOn } from "./support/cluster.ts";

const FILE = "/etc/pacemaker/trykey";
interface Answer {
  ok?: { key: string; put: string[]; missing: string[]; unseen: Record<string, string> };
  error?: { kind: string; message: string };
}

/** The node program as it is, but for the name of the file. */
const program = ["common.py", "on_node.py", "authkey.py"]
  .map((file) => readFileSync(join(import.meta.dirname, "../../provider/python", file), "utf8"))
  .join("\n\n")
  .replaceAll("/etc/pacemaker/authkey", FILE)
  .replaceAll("/.authkey.", "/.trykey.");

async function ask(make: boolean, node = "node1", among = nodes()): Promise<Answer> {
  const request = Buffer.from(JSON.stringify({ nodes: among, make })).toString("base64");
  const { stdout } = await exec(node, ["/usr/bin/python3", "-I", "-"], { stdin: `${program}\n\nmain("${request}")\n` });
  return JSON.parse(stdout) as Answer;
}

const sums = () => Promise.all(nodes().map(async (node) => (await on(node, "sha256sum", FILE)).split(" ")[0]));
const hash = (base64: string | undefined) => createHash("sha256").update(Buffer.from(base64 ?? "", "base64")).digest("hex");
const remove = (...from: string[]) => Promise.all(from.map((node) => on(node, "rm", "-f", FILE)));

describe("the key of Pacemaker Remote", function () {
  this.timeout(90_000);
  beforeEach(() => remove(...nodes()));
  after(() => remove(...nodes()));

  it("is not there, and nothing is made by looking", async () => {
    assert.deepEqual(await ask(false), { ok: { key: "", put: [], missing: nodes(), unseen: {} } });
    for (const node of nodes()) assert.equal((await tryOn(node, "test", "-e", FILE)).exitCode, 1);
  });

  it("is made, put on all nodes, and the same ever after", async () => {
    const { ok } = await ask(true);
    assert.deepEqual(ok?.put, nodes());
    assert.deepEqual(new Set(await sums()), new Set([hash(ok?.key)]));
    assert.equal(Buffer.from(ok?.key ?? "", "base64").length, 4096);
    for (const node of nodes()) assert.equal(await on(node, "stat", "-c", "%U:%G %a", FILE), "root:haclient 640");
    assert.deepEqual(await ask(true, "node2"), { ok: { ...ok, put: [] } });
  });

  it("is completed where a node lacks it", async () => {
    const { ok } = await ask(true);
    await remove("node2");
    assert.deepEqual(await ask(true, "node2"), { ok: { ...ok, put: ["node2"] } });
    assert.deepEqual(new Set(await sums()), new Set([hash(ok?.key)]));
  });

  it("is one key when three programs make it at once", async () => {
    const answers = await Promise.all(nodes().map((node) => ask(true, node)));
    const [first] = await sums();
    for (const answer of answers) assert.equal(hash(answer.ok?.key), first, JSON.stringify(answer.error));
    assert.equal(new Set(await sums()).size, 1);
  });

  it("is refused where nodes have different ones, or none of use, and where a node cannot be seen", async () => {
    await ask(true);
    await on("node3", "sh", "-c", `echo other >${FILE}`);
    assert.deepEqual((await ask(true)).error?.kind, "mismatch");
    assert.match((await ask(false)).error?.message ?? "", /node1, node2 and node3 have different ones/);
    await on("node3", "sh", "-c", `: >${FILE}`);
    await remove("node1", "node2");
    assert.match((await ask(false)).error?.message ?? "", /is empty on node3/);
    await remove("node3");
    const gone = await ask(true, "node1", ["node1", "nowhere"]);
    assert.equal(gone.error?.kind, "unreachable");
    assert.match(gone.error.message, /^nowhere: /);
    assert.equal((await tryOn("node1", "test", "-e", FILE)).exitCode, 1);
  });
});
