import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { cluster, inventory } from "../../cluster/fixtures.ts";
import { domains, metadata, observe, primitives, constraints } from "../../vmmgr/form/specs.ts";
import { full, parseSize, type Raw, state, typed, xmlForm } from "./vms.ts";
import type { Inventory } from "../../../../provider/dist/cluster/index.js";

const { observedInputs, readInputs, specOf, stateOf } = state;
const { canonicalXml, parseXml, renderPretty } = cluster;

/** A cluster on which a VM is as its inputs say, as `createVm` leaves it. */
function made(inputs: Raw): Inventory {
  const lab = inventory();
  const spec = specOf(readInputs(inputs));
  const given = spec.domain === undefined ? parseXml(spec.xml ?? "", "test") : domains.domainElement(spec.domain);
  const vm = { name: spec.name, uuid: "11111111-2222-4333-8444-555555555500", images: [`system_${spec.name}`] };
  const final = domains.finalDomain(domains.baseDomain(given, spec.name), vm, {
    bus: spec.diskBus,
    secret: "s",
    cephHosts: [],
  });
  const xml = { base: spec.xml ?? renderPretty(given), final: renderPretty(final) };
  const size = parseSize(readInputs(inputs).systemDisk.size ?? 1048576) ?? 0;
  lab.images.set(`system_${spec.name}`, {
    name: `system_${spec.name}`,
    size,
    metadata: metadata.vmMetadata(spec, xml),
  });
  if (!spec.enabled) return lab;
  lab.cib.primitives.set(spec.name, parseXml(canonicalXml(primitives.vmPrimitive(spec, undefined)), "test"));
  lab.cib.constraints.push(...constraints.vmConstraints(spec, undefined));
  return lab;
}

function seen(inputs: Raw, change: (lab: Inventory) => void = () => undefined): Raw {
  const lab = made(inputs);
  change(lab);
  const observed = observe.findVm(lab, "web01");
  assert.ok(observed);
  return observedInputs(readInputs(inputs), observed);
}

/** The keys in which two sets of inputs differ. */
const differing = (a: Raw, b: Raw) =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => !isDeepStrictEqual(a[key], b[key]));

const forms: [string, Raw][] = [
  ["typed", typed()],
  ["typed, all said", full()],
  [
    "typed, pinned, a size in bytes",
    full({ preferredHost: undefined, pinnedHost: "node1", systemDisk: { size: 1048576 } }),
  ],
  ["typed, not enabled", full({ enabled: false })],
  ["XML", xmlForm()],
  [
    "XML with a name, a uuid and no devices",
    xmlForm({ xml: "<domain type='kvm'><name>x</name><uuid/><memory>1</memory></domain>" }),
  ],
  ["XML, all said", full({ domain: undefined, xml: xmlForm()["xml"] })],
];

