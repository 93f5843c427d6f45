import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { inventory } from "../../cluster/fixtures.ts";
import { type Raw, unknowns } from "./vms.ts";

const { wholeInputs, withInherited, withSaid } = createRequire(import.meta.url)(
  "../../../../provider/dist/resources/vm/inherit.js",
) as typeof import("../../../../provider/dist/resources/vm/inherit.js");
const { withDefaults } = createRequire(import.meta.url)(
  "../../../../provider/dist/resources/vm/defaults.js",
) as typeof import("../../../../provider/dist/resources/vm/defaults.js");

const never = () => Promise.reject(new Error("the cluster was asked"));
const lab =
  (change: (metadata: Record<string, string>) => void = () => undefined) =>
  () => {
    const made = inventory();
    change(made.images.get("system_fxrun")?.metadata ?? {});
    return Promise.resolve(made);
  };
const clone = (more: Raw = {}, source: Raw = {}): Raw => ({
  name: "copy",
  source: { vm: "fxrun", ...source },
  ...more,
});

describe("what a clone inherits", () => {
  it("is what its program does not say", async () => {
    const found = await withInherited(lab(), {}, clone({ priority: 3, metadata: { mine: "1" } }));
    assert.equal(found["priority"], 3);
    assert.equal(found["stopTimeout"], 30);
    assert.deepEqual(found["metadata"], { note: "kept", mine: "1", ...(found["metadata"] as Raw) });
    assert.equal((found["source"] as Raw)["mode"], "copy");
    assert.ok(found["xml"] !== undefined || found["domain"] !== undefined);
    assert.equal("crmConfigCommands" in found, false);
  });

  it("leaves out what is cleared, and the domain that is given", async () => {
    const found = await withInherited(
      lab(),
      {},
      clone({ domain: { memory: 9 } }, { clear: ["metadata", "settings", "placement"] }),
    );
    assert.deepEqual(found["metadata"], {});
    assert.deepEqual([found["priority"], found["preferredHost"], found["xml"]], [undefined, undefined, undefined]);
    assert.deepEqual(found["domain"], { memory: 9 });
  });

  it("has MACs of its own in XML, and no file of the other VM's", async () => {
    const nic =
      '<domain type="kvm"><name>fxrun</name><title>t</title><memory>4096</memory><os><nvram>/fxrun.fd</nvram></os><devices><interface type="bridge"><mac address="52:54:00:00:00:01"/></interface><interface type="bridge"/></devices></domain>';
    const found = await withInherited(
      lab((metadata) => (metadata["xml"] = nic)),
      {},
      clone(),
    );
    const macs = [...String(found["xml"]).matchAll(/mac address="([^"]*)"/g)].map(([, mac]) => mac);
    assert.equal(new Set(macs).size, 2);
    assert.ok(!macs.includes("52:54:00:00:00:01"));
    assert.doesNotMatch(String(found["xml"]), /nvram/);
  });

  it("stays what it was when the clone was made, whatever becomes of the other VM, and comes back when the program takes back its own", async () => {
    const first = withDefaults(await withInherited(lab(), {}, clone({ priority: 3 })));
    const later = withDefaults(await withInherited(never, first, clone()));
    assert.equal(later["priority"], 0);
    assert.deepEqual(withDefaults(await withInherited(never, first, clone({ priority: 3 }))), first);
  });

  it("is not known of a VM that is not there yet, and looked up by the create", async () => {
    const empty = () => Promise.resolve({ ...inventory(), images: new Map() });
    const inputs = clone();
    assert.equal(await withInherited(empty, {}, inputs), inputs);
    assert.equal(
      await withInherited(never, {}, clone({ name: unknowns.UNKNOWN })).then(({ name }) => name),
      unknowns.UNKNOWN,
    );
    const made = await wholeInputs(lab(), withDefaults(withSaid(inputs)));
    assert.deepEqual((made["metadata"] as Raw)["note"], "kept");
    assert.equal((made["source"] as Raw)["said"], undefined);
    const plain = { name: "x", source: { nodePath: "/x" } };
    assert.equal(await wholeInputs(never, plain), plain);
  });

  it("leaves to the source what it says of itself, in each of the ways in which it is looked up", async () => {
    const asked = clone({}, { snapshots: true });
    const taken = (found: Raw) => (found["source"] as Raw)["snapshots"];
    for (const found of [
      await withInherited(lab(), {}, asked),
      await wholeInputs(lab(), asked),
      await wholeInputs(lab(), withDefaults(withSaid(asked))),
    ])
      assert.equal(taken(found), true);
    assert.equal(taken(await wholeInputs(lab(), clone())), undefined);
  });

  it("is not what it says, though that be what holds where nothing is said", async () => {
    const other = () => {
      const made = inventory();
      made.cib.primitives.delete("fxrun");
      Object.assign(made.images.get("system_fxrun")?.metadata ?? {}, { _stop_timeout: "90" });
      return Promise.resolve(made);
    };
    const settings = (found: Raw) => [found["stopTimeout"], found["priority"]];
    const asked = clone({ stopTimeout: 30 });
    // By the command line, by a program of which the other VM is there, and by one that makes both.
    assert.deepEqual(settings(await wholeInputs(other, asked)), settings(await withInherited(other, {}, asked)));
    assert.deepEqual(
      settings(await wholeInputs(other, withDefaults(withSaid(asked)))),
      settings(await withInherited(other, {}, asked)),
    );
    assert.equal((await wholeInputs(other, asked))["stopTimeout"], 30);
    assert.equal((await wholeInputs(other, clone()))["stopTimeout"], 90);
  });
});
