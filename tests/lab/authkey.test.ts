// The key of Pacemaker Remote on the nodes: found, completed, made, and never two. Of another name, as the lab's own is in use. Each
// by the ways there are to the nodes: root's ssh among them, where they let it in, and a link of ours to each.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { readLab } from "../../lab/index.ts";
import { createRunner, readSettings } from "../../provider/dist/transport/index.js";
import type { Command, CommandResult, NodeAnswer, Runner } from "../../provider/dist/transport/types.js";
import { pulumiEnvironment } from "../../tools/env.mjs";
import { said } from "../said.ts";
import { nodes, on, tryOn } from "./support/cluster.ts";

const { readAuthKey } = createRequire(import.meta.url)(
  "../../provider/dist/cluster/authkey.js",
) as typeof import("../../provider/dist/cluster/authkey.js");

const FILE = "/etc/pacemaker/trykey";

/** The node programs as they are, but for the name of the file; and where `closed`, nodes let in no root of another one. */
class OtherFile implements Runner {
  readonly #inner: Runner;
  readonly #closed: boolean;

  constructor(inner: Runner, closed: boolean) {
    this.#inner = inner;
    this.#closed = closed;
  }

  get node(): string | undefined {
    return this.#inner.node;
  }

  #changed(command: Command): Command {
    const text = String(command.stdin).replaceAll("/etc/pacemaker/authkey", FILE).replaceAll("/.authkey.", "/.trykey.");
    assert.ok(text.includes('"BatchMode=yes"'));
    return {
      ...command,
      stdin: this.#closed
        ? text.replaceAll(
            '"BatchMode=yes"',
            '"BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "IdentityFile=/dev/null"',
          )
        : text,
    };
  }

  run(command: Command): Promise<CommandResult> {
    return this.#inner.run(this.#changed(command));
  }

  runOnEach(command: Command): Promise<NodeAnswer[]> {
    return this.#inner.runOnEach!(this.#changed(command));
  }

  upload(...args: Parameters<Runner["upload"]>): Promise<string> {
    return this.#inner.upload(...args);
  }

  close(): void {
    this.#inner.close();
  }
}

const sums = () => Promise.all(nodes().map(async (node) => (await on(node, "sha256sum", FILE)).split(" ")[0]));
const hash = (base64: string) => createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");
const remove = (...from: string[]) => Promise.all(from.map((node) => on(node, "rm", "-f", FILE)));

for (const closed of readLab().options.hardened === true ? [true] : [false, true])
  describe(`the key of Pacemaker Remote, ${closed ? "where no node lets in root of another" : "by root's ssh between the nodes"}`, function () {
    this.timeout(90_000);
    const open: Runner[] = [];
    /** @param first the node that is asked @param hosts those that the settings name */
    const from = (first = "node1", hosts: readonly string[] = nodes()): Runner => {
      const address = (name: string) => readLab().nodes.find((node) => node.name === name)?.address ?? name;
      const all = [first, ...hosts.filter((name) => name !== first)].map(address).join(",");
      const made = new OtherFile(
        createRunner(readSettings(() => undefined, { ...pulumiEnvironment(), SEAPATH_HOSTS: all })),
        closed,
      );
      open.push(made);
      return made;
    };
    const ask = (make: boolean, runner = from(), among = nodes()) => readAuthKey(runner, among, make);
    const refused = async (...of: Parameters<typeof ask>): Promise<{ kind: string; message: string }> => {
      const error: unknown = await ask(...of).then(
        () => assert.fail("it had to fail"),
        (cause: unknown) => cause,
      );
      said(error);
      return error as { kind: string; message: string };
    };

    beforeEach(() => remove(...nodes()));
    afterEach(() => open.splice(0).forEach((runner) => runner.close()));
    after(() => remove(...nodes()));

    it("is not there, and nothing is made by looking", async () => {
      assert.deepEqual(await ask(false), { key: "", put: [], missing: nodes(), unseen: {} });
      for (const node of nodes()) assert.equal((await tryOn(node, "test", "-e", FILE)).exitCode, 1);
    });

    it("is made, put on all nodes, and the same ever after", async () => {
      const made = await ask(true);
      assert.deepEqual(made.put, nodes());
      assert.deepEqual(new Set(await sums()), new Set([hash(made.key)]));
      assert.equal(Buffer.from(made.key, "base64").length, 4096);
      for (const node of nodes()) assert.equal(await on(node, "stat", "-c", "%U:%G %a", FILE), "root:haclient 640");
      assert.deepEqual(await ask(true, from("node2")), { ...made, put: [] });
    });

    it("is completed where a node lacks it, also the one that is asked", async () => {
      const made = await ask(true);
      await remove("node2");
      assert.deepEqual(await ask(false, from("node2")), { ...made, put: [], missing: ["node2"] });
      assert.deepEqual(await ask(true, from("node2")), { ...made, put: ["node2"] });
      await remove("node1", "node3");
      assert.deepEqual(await ask(true, from("node2")), { ...made, put: ["node1", "node3"] });
      assert.deepEqual(new Set(await sums()), new Set([hash(made.key)]));
    });

    it("is one key when three programs make it at once", async () => {
      const answers = await Promise.all(nodes().map((node) => ask(true, from(node))));
      const [first] = await sums();
      for (const { key } of answers) assert.equal(hash(key), first);
      assert.equal(new Set(await sums()).size, 1);
    });

    // Tried: nodes have different keys of Pacemaker Remote → refused with the names of the nodes, nothing is changed
    it("is refused where nodes have different ones, or none of use, and where a node cannot be seen", async () => {
      await ask(true);
      await on("node3", "sh", "-c", `echo other >${FILE}`);
      assert.equal((await refused(true)).kind, "mismatch");
      assert.match((await refused(false)).message, /node1, node2 and node3 have different ones/);
      await on("node3", "sh", "-c", `: >${FILE}`);
      await remove("node1", "node2");
      assert.match((await refused(false)).message, /is empty on node3/);
      await remove("node3");
      const gone = await refused(true, from(), ["node1", "nowhere"]);
      assert.equal(gone.kind, "unreachable");
      assert.match(gone.message, /nowhere: .*no link of ours/);
      assert.equal((await tryOn("node1", "test", "-e", FILE)).exitCode, 1);
      if (closed)
        assert.match((await refused(true, from("node1", ["node1", "node2"]))).message, /node3: .*no link of ours/);
    });
  });
