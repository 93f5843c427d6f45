// What strangers write, made up at random: it is read or refused by our own errors; nothing crashes, hangs, or gets further.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { printable as inLog } from "../../../ci/lib/printable.mjs";
import { cluster, fixture } from "../cluster/fixtures.ts";

const require = createRequire(import.meta.url);
const { printable, SeapathError } =
  require("../../../provider/dist/errors.js") as typeof import("../../../provider/dist/errors.js");
const { KnownHosts } =
  require("../../../provider/dist/transport/trust/knownhosts.js") as typeof import("../../../provider/dist/transport/trust/knownhosts.js");
const { SshConfig } =
  require("../../../provider/dist/transport/settings/sshconfig.js") as typeof import("../../../provider/dist/transport/settings/sshconfig.js");
const { quoteArgv } =
  require("../../../provider/dist/transport/quote.js") as typeof import("../../../provider/dist/transport/quote.js");
const { parseInventory } =
  require("../../../provider/dist/cluster/inventory.js") as typeof import("../../../provider/dist/cluster/inventory.js");
const { programSource } =
  require("../../../provider/dist/cluster/program.js") as typeof import("../../../provider/dist/cluster/program.js");
const vmmgr =
  require("../../../provider/dist/vmmgr/index.js") as typeof import("../../../provider/dist/vmmgr/index.js");
const { BrokenVm, crmProblem, findVm, listVms, nameProblem } = vmmgr;

/** As many as a few seconds allow; what failed is printed with the seed that finds it again. */
const RUNS = { numRuns: 300, interruptAfterTimeLimit: 8_000 };
const word = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "../x",
    "-oX=y",
    "a;b",
    "$(id)",
    "`id`",
    "a\0b",
    "\x1b[2J",
    "x@h/s?command=y",
    "__proto__",
    "constructor",
    "‮",
    "%00",
  ),
);

/** Either an answer, or an error that is ours and that a terminal can be given. */
function readOrRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof SeapathError, `${String(error)}\n${(error as Error).stack}`);
    assert.equal(error.message, printable(error.message));
    assert.doesNotMatch(error.message, /ZodError|invalid_type|at Object\.|\n\s+at /);
    return undefined;
  }
}

/** A text with pieces of it cut out, doubled, or put in another's place. */
const mutated = (text: string) =>
  fc
    .array(fc.tuple(fc.nat(text.length), fc.nat(40), word), { minLength: 1, maxLength: 4 })
    .map((edits) =>
      edits.reduce((now, [at, length, piece]) => now.slice(0, at) + piece + now.slice(at + length), text),
    );

