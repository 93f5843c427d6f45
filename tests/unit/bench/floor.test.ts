import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { floorScript, metadataOf, type Template } from "../../../bench/floor.ts";
import { multiplied, type Exported } from "../../../bench/stack.ts";
import { Relay } from "../../../bench/way.ts";
import { run } from "../../../bench/run.ts";

const template: Template = {
  name: "one",
  size: 512,
  metadata: {
    vm_name: "one",
    xml: "<domain><name>one</name><uuid>11111111-2222-3333-4444-555555555555</uuid></domain>",
    note: "it's",
    _seapath_owner: "a/b",
  },
  primitive: `<primitive id="one" class="ocf" provider="seapath" type="VirtualDomain"/>`,
  constraints: `<xpath-query><rsc_location id="nodes-only-one" rsc="one"><rule id="nodes-only-one-rule" score="-INFINITY"/></rsc_location></xpath-query>`,
};

/** Runs a script with tools that only say what they were given. */
function dryRun(script: string): string {
  const fakes = ["qemu-img", "rbd", "virsh"].map((name) => `${name}() { echo "${name} $*" >&2; }`);
  const cib = `cibadmin() { echo "cibadmin $(cat)" >&2; }`;
  const mon = `crm_mon() { echo '<resource id="'"$4"'" role="Started" x="" nodes_running_on="1">'; }`;
  const done = spawnSync("bash", ["-s"], { input: `${fakes.join("\n")}\n${cib}\n${mon}\n${script}`, encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
  return `${done.stdout}${done.stderr}`;
}

describe("the floor", () => {
  it("is each step of a VM once, in the order of vm-mgr, and is counted", () => {
    const said = dryRun(floorScript(template, "/img", ["two"], "one by one")).split("\n");
    const steps = said.map((line) => line.split(" ").slice(0, 3).join(" "));
    assert.deepEqual(
      steps.filter((line) => !line.startsWith("virsh") && line !== ""),
      [
        "tools 10",
        "qemu-img convert -W",
        "rbd group create",
        "rbd group image",
        "rbd image-meta set",
        "rbd image-meta set",
        "rbd image-meta set",
        'cibadmin <diff format="2"><change',
      ],
    );
    assert.match(said.join("\n"), /image-meta set rbd\/system_two note it's\n/);
    assert.match(said.join("\n"), /<rsc_location id="nodes-only-two" rsc="two">/);
    assert.doesNotMatch(said.join("\n"), /\bone\b|_seapath/);
  });

  it("is made at once as well, and fails when one of them does", () => {
    const names = ["two", "three"];
    const script = floorScript(template, "/img", names, "at once");
    assert.match(dryRun(script), /tools 20/);
    const failing = spawnSync("bash", ["-s"], {
      input: `qemu-img() { [[ $* != *three* ]]; }\n${script}`,
      encoding: "utf8",
    });
    assert.notEqual(failing.status, 0);
    assert.doesNotMatch(failing.stdout, /tools/);
  });
});

describe("many of one VM", () => {
  it("differ in name and uuid on the cluster", () => {
    const { vm_name, xml = "" } = metadataOf(template, "two");
    assert.equal(vm_name, "two");
    assert.match(xml, /^<domain><name>two<\/name><uuid>[0-9a-f-]{36}</);
    assert.doesNotMatch(xml, /1111/);
  });

  it("differ in name in the state, and leave the rest of it alone", () => {
    const stack = { urn: "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s", type: "pulumi:pulumi:Stack" };
    const state: Exported = {
      deployment: {
        resources: [stack, { urn: "urn:pulumi:s::p::x:Vm::one", type: "x:Vm", id: "one", inputs: { name: "one" } }],
      },
    };
    assert.deepEqual(multiplied(state, "one", ["one", "two"]).deployment.resources, [
      stack,
      { urn: "urn:pulumi:s::p::x:Vm::one", type: "x:Vm", id: "one", inputs: { name: "one" } },
      { urn: "urn:pulumi:s::p::x:Vm::two", type: "x:Vm", id: "two", inputs: { name: "two" } },
    ]);
    assert.throws(() => multiplied(state, "none", []), /no resource "none"/);
  });
});

describe("a longer way", function () {
  this.timeout(30_000);

  it("hands on every byte in its order, both ways, a while later", async () => {
    const server = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const relay = await Relay.to("127.0.0.1", 40, port);
    const text = Array.from({ length: 20_000 }, (_, line) => `line ${line}`).join("\n");
    const code = `const s = require("net").connect(${relay.port}, "127.0.0.1"); process.stdin.pipe(s); s.pipe(process.stdout);`;
    try {
      const { stdout, seconds } = await run(["timeout", "20", process.execPath, "-e", code], { stdin: text });
      assert.equal(stdout, text);
      assert.ok(seconds >= 0.08, `${seconds}`);
    } finally {
      await relay.close();
      server.close();
    }
  });
});

describe("a program of the benchmark", () => {
  it("that fails is an error with what it said", async () => {
    await assert.rejects(
      run(["sh", "-c", "echo out; echo err >&2; exit 3"]),
      /ended with exit code 3:\n(out\nerr|err\nout)/,
    );
  });
});
