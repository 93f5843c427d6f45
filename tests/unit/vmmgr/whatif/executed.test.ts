// A copy that is written as it is when the scheduler's actions are done, against one that Pacemaker's own `-S` wrote.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { savedCluster } from "../../../../bench/cib.ts";
import { running } from "./ask.ts";

const require = createRequire(import.meta.url);
const { programSource } =
  require("../../../../provider/dist/cluster/program.js") as typeof import("../../../../provider/dist/cluster/program.js");

/** Both ways, and what the scheduler does with either copy afterwards: nothing being lost, each node, and the lost one back. */
const both = `
def both(request):
    answers = {}
    with tempfile.TemporaryDirectory() as folder:
        start = os.path.join(folder, "start.xml")
        copy_with(request["cib"], request["patch"], [], start, folder)
        with_guests(start)
        for lost in (None, "node1", "node2"):
            events = [] if lost is None else ["-f", lost]
            written, stepwise = os.path.join(folder, "written.xml"), os.path.join(folder, "stepwise.xml")
            executed(start, simulated(start, folder, ["-R"] + events), lost, written)
            simulated(start, folder, ["-S", "-O", stepwise] + events)
            for path in (written, stepwise):
                after = [["-R"]] + [["-R", "-f", node] for node in ("node1", "node2") if node != lost]
                found = [seen(simulated(path, folder, options)) for options in after]
                if lost is not None:
                    found.append(seen(failback(path, folder, lost)))
                answers.setdefault(str(lost), []).append(found)
        return answers


def seen(answer):
    root = ElementTree.fromstring(answer)
    where = sorted((each.get("id"), each.get("role"), [node.get("name") for node in each.findall("node")]) for each in root.iterfind("cluster_status/resources//resource"))
    return {"where": where, "actions": sorted(sorted(each.attrib.items()) for each in root.iterfind("actions/rsc_action"))}
`;

function compare(cib: string, patch = ""): void {
  const request = Buffer.from(JSON.stringify({ cib, patch })).toString("base64");
  const text = `${programSource("simulate")}\n${both}\nrun(both, "${request}")\n`;
  const done = spawnSync("python3", ["-I", "-"], { input: text, encoding: "utf8" });
  const answer = JSON.parse(done.stdout) as { ok?: Record<string, [unknown[], unknown[]]>; error?: unknown };
  assert.equal(answer.error, undefined, done.stderr);
  let actions = 0;
  for (const [lost, [written, stepwise]] of Object.entries(answer.ok ?? {})) {
    assert.deepEqual(written, stepwise, `after the loss of ${lost}`);
    actions += written.flatMap((each) => (each as { actions: unknown[] }).actions).length;
  }
  assert.ok(actions > 0, "there is something to compare");
}

describe("a copy with its actions done", function () {
  this.timeout(120_000);

  it("is to the scheduler what its own step by step is: VMs that are pinned, preferred, and free, with parameters", () => {
    compare(savedCluster(12).cib);
  });

  it("is that too where lost nodes are fenced", () => {
    const fencing = savedCluster(6).cib.replace(
      'name="stonith-enabled" value="false"',
      'name="stonith-enabled" value="true"',
    );
    compare(fencing.replace("<resources>", '<resources><primitive id="fence" class="stonith" type="fence_dummy"/>'));
  });

  it("is that too while VMs move, live and not, start and stop", () => {
    const stopped = '<nvpair id="s-r" name="target-role" value="Stopped"/>';
    const constraints = [
      '<rsc_location id="p1" rsc="live" node="node2" score="INFINITY"/>',
      '<rsc_location id="p2" rsc="cold" node="node2" score="INFINITY"/>',
      '<rsc_location id="b1" rsc="apart" node="node3" score="-INFINITY"/>',
      '<rsc_colocation id="c1" rsc="apart" with-rsc="cold" score="-INFINITY"/>',
    ].join("");
    const cib = running({ live: 1, cold: 1, apart: 2, s: 2, free: 1 }, { constraints, meta: { s: stopped } });
    compare(cib.replace('<nvpair id="cold-m-mig" name="allow-migrate" value="true"/>', ""));
  });
});
