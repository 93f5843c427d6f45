// The pack as the engine loads it: a process that is asked over gRPC which rules it has, with which levels and limits.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { policies } from "./ask.ts";

const require = createRequire(import.meta.url);
/** What of Pulumi's protocol is asked; it has no types for it. */
interface Info {
  name: string;
  policiesList: { name: string; enforcementlevel: number }[];
  initialconfigMap: [string, { enforcementlevel: number }][];
}
type Analyzer = new (
  address: string,
  by: object,
) => {
  getAnalyzerInfo: (empty: object, done: (error: Error | null, answer: { toObject: () => Info }) => void) => void;
  close: () => void;
};
const { AnalyzerClient } = require("@pulumi/pulumi/proto/analyzer_grpc_pb.js") as { AnalyzerClient: Analyzer };
const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js") as { Empty: new () => object };

interface Rule {
  name: string;
  level: number;
}

const LEVELS = ["advisory", "mandatory", "disabled", "remediate"];

/** Runs a program that makes a pack, and asks it. */
async function packOf(program: string): Promise<{ name: string; rules: Rule[] }> {
  const child = spawn(process.execPath, ["-e", program], {
    cwd: join(import.meta.dirname, "../../../policy"),
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const port = await new Promise<string>((resolve, reject) => {
      let said = "";
      child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      child.once("close", () => reject(new Error(said)));
    });
    const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
    const info = await new Promise<Info>((resolve, reject) => {
      client.getAnalyzerInfo(new Empty(), (error, answer) =>
        error === null ? resolve(answer.toObject()) : reject(error),
      );
    });
    client.close();
    const given = new Map(info.initialconfigMap);
    return {
      name: info.name,
      rules: info.policiesList.map(({ name, enforcementlevel }) => ({
        name,
        level: given.get(name)?.enforcementlevel ?? enforcementlevel,
      })),
    };
  } finally {
    child.kill();
  }
}

const pack = (rest: string) => packOf(`const seapath = require("pulumi-seapath-policy"); ${rest}`);
const levels = (rules: Rule[]) => Object.fromEntries(rules.map(({ name, level }) => [name, LEVELS[level]]));

describe("a policy pack", function () {
  this.timeout(60_000);

  it("has all rules, the report last, with their own levels", async () => {
    const { name, rules } = await pack("new seapath.SeapathPolicyPack();");
    assert.equal(name, "seapath-placement");
    assert.deepEqual(
      rules.map((each) => each.name),
      policies.allRules.map((each) => each.name),
    );
    assert.equal(rules.at(-1)?.name, "placement-report");
    assert.deepEqual(
      levels(rules),
      Object.fromEntries(policies.allRules.map((each) => [each.name, each.enforcementLevel])),
    );
  });

  it("has one level for all by `all`, but for those that have their own, and for the report", async () => {
    const { rules } = await pack(
      `new seapath.SeapathPolicyPack({ all: "mandatory", "vm-stickiness": "remediate", "vm-size-limits": { maxCpu: 2 }, "failback-quiet": { enforcementLevel: "disabled" } });`,
    );
    const { "vm-stickiness": sticky, "failback-quiet": quiet, "placement-report": report, ...others } = levels(rules);
    assert.deepEqual([sticky, quiet, report], ["remediate", "disabled", "advisory"]);
    assert.deepEqual(new Set(Object.values(others)), new Set(["mandatory"]));
  });

  it("is a class that others are made of, with rules of their own, before the report", async () => {
    const { name, rules } = await pack(`
      const { resourceRule, stackRule, clusterRule, schemaOf, SeapathPolicyPack, planPlacesAll, placementReport } = seapath;
      const about = (name) => ({ name, displayName: name, description: name, level: "mandatory", severity: "low", remediationSteps: "", config: schemaOf({}) });
      class Own extends SeapathPolicyPack {
        constructor() {
          super({ all: "advisory" }, { name: "own", policies: [placementReport, planPlacesAll], more: [
            resourceRule({ ...about("own-vm"), kinds: ["Vm"], reads: [], validate() {} }),
            stackRule({ ...about("own-stack"), reads: {}, validate() {} }),
            clusterRule({ ...about("own-cluster"), validate() {} }),
            { ...about("own-plain"), enforcementLevel: "mandatory", validateStack() {} },
          ] });
        }
      }
      new Own();`);
    assert.deepEqual(
      [name, ...rules.map((each) => each.name)],
      ["own", "plan-places-all", "own-vm", "own-stack", "own-cluster", "own-plain", "placement-report"],
    );
    assert.deepEqual(new Set(Object.values(levels(rules))), new Set(["advisory"]));
  });

  it("refuses the name of a rule that it does not have", async () => {
    await assert.rejects(
      pack(`new seapath.SeapathPolicyPack({ "vm-sticky": "mandatory" });`),
      /The pack has no rule "vm-sticky"; it has vm-off-observer/,
    );
  });
});