describe("what is observed of a VM", () => {
  for (const [name, inputs] of forms) {
    it(`echoes what was asked when it is so: ${name}`, () => assert.deepEqual(seen(inputs), readInputs(inputs)));
  }

  const image = (lab: Inventory) => lab.images.get("system_web01");
  const primitive = (from: RegExp | string, to: string) => (lab: Inventory) => {
    const text = canonicalXml(lab.cib.primitives.get("web01") ?? parseXml("<none/>", "test"));
    const changed = text.replace(from, to);
    assert.notEqual(changed, text);
    lab.cib.primitives.set("web01", parseXml(changed, "test"));
  };
  const meta = (key: string, value: string) => (lab: Inventory) => {
    const found = image(lab)?.metadata;
    if (found !== undefined) found[key] = value;
  };
  const xml = (from: string, to: string) => (lab: Inventory) =>
    meta("xml", (image(lab)?.metadata?.["xml"] ?? "").replace(from, to))(lab);
  const drifts: [string, (lab: Inventory) => void, unknown?][] = [
    ["started", primitive('name="target-role" value="Stopped"', 'name="target-role" value="Started"'), true],
    ["liveMigration", primitive('name="allow-migrate" value="true"', 'name="allow-migrate" value="false"'), false],
    ["priority", primitive('name="priority" value="-3"', 'name="priority" value="9"'), 9],
    ["migrationUser", primitive('value="libvirtadmin"', 'value="root"'), "root"],
    ["migrationDowntime", primitive('name="migration_downtime" value="100"', 'name="migration_downtime" value="1"'), 1],
    ["stopTimeout", primitive('name="stop" timeout="61s"', 'name="stop" timeout="2min"'), 120],
    ["migrateToTimeout", primitive('name="migrate_to" timeout="60s"', 'name="migrate_to" timeout="59"'), 59],
    ["pacemaker", primitive('name="migration-threshold" value="3"', 'name="migration-threshold" value="1"')],
    [
      "preferredHost",
      (lab) => (lab.cib.constraints = lab.cib.constraints.filter((node) => node.attrs["id"] !== "cli-prefer-web01")),
      undefined,
    ],
    ["enabled", (lab) => lab.cib.primitives.delete("web01"), false],
    ["metadata", meta("owner", "somebody"), { owner: "somebody", floor: "3" }],
    ["crmConfigCommands", meta("_crm_config_cmd", "a\nb"), ["a", "b"]],
    [
      "systemDisk",
      (lab) => lab.images.set("system_web01", { ...image(lab), name: "system_web01", size: 2 ** 35 }),
      { bus: "scsi", size: "32GiB" },
    ],
    ["domain", xml("<vcpu>2</vcpu>", "<vcpu>4</vcpu>")],
  ];
  for (const [property, change, value] of drifts) {
    it(`shows a drift of ${property} there, and nowhere else`, () => {
      const before = seen(full());
      const after = seen(full(), change);
      assert.deepEqual(differing(before, after), [property]);
      if (value !== undefined) assert.deepEqual(after[property], value);
    });
  }

  it("shows what the typed form cannot say as XML beside it", () => {
    const after = seen(full(), xml("<features>", "<features><pae/>"));
    assert.deepEqual(differing(seen(full()), after), ["xml"]);
    assert.match(String(after["xml"]), /<pae\/>/);
  });

  it("shows XML that somebody changed, and leaves the user's words where only the layout differs", () => {
    const inputs = xmlForm();
    const spaced = (lab: Inventory) => meta("xml", (image(lab)?.metadata?.["xml"] ?? "").replaceAll("><", ">\n<"))(lab);
    assert.equal(seen(inputs, spaced)["xml"], inputs["xml"]);
    const changed = seen(inputs, xml("<title>t</title>", "<title>u</title>"));
    assert.match(String(changed["xml"]), /<title>u<\/title>/);
    assert.deepEqual(differing(seen(inputs), changed), ["xml"]);
  });

  it("has the size of the disk in the state where none was asked for, which is no input, and no difference", () => {
    for (const inputs of [typed(), typed({ systemDisk: { bus: "scsi" } })]) {
      const observed = observe.findVm(made(inputs), "web01");
      assert.ok(observed);
      const kept = stateOf(readInputs(inputs), observed);
      assert.deepEqual(kept["systemDisk"], { ...readInputs(inputs).systemDisk, size: "1MiB" });
      assert.deepEqual(readInputs({ ...kept, __provider: "text" }), readInputs(inputs));
      assert.deepEqual(
        observedInputs(state.storedInputs(kept), { ...observed, systemSize: 2 ** 31 }),
        readInputs(inputs),
      );
      assert.deepEqual(stateOf(state.storedInputs(kept), { ...observed, systemSize: 2 ** 31 })["systemDisk"], {
        ...readInputs(inputs).systemDisk,
        size: "2GiB",
      });
    }
    // Asked for from then on, it is held to.
    const observed = observe.findVm(made(typed()), "web01");
    assert.ok(observed);
    const grown = stateOf(readInputs(typed({ systemDisk: { size: "1MiB" } })), observed);
    assert.equal(state.storedInputs(grown).systemDisk.size, "1MiB");
  });

  it("goes into the state with its outputs, and comes out of it as the same inputs", () => {
    const observed = observe.findVm(made(full()), "web01");
    assert.ok(observed);
    const kept = stateOf(readInputs(full()), observed);
    assert.deepEqual([kept["uuid"], kept["node"]], ["11111111-2222-4333-8444-555555555500", ""]);
    assert.deepEqual(readInputs({ ...kept, __provider: "text" }), readInputs(full()));
  });
});
