// What others leave on a VM: empty values, documents that are none. It costs that VM alone, which says what is wrong.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { imageMeta, on, traces } from "./support/cluster.ts";
import { seapath } from "./support/cli.ts";
import { TestStack } from "./support/stack.ts";
import { TICK, tick, tickXml } from "./support/vms.ts";

/** Sets metadata as vm-mgr does, by librbd's Python: `rbd` takes no empty value. */
const setByPython = (vm: string, key: string, value: string) =>
  on(
    "node1",
    "python3",
    "-I",
    "-c",
    `
import rados, rbd, sys
with rados.Rados(conffile="/etc/ceph/ceph.conf") as cluster, cluster.open_ioctx("rbd") as pool, rbd.Image(pool, sys.argv[1]) as image:
    image.metadata_set(sys.argv[2], sys.argv[3])
    print(dict(image.metadata_list()).get("vm_name", ""))
`,
    `system_${vm}`,
    key,
    value,
  );

const disabled = (more: Record<string, unknown> = {}) => tick({ enabled: false, started: false, ...more });
const MANY = Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`key${n}`, `value ${n}`]));

describe("a VM that others have put nonsense on", function () {
  this.timeout(240_000);
  let stack: TestStack;
  let other: TestStack;
  const vms = { brokenone: disabled({ priority: 3, metadata: { owner: "alice", ...MANY } }) };
  const others = { brokentwo: disabled() };

  before(async () => {
    stack = await TestStack.make("brokenvm");
    other = await TestStack.make("brokenother");
    await stack.up(vms);
    await other.up(others);
  });
  after(async () => {
    await stack.destroy();
    await other.destroy();
    for (const vm of ["brokenone", "brokentwo", "brokenlive"]) assert.deepEqual(await traces(vm), []);
  });

  it("has all its values at their keys, an empty one among them, which is drift that the next up takes away", async () => {
    const stored = await imageMeta("brokenone", "xml");
    const shifted = await setByPython("brokenone", "aaa", "");
    assert.notEqual(shifted, "brokenone"); // what vm-mgr reads now
    assert.equal((await seapath("get_metadata", "-n", "brokenone", "--metadata_name", "xml")).stdout.trim(), stored);
    assert.equal((await seapath("get_metadata", "-n", "brokenone", "--metadata_name", "key79")).stdout, "value 79\n");
    await stack.refresh();
    const { text, changes } = await stack.preview(vms, { refresh: true });
    assert.deepEqual(changes, { same: 1, update: 1 }, text);
    assert.match(text, /- +aaa/);
    await stack.up(vms);
    assert.doesNotMatch(await on("node1", "rbd", "image-meta", "list", "system_brokenone"), /aaa/);
    assert.deepEqual((await stack.preview(vms, { refresh: true })).changes, { same: 2 });
  });

  it("is never given an empty value: refused in the preview, by the command line and on the node", async () => {
    const said = await stack.failing("preview", { brokenone: disabled({ metadata: { note: "" } }) });
    assert.match(said, /metadata\.note.*must not be empty/s);
    assert.match(
      await other.failing("preview", {
        ...others,
        keys: { $kind: "Metadata", vm: "brokentwo", metadata: { note: "" } },
      }),
      /metadata\.note.*must not be empty/s,
    );
    const set = await seapath("set_metadata", "-n", "brokenone", "--metadata_name", "note", "--metadata_value", "");
    assert.equal(set.code, 1);
    assert.match(set.stderr, /Unable to set metadata of VM "brokenone" on \S+: the value: must not be empty/);
    const xml = join(mkdtempSync(join(tmpdir(), "seapath-broken-")), "vm.xml");
    writeFileSync(xml, tickXml());
    const create = await seapath(
      "create",
      "-n",
      "brokenthree",
      "-i",
      `node:${TICK}`,
      "--xml",
      xml,
      "--metadata",
      "note=",
    );
    rmSync(dirname(xml), { recursive: true });
    assert.notEqual(create.code, 0);
    assert.match(create.stderr, /--metadata note.*must not be empty/s);
  });

  for (const [key, value, says] of [
    ["_priority", "abc", /its metadata `_priority` is no whole number/],
    ["_pacemaker_meta", "{", /its metadata `_pacemaker_meta` is no JSON/],
    ["xml", "virtio", /its metadata `xml` holds what is no XML/],
    ["xml", "<domain><memory>0</memory></domain>", /its metadata `xml` holds a domain without memory/],
  ] as const) {
    it(`is named with the reason, and no other stack notices: ${key} = ${value}`, async () => {
      const known = await on("node1", "rbd", "image-meta", "get", `system_brokenone`, key).catch(() => undefined);
      await setByPython("brokenone", key, value);
      try {
        const state = await stack.state();
        const refused = await stack.refresh().then(
          () => "",
          (error: Error) => error.message,
        );
        assert.match(refused, /Unable to read VM "brokenone" on node\d: /);
        assert.match(refused, says);
        assert.match(refused, /rbd image-meta get system_brokenone/);
        assert.doesNotMatch(refused, /ZodError|invalid_type|"expected"/);
        const props = (text: string) => /"memory":\d+/.exec(text)?.[0];
        assert.equal(props(await stack.state()), props(state));
        const list = await seapath("list");
        assert.equal(list.code, 0, list.stderr);
        assert.match(list.stdout, /^brokenone$[^]*^brokentwo$/m);
        assert.deepEqual((await other.preview(others, { refresh: true })).changes, { same: 2 });
      } finally {
        if (known === undefined) await on("node1", "rbd", "image-meta", "remove", "system_brokenone", key);
        else await setByPython("brokenone", key, known);
      }
      await stack.refresh();
    });
  }

  // Tried: an image and a group of the pool whose names are no UTF-8 → nobody's reads, previews and changes notice
  it("is not even noticed where it is an image or a group with a name that is no text", async () => {
    const each = (what: string) => on("node1", "sh", "-c", what.replaceAll("NAME", "rbd/$(printf 'system_\\377')"));
    await each("rbd create --size 1 NAME && rbd group create NAME && rbd group image add NAME NAME");
    try {
      const list = await seapath("list");
      assert.equal(list.code, 0, list.stderr);
      assert.match(list.stdout, /^brokentwo$/m);
      assert.deepEqual((await other.preview(others, { refresh: true })).changes, { same: 2 });
    } finally {
      await each("rbd group rm NAME; rbd rm --no-progress NAME");
    }
  });

  it("may have a <domain> in its <metadata>, also while its running guest is looked at", async () => {
    const mine = `<metadata><domain xmlns="urn:mine">of mine</domain></metadata>`;
    const live = (mib: number) => ({
      ...others,
      brokenlive: {
        source: { nodePath: TICK },
        xml: tickXml().replace("<memory", `${mine}<memory`).replace(">4</memory>", `>${mib}</memory>`),
      },
    });
    await other.up(live(4));
    await other.up(live(5)); // stored, and not seen by the guest: from now on it is looked at
    assert.notEqual(await imageMeta("brokenlive", "_seapath_restart"), "");
    const list = await seapath("list");
    assert.equal(list.code, 0, list.stderr);
    await other.refresh();
    assert.match(await other.state(), /"restartRequired":true/);
    await other.up(others);
  });
});
