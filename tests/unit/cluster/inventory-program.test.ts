// The inventory program's own readers, run by this machine's Python: what others wrote is told apart, and costs nobody else.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const { programSource } =
  require("../../../provider/dist/cluster/program.js") as typeof import("../../../provider/dist/cluster/program.js");
const { parseInventory } =
  require("../../../provider/dist/cluster/index.js") as typeof import("../../../provider/dist/cluster/index.js");

/** virsh as it is with several commands in one text: those that fail say so elsewhere, and the next one is done. */
const VIRSH = `#!/usr/bin/env python3
import os, sys
open(os.environ["ASKED"], "w").write(sys.argv[-1])
for command in sys.argv[-1].split("; "):
    verb, word = command.split(" ", 1)
    path = os.path.join(os.environ["DOMAINS"], word)
    if verb == "echo":
        print(word, end="", flush=True)
    elif os.path.exists(path):
        sys.stdout.buffer.write(open(path, "rb").read() + b"\\n\\n")
        sys.stdout.flush()
    else:
        print("error: failed to get domain", file=sys.stderr)
`;

describe("the inventory program", function () {
  // Each case starts several Pythons.
  this.timeout(60_000);

  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "seapath-inventory-"));
    writeFileSync(join(folder, "virsh"), VIRSH);
    chmodSync(join(folder, "virsh"), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** What an expression of the program's gives. */
  const ask = (expression: string): unknown => {
    const env = {
      ...process.env,
      PATH: `${folder}:${process.env["PATH"]}`,
      DOMAINS: folder,
      ASKED: join(folder, "asked"),
    };
    const done = spawnSync("python3", ["-"], {
      input: `${programSource("inventory")}\n\nprint(json.dumps(${expression}))\n`,
      env,
      encoding: "utf8",
    });
    assert.equal(done.status, 0, done.stderr);
    return JSON.parse(done.stdout);
  };

  it("tells running domains apart whatever they hold: a <domain> in <metadata>, what is no XML, what is no UTF-8", () => {
    const nested = `<domain type='kvm' id='1'>\n  <name>one</name>\n  <metadata>\n    <domain xmlns="urn:mine">x</domain>\n<domain >\n  </domain></metadata>\n</domain>`;
    writeFileSync(join(folder, "one"), nested);
    writeFileSync(join(folder, "two"), "<domain");
    writeFileSync(join(folder, "three"), "<domain type='kvm'><name>three</name></domain>");
    writeFileSync(join(folder, "four"), Buffer.from([0x3c, 0xff, 0x3e]));
    assert.deepEqual(ask(`live_domains("qemu:///system", ["one", "gone", "two", "four", "three"])`), {
      one: nested,
      two: "<domain",
      four: "<\ufffd>",
      three: "<domain type='kvm'><name>three</name></domain>",
    });
  });

  it("puts no name but one by the rule into what virsh is told", () => {
    writeFileSync(join(folder, "ok"), "<domain/>");
    assert.deepEqual(ask(`live_domains("qemu:///system", ["a; destroy ok", "--help", "", "ok\\n", "ok"])`), {
      ok: "<domain/>",
    });
    assert.match(readFileSync(join(folder, "asked"), "utf8"), /^echo next:[0-9a-f]{32}; dumpxml ok$/);
  });

  it("says why it does not know the observer, where the file is there and is none", () => {
    const observer = (text: string | Buffer) => {
      writeFileSync(join(folder, "cluster.conf"), text);
      return ask(`read_observer(${JSON.stringify(join(folder, "cluster.conf"))})`) as Record<string, string | null>;
    };
    assert.deepEqual(ask(`read_observer("/nowhere")`), { observer: null });
    assert.deepEqual(observer("[machines]\nobserver=node3\n"), { observer: "node3" });
    assert.deepEqual(observer("[machines]\nobserver=node3\nobserver=node3\n[x]\ny=50%\n"), { observer: "node3" });
    for (const bad of ["observer=node3\n", Buffer.from("[machines]\nobserver=n\xff\n", "latin1")]) {
      const found = observer(bad);
      assert.equal(found["observer"], null);
      assert.match(found["observerUnknown"] ?? "", /cluster\.conf cannot be read: /);
    }
  });

  it("never writes an empty value, and tells what is no text", () => {
    const kind = (expression: string) => ask(`attempt(lambda: ${expression})`) as { error?: { kind: string } };
    assert.equal(
      kind(`set_metadata(None, {"image": "system_x", "set": {"a": "1", "b": ""}})`).error?.kind,
      "EmptyMetadata",
    );
    assert.equal(kind(`CommandsImage("x").metadata_set("b", "")`).error?.kind, "EmptyMetadata");
    assert.deepEqual(ask(`split_readable({"a": "é", "b": ""})`), { metadata: { a: "é", b: "" } });
    assert.deepEqual(ask(`split_readable({"a": b"\\xff".decode("utf-8", "surrogateescape")})`), {
      metadata: {},
      broken: "its metadata a is no UTF-8 text",
    });
  });

  it("is told in words when its answer is not of its form, and by no schema's", () => {
    assert.throws(
      () => parseInventory({ node: "node1", storage: { images: [{ name: 5 }] } }),
      (error: Error) => {
        assert.match(
          error.message,
          /^Unable to read what the inventory program answered: its part `\S+` is not of the form that it should have$/,
        );
        return true;
      },
    );
  });
});
