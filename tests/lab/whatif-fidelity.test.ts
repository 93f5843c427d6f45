// Whether the scheduler on a copy says what the scheduler did: every input that the lab's own one saved is replayed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { nodes, on } from "./support/cluster.ts";

const require = createRequire(import.meta.url);
const { parseSimulation } =
  require("../../provider/dist/cluster/simulate.js") as typeof import("../../provider/dist/cluster/simulate.js");

const FOLDER = "/var/lib/pacemaker/pengine";
/** The newest of the inputs: a lab that has been up for days has thousands. */
const MOST = 400;

/** What the log of the node that decided says of each input: `start web01 -> node1`. */
async function logged(node: string): Promise<Map<string, string[]>> {
  const log = await on(node, "grep", "-h", "pacemaker-schedulerd", "/var/log/pacemaker/pacemaker.log");
  const found = new Map<string, string[]>();
  let actions: string[] = [];
  for (const line of log.split("\n")) {
    const [, kind, resource, from, to] = /Actions: (\w+)\s+(\S+)\s+\(\s*(?:(\S+) -> )?(\S+)\s*\)/.exec(line) ?? [];
    if (kind !== undefined) actions.push(said(kind.toLowerCase(), String(resource), from, to));
    const file = /Calculated transition \d+.*, saving inputs in (\S+)/.exec(line)?.[1];
    if (file === undefined) continue;
    found.set(file, actions);
    actions = [];
  }
  return found;
}

const said = (kind: string, resource: string, from: string | undefined, to: string | undefined) => {
  // Two nodes are named for what leaves the one for the other; otherwise one, whether it is left, reached or kept.
  const where = from !== undefined && to !== undefined && from !== to ? `${from} -> ${to}` : (to ?? from ?? "?");
  return `${kind} ${resource} ${where}`;
};

/** What the scheduler makes of the inputs now. */
async function replayed(node: string, files: readonly string[]): Promise<Map<string, string[]>> {
  const script = 'for file in "$@"; do echo "=== $file"; crm_simulate -x "$file" -R --output-as=xml; done';
  const answers = (await on(node, "sh", "-c", script, "sh", ...files)).split(/^=== /m).slice(1);
  return new Map(
    answers.map((answer) => {
      const end = answer.indexOf("\n");
      const { actions } = parseSimulation(answer.slice(end + 1));
      return [
        answer.slice(0, end),
        actions.map(({ kind, resource, from, to }) => said(kind, resource, kind === "start" ? undefined : from, to)),
      ];
    }),
  );
}

describe("the scheduler on a copy", function () {
  this.timeout(240_000);

  it("says of each input that the lab's scheduler saved what that one did", async () => {
    let [inputs, actions] = [0, 0];
    for (const node of nodes()) {
      const present = new Set((await on(node, "find", FOLDER, "-name", "pe-*.bz2")).split("\n"));
      const log = [...(await logged(node))].filter(([file]) => present.has(file)).slice(-MOST);
      if (log.length === 0) continue;
      const now = await replayed(
        node,
        log.map(([file]) => file),
      );
      for (const [file, then] of log) {
        assert.deepEqual(now.get(file)?.sort(), then.sort(), `${node}: ${file}`);
        inputs += 1;
        actions += then.length;
      }
    }
    assert.ok(inputs > 0 && actions > 0, `replayed ${inputs} inputs with ${actions} actions`);
    console.log(`      ${inputs} inputs, ${actions} actions`);
  });
});
