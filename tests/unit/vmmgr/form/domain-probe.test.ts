import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cluster } from "../../cluster/fixtures.ts";

const require = createRequire(import.meta.url);
const { probeOf } =
  require("../../../../provider/dist/vmmgr/form/domain-probe.js") as typeof import("../../../../provider/dist/vmmgr/form/domain-probe.js");
const probe = (xml: string) => cluster.renderXml(probeOf(cluster.parseXml(xml, "it"), "seapath-check-1"));

describe("the domain that libvirt is asked about", () => {
  it("has a name and a uuid of its own", () => {
    const made = probe(
      "<domain><name>web</name><uuid>11111111-1111-4111-8111-111111111111</uuid><metadata><name>web</name></metadata></domain>",
    );
    assert.match(
      made,
      /^<domain><name>seapath-check-1<\/name><uuid>[0-9a-f-]{36}<\/uuid><metadata><name>web<\/name><\/metadata><\/domain>$/,
    );
    assert.doesNotMatch(made, /11111111/);
  });

  it("names no file that libvirt would delete with it, wherever it is said and however often", () => {
    const made =
      probe(`<domain><name>web</name><os><loader>/code.fd</loader><nvram template="/t">/a</nvram><nvram type="file"><source file="/b"/></nvram>
      <varstore path="/c"/></os><os><nvram>/d</nvram></os><devices>
      <tpm><backend type="emulator"><source type="dir" path="/e"/></backend></tpm><tpm><backend type="emulator"><source type="file" path="/f"/></backend></tpm>
      <disk><source file="/kept"/></disk></devices></domain>`);
    assert.doesNotMatch(made, /nvram|varstore|"\/[a-f]"|>\/[a-f]</);
    assert.match(made, /<loader>\/code.fd<\/loader>/);
    assert.match(made, /<backend type="emulator"\/>.*<source file="\/kept"\/>/s);
  });
});
