// What Pacemaker's tools of several versions printed of one CIB, read by every parser: tests/fixtures/pacemaker.ts captured it.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { LOST, type Captured } from "../../fixtures/pacemaker-events.ts";
import { program } from "../../pacemaker.ts";
import { cluster, fixture } from "./fixtures.ts";
import { LocalRunner } from "./local.ts";

const { programSource } = createRequire(import.meta.url)(
  "../../../provider/dist/cluster/program.js",
) as typeof import("../../../provider/dist/cluster/program.js");
const { parseSimulation, parseStatus } = cluster;

const VERSIONS = readdirSync(join(import.meta.dirname, "../../fixtures"))
  .flatMap((name) => /^pacemaker-(\d.*)\.json$/.exec(name)?.[1] ?? [])
  .sort();
const captured = (version: string) => JSON.parse(fixture(`pacemaker-${version}.json`)) as Record<string, Captured>;
const out = (version: string, name: string) => {
  const found = captured(version)[name];
  assert.ok(found, `${version} has no ${name}`);
  return found;
};
const text = (version: string, name: string) => out(version, name).stdout.join("\n");

describe("Pacemaker of every version", function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "seapath-versions-"));
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "cib.xml"), fixture("cib.xml"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A stand-in for a tool, which answers as it did when it was captured. @param cases a pattern of the shell for the arguments, and the answer */
  function stand(tool: string, cases: readonly (readonly [string, Captured])[]): void {
    const branches = cases.map(([pattern, { code, stdout, stderr }], index) => {
      const file = join(folder, `${tool}.${index}`);
      writeFileSync(`${file}.out`, stdout.join("\n"));
      writeFileSync(`${file}.err`, stderr.join("\n"));
      return `${pattern}) cat '${file}.err' >&2; cat '${file}.out'; exit ${code};;`;
    });
    program(join(folder, "bin", tool), [`case " $* " in`, ...branches, "esac", "exit 99"]);
  }
  const environment = () => ({
    ...process.env,
    PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
    CIB_file: join(folder, "cib.xml"),
  });

  /** A function of a node's program, with the tools that stand in. */
  function call<T>(code: string, of = "simulate"): { ok?: T; error?: { kind: string; message: string } } {
    const lines = [
      programSource(of),
      "def asked(request):",
      `    path, folder = request["path"], request["folder"]`,
      `    return ${code}`,
    ];
    const request = Buffer.from(JSON.stringify({ path: join(folder, "cib.xml"), folder })).toString("base64");
    const done = spawnSync("python3", ["-I", "-"], {
      input: `${lines.join("\n")}\nrun(asked, "${request}")\n`,
      env: environment(),
      encoding: "utf8",
    });
    return JSON.parse(done.stdout) as { ok?: T; error?: { kind: string; message: string } };
  }

  it("is there: one that prints all, and one that prints nothing behind an event", () => {
    assert.ok(VERSIONS.length >= 3, VERSIONS.join());
    assert.deepEqual(
      VERSIONS.map((version) => text(version, "simulate-lost").includes("<actions")),
      VERSIONS.map((version) => version === "2.1.5"),
    );
    for (const version of VERSIONS)
      assert.match(text(version, "simulate-lost"), /<modify_node action="Failing" node="node2"\/>/);
  });

  it("answers alike what a loss and a return do, and where everything was before", () => {
    const read = (version: string, name: string, event: string) => {
      stand("crm_simulate", [
        [`*" ${event} ${LOST} "*`, out(version, name)],
        ["*", out(version, `${name}-as-written`)],
      ]);
      const { ok, error } = call<string>(`simulated(path, folder, ["-R", "-s", "${event}", "${LOST}"])`);
      assert.equal(error, undefined, JSON.stringify(error));
      const { scores, ...rest } = parseSimulation(ok ?? "");
      const closed = [...scores].flatMap(([id, nodes]) =>
        [...nodes].filter(([, score]) => score === "-INFINITY").map(([node]) => `${id} ${node}`),
      );
      return { ...rest, closed: closed.sort() };
    };
    for (const [name, event] of [
      ["simulate-lost", "-f"],
      ["simulate-back", "-u"],
    ] as const) {
      const [first, ...others] = VERSIONS.map((version) => read(version, name, event));
      for (const [index, other] of others.entries())
        assert.deepEqual(other, first, `${name} of ${VERSIONS[index + 1]}`);
    }
    const lost = read("3.0.0", "simulate-lost", "-f");
    assert.deepEqual(lost.actions, [{ resource: "fxrun", kind: "start", to: "node1", blocked: false }]);
    assert.deepEqual(lost.resources.get("fxrun")?.nodes, [LOST]);
    assert.equal(lost.nodes.find(({ name }) => name === LOST)?.online, true);
  });

  it("is not believed when it leaves out what must be there", () => {
    const silent = out("3.0.0", "simulate-lost");
    stand("crm_simulate", [["*", silent]]);
    for (const options of [`["-R", "-f", "${LOST}"]`, '["-R"]']) {
      assert.match(
        call(`simulated(path, folder, ${options})`).error?.message ?? "",
        /crm_simulate -R.* answered without actions/,
      );
    }
    stand("crm_simulate", [
      ["*", { ...silent, stdout: ['<pacemaker-result><actions/><status code="0"/></pacemaker-result>'] }],
    ]);
    assert.match(call('simulated(path, folder, ["-R"])').error?.message ?? "", /answered without cluster_status/);
    assert.match(
      call(`simulated(path, folder, ["-R", "-f", "nowhere"])`).error?.message ?? "",
      /without cluster_status/,
    );
    stand("crm_simulate", [["*", silent]]);
    assert.match(
      call(`simulated(path, folder, ["-R", "-f", "nowhere"])`).error?.message ?? "",
      /the CIB says nothing of node nowhere/,
    );
    for (const version of VERSIONS) {
      const whole = text(version, "simulate");
      assert.throws(
        () => parseSimulation(whole.replace(/<actions[\s\S]*<\/actions>|<actions\/>/, "")),
        /it has no actions/,
        version,
      );
      assert.throws(
        () => parseSimulation(whole.replace(/<cluster_status>[\s\S]*<\/cluster_status>/, "")),
        /does not say where everything is before/,
        version,
      );
    }
  });

  it("says by its last words whether a configuration is wrong, or only out of date", () => {
    const valid = {
      verify: true,
      "verify-warned": true,
      "verify-unfenced": false,
      "verify-schema": false,
      "verify-newer-schema": false,
    };
    for (const version of VERSIONS) {
      for (const [name, expected] of Object.entries(valid)) {
        stand("crm_verify", [["*", out(version, name)]]);
        assert.equal(call<{ valid: boolean }>("verify(path, folder)").ok?.valid, expected, `${name} of ${version}`);
      }
    }
    // Words that nobody has seen yet, and those of somebody who wrote them into the CIB, make nothing valid.
    for (const words of [
      ["Configuration doubtful"],
      ["Configuration may need attention", "Configuration invalid"],
      [""],
    ]) {
      stand("crm_verify", [["*", { argv: [], code: 78, stdout: [], stderr: words }]]);
      assert.equal(call<{ valid: boolean }>("verify(path, folder)").ok?.valid, false, words.join());
    }
    stand("crm_verify", [["*", { argv: [], code: 134, stdout: [], stderr: ["assertion"] }]]);
    assert.match(call("verify(path, folder)").error?.message ?? "", /crm_verify failed \(exit 134\): assertion/);
  });

  it("has the same status, but for the name of what decides on fencing", () => {
    // What an exit code is called is for people: nothing is decided by it.
    const statuses = VERSIONS.map((version) => {
      const { failures, history, ...rest } = parseStatus(text(version, "status"));
      return {
        ...rest,
        failures: failures.map((each) => ({ ...each, exit: "" })),
        history: history.map((each) => ({ ...each, exit: "" })),
        digest: "",
        fencing: undefined,
      };
    });
    for (const [index, status] of statuses.entries()) assert.deepEqual(status, statuses[0], VERSIONS[index]);
    assert.ok((statuses[0]?.failures.length ?? 0) > 0 && (statuses[0]?.history.length ?? 0) > 0);
    const fencing = (name: string) => VERSIONS.map((version) => [version, parseStatus(text(version, name)).fencing]);
    const property = (version: string) => (version === "3.0.3" ? "fencing-enabled" : "stonith-enabled");
    assert.deepEqual(
      fencing("status"),
      VERSIONS.map((version) => [version, { enabled: false, property: property(version) }]),
    );
    // `fencing-enabled=true` beside `stonith-enabled=false` means nothing to a version that does not know it.
    assert.deepEqual(
      fencing("status-fenced-by-the-newer-name"),
      VERSIONS.map((version) => [version, { enabled: version === "3.0.3", property: property(version) }]),
    );
  });

  it("refuses a change in the same way", async () => {
    const change = cluster.createChange(
      cluster.CONSTRAINTS,
      cluster.element("rsc_location", { id: "fxnew", rsc: "fxrun", node: "node1", score: "1" }),
    );
    for (const version of VERSIONS) {
      const put = (name: string) => {
        stand("cibadmin", [['*" --patch "*', out(version, name)]]);
        return new cluster.Cluster(new LocalRunner(environment())).write({ changes: [change], commands: [] });
      };
      await put("patch");
      for (const name of ["patch-of-nobody", "patch-that-is-no-schema"]) {
        await assert.rejects(
          put(name),
          (error: Error) =>
            error instanceof cluster.CibConflict &&
            /Update does not conform to the configured schema/.test(error.message),
          `${name} of ${version}`,
        );
      }
    }
  });

  it("is not sent a patch without a change, which Pacemaker 3 refuses", () => {
    assert.deepEqual(
      VERSIONS.map((version) => out(version, "patch-without-a-change").code),
      VERSIONS.map((version) => (version === "2.1.5" ? 0 : 70)),
    );
    const empty = ["", "<diff/>", '<diff format="2"/>', ...VERSIONS.map((version) => text(version, "diff"))];
    // It would say so: no other tool is there to be asked.
    stand("cibadmin", []);
    const changed = call<boolean[]>(`[configure({"patch": each}) for each in ${JSON.stringify(empty)}]`, "configure");
    assert.deepEqual(
      changed.ok,
      empty.map(() => false),
      JSON.stringify(changed),
    );
    const planned = call(`[copy_with("<cib/>", each, [], path, folder) for each in ${JSON.stringify(empty)}]`);
    assert.deepEqual(
      planned.ok,
      empty.map(() => null),
      JSON.stringify(planned),
    );
    assert.match(call(`configure({"patch": "<diff><change/></diff>"})`, "configure").error?.kind ?? "", /^cib-99$/);
  });
});