describe("what strangers write", function () {
  this.timeout(60_000);
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "seapath-fuzz-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("names: what passes is nothing to a shell, a URI, a path or the commands of Ceph", () => {
    fc.assert(
      fc.property(word, (name) => {
        if (nameProblem(name) === undefined) assert.match(name, /^[A-Za-z0-9]+$/);
        for (const [rule, wider] of [
          [cluster.USER_NAME, /^[A-Za-z_][\w.-]*$/],
          [cluster.NODE_NAME, /^[A-Za-z0-9][A-Za-z0-9.-]*$/],
        ] as const) {
          if (rule.test(name)) assert.match(name, wider);
        }
        const uri = readOrRefused(() => cluster.libvirtUri({ user: name, node: "node2", asked: "node1" }));
        if (uri !== undefined)
          assert.deepEqual(
            [new URL(uri).username, new URL(uri).hostname, new URL(uri).search],
            [name, "node2", "?no_tty=1"],
          );
        const other = readOrRefused(() => cluster.libvirtUri({ user: "root", node: name, asked: "node1" }));
        if (other !== undefined && name !== "node1") assert.equal(new URL(other).hostname, name);
        if (crmProblem(name) === undefined) assert.match(name.trim(), /^[a-z_]+(\s|$)/);
      }),
      RUNS,
    );
  });

  it("words: a shell takes them for words", () => {
    const safe = word.filter((each) => !each.includes("\0"));
    fc.assert(
      fc.property(fc.array(safe, { minLength: 1, maxLength: 5 }), (words) => {
        const done = spawnSync("sh", ["-c", quoteArgv(["printf", "%s\\0", ...words])], { encoding: "buffer" });
        assert.deepEqual(
          done.stdout.toString("utf8").split("\0").slice(0, -1),
          words.map((each) => Buffer.from(each, "utf8").toString("utf8")),
        );
      }),
      { ...RUNS, numRuns: 100 },
    );
  });

  it("text: nothing of it does anything to a terminal, and what does nothing stays", () => {
    fc.assert(
      fc.property(word, (text) => {
        assert.doesNotMatch(printable(text), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f‪-‮⁦-⁩]/);
        assert.equal(printable(printable(text)), printable(text));
        assert.equal(inLog(text), printable(text));
      }),
      RUNS,
    );
  });

  it("XML: it is read or refused, and what is read is written such that it is read again", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          word,
          mutated(
            '<?xml version="1.0"?><domain type="kvm"><name>a&amp;b</name><![CDATA[x]]><metadata><domain x="&#10;"/></metadata></domain>',
          ),
        ),
        (text) => {
          const root = readOrRefused(() => cluster.parseXml(text, "it"));
          if (root === undefined) return;
          assert.equal(
            Object.getPrototypeOf(root.attrs) === Object.prototype || Object.getPrototypeOf(root.attrs) === null,
            true,
          );
          assert.deepEqual(cluster.parseXml(cluster.renderXml(root), "it"), root);
        },
      ),
      RUNS,
    );
  });

  it("a CIB and a status: they are read or refused", () => {
    const answer = JSON.parse(fixture("inventory.json")) as { ok: { cib: string; status: string } };
    for (const part of ["cib", "status"] as const) {
      fc.assert(
        fc.property(mutated(answer.ok[part]), (text) => {
          const found = readOrRefused(() => parseInventory({ ...answer.ok, [part]: text }));
          if (found !== undefined) readOrRefused(() => listVms(found));
        }),
        { ...RUNS, numRuns: 60 },
      );
    }
  });

  it("metadata: nonsense costs its own VM alone, by name", () => {
    const answer = JSON.parse(fixture("inventory.json")) as { ok: unknown };
    const keys = [
      "xml",
      "_base_xml",
      "_priority",
      "_stop_timeout",
      "_pacemaker_meta",
      "_pacemaker_params",
      "_migration_user",
      "_disk_bus",
      "_seapath_parent",
      "_parked_constraints",
      "_pinned_host",
      "_crm_config_cmd",
      "_live_migration",
    ];
    const lab = () => parseInventory(answer.ok);
    const whole = JSON.stringify(findVm(lab(), "fxstop"));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), word), (metadata) => {
        const found = lab();
        const image = found.images.get("system_fxrun")!;
        found.images.set("system_fxrun", { ...image, metadata: { ...image.metadata, ...metadata } });
        const vm = readOrRefused(() => findVm(found, "fxrun"));
        if (vm !== undefined) {
          assert.ok(Number.isFinite(vm.priority) && Number.isFinite(vm.stopTimeout));
          assert.match(vm.migrationUser, cluster.USER_NAME);
        }
        assert.equal(JSON.stringify(findVm(found, "fxstop")), whole);
        assert.ok(listVms(found).some(({ name }) => name === "fxstop"));
        try {
          findVm(found, "fxrun");
        } catch (error) {
          assert.ok(error instanceof BrokenVm && error.vm === "fxrun", String(error));
        }
      }),
      RUNS,
    );
  });

  it("answers of a node: each is of its form, or an error of ours", () => {
    const answer = JSON.parse(fixture("inventory.json")) as { ok: Record<string, unknown> };
    const strange = fc.oneof(fc.anything({ maxDepth: 2 }), word, fc.constant(null));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(answer.ok)), strange, (key, value) => {
        readOrRefused(() => parseInventory({ ...answer.ok, [key]: value }));
      }),
      RUNS,
    );
    fc.assert(
      fc.property(fc.anything(), (value) => void readOrRefused(() => parseInventory(value))),
      RUNS,
    );
  });

  it("known_hosts and ssh_config: they are read or refused", () => {
    const hosts =
      "node1,10.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKtZ\n@revoked *.x ssh-rsa AAAA\n|1|a|b ssh-rsa AAAA\n";
    fc.assert(
      fc.property(
        fc.oneof(word, mutated(hosts)),
        (text) => void readOrRefused(() => KnownHosts.parse([{ name: "it", text }])),
      ),
      RUNS,
    );
    const config = "Host *.x !y\n  HostName %h.example\n  Port 22\n  ProxyJump a,b\nMatch all\n  User root\n";
    fc.assert(
      fc.property(fc.oneof(word, mutated(config)), (text) => {
        writeFileSync(join(folder, "config"), text);
        readOrRefused(() => SshConfig.load(join(folder, "config"), folder).lookup("node1.x"));
      }),
      RUNS,
    );
  });

  it("an image file, and QEMU's words on one: judged, and never an answer that is no judgement", () => {
    const program = `${programSource("inventory")}
def told(each):
    head, tail, size, asked, info = each
    try:
        said, bytes = judge(Sample(size, base64.b64decode(head), base64.b64decode(tail)), asked)
        parts = external_parts(info, "/a") if isinstance(info, dict) else []
        return [said, bytes, len(parts)]
    except NoDisk as error:
        return str(error)
json.dump([told(each) for each in json.load(sys.stdin)], sys.stdout)
`;
    const magic = fc.constantFrom(
      "QFI\xfb\x00\x00\x00\x03",
      "KDMV\x01\x00\x00\x00",
      "vhdxfile",
      "conectix",
      "\x1f\x8b",
      "<html>",
      "# Disk DescriptorFile",
      "",
    );
    const bytes = fc
      .tuple(magic, fc.uint8Array({ maxLength: 600 }))
      .map(([begin, rest]) => Buffer.concat([Buffer.from(begin, "latin1"), rest]).toString("base64"));
    const format = fc.constantFrom(null, ...cluster.IMAGE_FORMATS);
    const info = fc.record({
      "backing-filename": fc.option(word),
      "format-specific": fc.option(fc.record({ data: fc.option(fc.record({ "data-file": fc.option(word) })) })),
    });
    const cases = fc.sample(fc.tuple(bytes, bytes, fc.nat(5000), format, info), 400);
    const done = spawnSync("python3", ["-I", "-c", program], { input: JSON.stringify(cases), encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    const answers = JSON.parse(done.stdout) as (string | [string, number | null, number])[];
    assert.equal(answers.length, cases.length);
    for (const [index, each] of answers.entries()) {
      if (typeof each === "string") assert.equal(each, printable(each));
      else {
        const [head, , , asked] = cases[index]!;
        const starts = Buffer.from(head, "base64").toString("latin1");
        if (asked === null && each[0] === "raw")
          assert.doesNotMatch(starts, /^(QFI\xfb|KDMV|vhdxfile|\x1f\x8b|<html>)/);
      }
    }
  });
});
