import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { inventory } from "../../cluster/fixtures.ts";
import type { Raw } from "./vms.ts";

const require = createRequire(import.meta.url);
const load = <T>(name: string) => require(`../../../../provider/dist/resources/vm/${name}.js`) as T;
const { withInherited } = load<typeof import("../../../../provider/dist/resources/vm/inherit.js")>("inherit");
const { withDefaults } = load<typeof import("../../../../provider/dist/resources/vm/defaults.js")>("defaults");
const { signedXml, signedMap, withKept } =
  load<typeof import("../../../../provider/dist/resources/vm/kept.js")>("kept");
const { readInputs, observedInputs, specOf } =
  load<typeof import("../../../../provider/dist/resources/vm/state.js")>("state");
const { adoptingInputs } = load<typeof import("../../../../provider/dist/resources/vm/minimal.js")>("minimal");
const { findVm } =
  require("../../../../provider/dist/vmmgr/index.js") as typeof import("../../../../provider/dist/vmmgr/index.js");

const SECRETS = ["hunter&2", "gr4phics<pw>", "env-t0ken", "sn0re", "pa55"];
const DOMAIN =
  '<domain type="kvm" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"><name>fxrun</name><memory>4</memory><devices>' +
  '<graphics type="vnc" passwd="gr4phics&lt;pw&gt;"/></devices><qemu:commandline><qemu:env name="API_TOKEN" value="env-t0ken"/>' +
  '<qemu:arg value="secret,id=s0,data=sn0re"/><qemu:arg value="-snapshot"/></qemu:commandline></domain>';

const lab = (password = "hunter&2") => {
  const made = inventory();
  Object.assign(made.images.get("system_fxrun")?.metadata ?? {}, {
    dbpassword: password,
    xml: DOMAIN,
    _pacemaker_params: '{"remote_password":"pa55"}',
  });
  made.cib.primitives.delete("fxrun");
  return made;
};
const holds = (value: unknown) =>
  SECRETS.filter((secret) =>
    [secret, secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")].some((form) =>
      JSON.stringify(value).includes(form),
    ),
  );
const clone = (): Raw => ({ name: "copy", source: { vm: "fxrun" } });

describe("secrets that only the cluster has", () => {
  it("are in what is observed of the other VM: the control", () => {
    assert.deepEqual(holds(findVm(lab(), "fxrun")).sort(), [...SECRETS].sort());
  });

  it("are not in what a clone inherits, and are there again when it is made", async () => {
    const inputs = withDefaults(await withInherited(() => Promise.resolve(lab()), {}, clone()));
    assert.deepEqual(holds(inputs), []);
    assert.match(String(inputs["xml"]), /value="-snapshot"/);
    const spec = await withKept(() => Promise.resolve(lab()), "create", specOf(readInputs(inputs)));
    assert.deepEqual(holds(spec).sort(), [...SECRETS].sort());
    assert.equal(spec.metadata["dbpassword"], "hunter&2");
  });

  it("are taken out of a state of before", async () => {
    const olds = {
      name: "copy",
      source: {
        vm: "fxrun",
        inherited: {
          metadata: { dbpassword: "hunter&2" },
          xml: DOMAIN,
          pacemaker: { params: { remote_password: "pa55" } },
        },
      },
    };
    assert.deepEqual(holds(await withInherited(() => Promise.reject(new Error("asked")), olds, clone())), []);
  });

  it("are not in what a read finds, and a changed one is a difference", () => {
    const before = readInputs({ name: "fxrun", adopt: true, xml: "<domain/>" });
    const read = (password?: string) => observedInputs(before, findVm(lab(password), "fxrun")!);
    assert.deepEqual(holds(read()), []);
    assert.deepEqual(read(), read());
    assert.notEqual(read().metadata["dbpassword"], read("other").metadata["dbpassword"]);
    assert.deepEqual(observedInputs(read(), findVm(lab(), "fxrun")!), read());
    assert.deepEqual(holds(adoptingInputs(lab(), "fxrun")), []);
  });

  it("stay as the program gives them, which can mark them", () => {
    const given = readInputs({
      name: "fxrun",
      adopt: true,
      xml: DOMAIN,
      metadata: { dbpassword: "hunter&2" },
      pacemaker: { params: { remote_password: "pa55" } },
    });
    const read = observedInputs(given, findVm(lab(), "fxrun")!);
    assert.equal(read.metadata["dbpassword"], "hunter&2");
    assert.equal(read.xml, DOMAIN);
  });

  it("are refused where the cluster no longer has them", async () => {
    const inputs = withDefaults(await withInherited(() => Promise.resolve(lab()), {}, clone()));
    await assert.rejects(
      withKept(() => Promise.resolve(lab("other")), "create", specOf(readInputs(inputs))),
      /metadata\.dbpassword: stands for a secret that the cluster no longer has/,
    );
  });

  it("are told by the element that they stand in, also beside others", () => {
    assert.match(
      signedXml("<domain><metadata><a:password xmlns:a='x'>hunter2<b/></a:password></metadata></domain>"),
      /<a:password[^>]*>seapath-kept:[0-9a-f]{6}<b\/>/,
    );
    const plain = "<domain><metadata>a note <b/> and more</metadata></domain>";
    assert.equal(signedXml(plain), plain);
  });

  it("are told by names and by values, and nothing else is", () => {
    const plain = { owner: "alice", note: "a secretary's", url: "http://host/x", "target-role": "Started" };
    assert.deepEqual(signedMap(plain), plain);
    const url = { url: "http://bob:pw@host" };
    assert.match(signedMap(url)["url"] ?? "", /^seapath-kept:[0-9a-f]{6}$/);
    assert.equal(
      signedXml("<domain><disk><auth><secret type='ceph' uuid='u'/></auth></disk></domain>"),
      "<domain><disk><auth><secret type='ceph' uuid='u'/></auth></disk></domain>",
    );
  });
});
