// What a person gets to read of an error and of a refused input, through Pulumi's own host of dynamic providers.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Bench } from "../transport/ssh/sshd.ts";
import { Host } from "./host.ts";

const vm = (more: object = {}) => ({
  name: "web01",
  owner: "grid/prod",
  source: { nodePath: "/a.qcow2" },
  domain: { memory: 64 },
  ...more,
});

describe("what is said", function () {
  this.timeout(60_000);
  const bench = new Bench();
  const hosts: Host[] = [];
  let gone: Record<string, string>;

  before(async () => {
    const nobody = [await bench.refusing(), await bench.refusing()];
    gone = { "seapath:hosts": nobody.join(","), "seapath:privateKeyFile": bench.key, "seapath:connectTimeout": "2" };
  });
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.end();
  });
  after(() => bench.end());

  async function hostOf(config: Record<string, string>): Promise<Host> {
    const folder = join(bench.folder, `program${Math.random()}`);
    mkdirSync(folder);
    const host = await Host.start(folder, config);
    hosts.push(host);
    return host;
  }

  // Tried: an `xml` of many lines, a secret, or something nested is refused → the property and the reason, without the value
  it("of a refused input is its property and the reason; never the value, which the engine would print whole", async () => {
    const host = await hostOf(gone);
    const xml = `<domain>\n${"<a>hunter2</a>\n".repeat(100)}</domian>`;
    const { domain: _none, ...bare } = vm();
    const found = await host.check("Vm", { ...bare, xml });
    // With a property the engine prints "property xml value {<domain>…", of a nested one "value {<nil>}".
    assert.deepEqual(
      found.map(({ property }) => property),
      [""],
    );
    assert.match(found[0]?.reason ?? "", /^property xml: does not parse: line 102: /);
    assert.doesNotMatch(found[0]?.reason ?? "", /hunter2/);
    const nested = await host.check("Vm", vm({ domain: { memory: 64, interfaces: [{ bridge: "br0", mac: "zz" }] } }));
    assert.deepEqual(
      nested.map(({ property }) => property),
      [""],
    );
    assert.match(nested[0]?.reason ?? "", /^property domain\.interfaces\[0\]\.mac: must be a MAC address/);
  });

  // Tried: no node can be reached, and the program has several resources → the cause once, in one line of each other one
  it("of a cluster that is out of reach is the cause once, whatever there is of resources", async () => {
    const host = await hostOf(gone);
    for (const name of ["web01", "web02", "web03"]) assert.deepEqual(await host.check("Vm", vm({ name })), []);
    assert.deepEqual(await host.check("Snapshot", { vm: "web01", name: "s", owner: "grid/prod" }), []);
    const lines = host.printed.trim().split("\n");
    assert.equal(lines.length, 4, host.printed);
    assert.equal(host.printed.match(/ECONNREFUSED 127\.0\.0\.1:\d+; .*ECONNREFUSED/g)?.length, 1, host.printed);
    for (const name of ["web02", "web03"]) {
      assert.match(
        host.printed,
        new RegExp(
          `^VM "${name}": its hosts, name and image were not checked: Unable to reach 127\\.0\\.0\\.1:\\d+, 127\\.0\\.0\\.1:\\d+: the message of another resource says why$`,
          "m",
        ),
      );
    }
  });

  // Tried: `seapath:hosts` is a secret, and no node can be reached → no host of the list is named, whatever the resource
  it("of a secret list of hosts is none of them, also where other resources' states do not say that it is secret", async () => {
    const host = await hostOf(gone);
    const addresses = (gone["seapath:hosts"] ?? "").split(",").flatMap((each) => [each, each.split(":")[0] ?? each]);
    const secret = ["seapath:hosts"];
    assert.deepEqual(await host.check("Vm", vm(), secret), []);
    const errors = [
      await host.readError("Snapshot", "web01@s", { vm: "web01", name: "s" }),
      await host.readError("Disk", "data_web01_0", { vm: "web01" }, secret),
    ];
    const text = [host.printed, ...errors].join("\n");
    assert.match(host.printed, /were not checked: Unable to reach any of \[secret\]/);
    for (const each of addresses) assert.ok(!text.includes(each), text);
  });

  // Tried: no node can be reached in a refresh → one error, once, without a stack; each other resource points to it
  it("of an error is its message once, without the stack that the host would add", async () => {
    const host = await hostOf(gone);
    const errors = await Promise.all(
      ["web01", "web02", "web03"].map((name) => host.readError("Vm", name, vm({ name }))),
    );
    assert.equal(errors.filter((text) => text.includes("ECONNREFUSED")).length, 1, errors.join("\n"));
    assert.equal(
      errors.filter((text) => /the message of another resource says why$/.test(text)).length,
      2,
      errors.join("\n"),
    );
    assert.equal(host.printed, "");
  });

  it("of a wrong setting is its message once, and the resource", async () => {
    const host = await hostOf({ "seapath:hosts": "node1", "seapath:privateKeyFile": "/nowhere" });
    const [found, ...more] = await host.check("Vm", vm());
    assert.deepEqual([found?.property, more], ["", []]);
    assert.match(found?.reason ?? "", /^The setting seapath:privateKeyFile \(\/nowhere\) is not there/);
    assert.equal(host.printed, "");
  });

  it("of a login that is refused is an error of the preview, also where another node is down", async () => {
    const sshd = await bench.sshd({ more: ["AuthorizedKeysFile none"] });
    const nobody = await bench.refusing();
    const host = await hostOf({
      ...gone,
      "seapath:hosts": `${nobody},${sshd.address}`,
      "seapath:user": "nobodyatall",
      "seapath:knownHosts": sshd.knownHosts,
    });
    const [found, ...more] = await host.check("Vm", vm());
    assert.deepEqual([found?.property, more], ["", []]);
    assert.match(
      found?.reason ?? "",
      new RegExp(`Unable to log in to ${sshd.address} as nobodyatall: the login was refused`),
    );
    assert.equal(host.printed, "");
  });
});
