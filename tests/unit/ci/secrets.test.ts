// What is known to be secret, in whatever way it is written, and that nothing leaves by another way than the one that looks for it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderPreview } from "../../../ci/lib/comment.mjs";
import { readDrift, renderDrift } from "../../../ci/lib/drift.mjs";
import { block, code, inline, lines, unlinked } from "../../../ci/lib/markdown.mjs";
import { readPreview } from "../../../ci/lib/preview.mjs";
import { outlet } from "../../../ci/lib/report.mjs";
import { redacted, redactor, secretsOf } from "../../../ci/lib/secrets.mjs";

const ROOT = join(import.meta.dirname, "../../..");
const SECRETS = [
  "hunter_2*rocks",
  "p@ssw0rd!long",
  "hunter&rocks<1>",
  'say "quoted" \\ words',
  "it's `code` | pipe",
  "#first-line:of",
  "tab\there  twice",
  "ünïcödé-wörds",
  "a\\\\b\\\\\\c",
  "$(x)[y]{z}^~+",
];
const CONFIG = { key: { secret: true, objectValue: SECRETS, value: JSON.stringify(SECRETS) } };
const redact = redactor(secretsOf(CONFIG), {});

/** Whether any run of seven signs of a secret is to be seen. */
function leaksOf(text: string): string[] {
  return SECRETS.flatMap((secret) =>
    Array.from({ length: secret.length - 7 }, (_, at) => secret.slice(at, at + 7)),
  ).filter((part) => text.includes(part));
}

/** Ways to write a text. Each undoes nothing, so that they can be put one into the other. */
const WAYS: Record<string, (text: string) => string> = {
  raw: (text) => text,
  JSON: (text) => JSON.stringify(text).slice(1, -1),
  "JSON in ASCII": (text) =>
    JSON.stringify(text)
      .slice(1, -1)
      .replace(/[\u0080-\uffff<>&]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`),
  HTML: (text) =>
    text
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      .replace(/"/g, "&quot;")
      .replace(/'/g, "&#39;"),
  inline,
  lines,
  code,
  block,
  unlinked,
  address: encodeURIComponent,
  form: (text) => String(new URLSearchParams({ a: text })),
  base64: (text) => Buffer.from(text).toString("base64"),
  "base64 in the midst": (text) => Buffer.from(`user:${text}@host`).toString("base64"),
  base64url: (text) => Buffer.from(`ab${text}c`).toString("base64url"),
  hex: (text) => Buffer.from(text).toString("hex").toUpperCase(),
};

describe("secrets in CI", function () {
  this.timeout(60_000); // patterns of many secrets, on a machine that is busy
  it("are those of the configuration, also inside of objects, and of the environment", () => {
    const secrets = secretsOf({
      a: { value: "hunter2", secret: true },
      b: { value: "plain", secret: false },
      c: { objectValue: { d: ["deep-one", 445566] }, secret: true },
      e: { value: "abc", secret: true },
    });
    const take = redactor(secrets, {
      GITHUB_TOKEN: "ghs_1",
      PULUMI_CONFIG_PASSPHRASE: "words",
      SEAPATH_PRIVATE_KEY: "first line\nsecond line",
      SEAPATH_PRIVATE_KEY_FILE: "/key",
      PULUMI_BACKEND_URL: "postgres://me:pg-pass@host/db",
      SEAPATH_CLUSTERS: '{"north":{"hosts":"north1","password":"north-pass"}}',
    });
    assert.equal(
      take("hunter2 plain deep-one abc ghs_1 words second line /key 445566"),
      "[secret] plain [secret] abc [secret] [secret] [secret] /key [secret]",
    );
    assert.equal(take("pg-pass north-pass north1"), "[secret] [secret] north1");
    assert.deepEqual(redacted({ a: [445566, 7], b: "Hunter2 hunter2" }, take), {
      a: ["[secret]", 7],
      b: "Hunter2 [secret]",
    });
    assert.equal(take(take("hunter2")), "[secret]");
  });

  it("are those of a file that a variable names", () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-secrets-"));
    try {
      writeFileSync(join(folder, "key"), "-----BEGIN-----\nAAAAkey1\n");
      assert.equal(
        redactor([], { SEAPATH_PRIVATE_KEY_FILE: join(folder, "key"), SEAPATH_KNOWN_HOSTS_FILE: join(folder, "key") })(
          "has AAAAkey1",
        ),
        "has [secret]",
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  for (const [way, write] of Object.entries(WAYS)) {
    it(`are found as ${way}`, () => {
      for (const secret of SECRETS) {
        const text = redact(`before ${write(secret)} after`);
        assert.match(text, /\[secret\]/, `${way}: ${secret} → ${text}`);
        assert.deepEqual(leaksOf(text), [], `${way}: ${secret} → ${text}`);
      }
      assert.equal(redact(write("nothing of it")), write("nothing of it"));
    });
    if (!/base64|hex/.test(way)) {
      it(`are found as ${way} of JSON`, () => {
        for (const secret of SECRETS)
          assert.match(redact(write(JSON.stringify({ key: [secret] }))), /\[secret\]/, `${way}: ${secret}`);
      });
    }
  }

  it("are found in a time that nobody notices", () => {
    const began = Date.now();
    const nasty = redactor(["\\".repeat(40) + "x", "a b c d e f", "((((((((((", "%25%25%25%25"], {});
    nasty(`${"\\".repeat(20_000)} ${"%25".repeat(20_000)} ${"a ".repeat(20_000)}${"(".repeat(20_000)}`);
    redact("the placement of vm & its <nodes> \\ ".repeat(30_000));
    assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
  });

  it("are taken out before anything is cut or escaped: of values, messages, refusals, errors, drift", () => {
    const urn = "urn:pulumi:prod::grid::pulumi-nodejs:dynamic/seapath:Vm::web";
    for (const secret of SECRETS) {
      for (const text of [
        secret,
        `${"x ".repeat(55)}${secret}`,
        `${"y".repeat(990)} ${secret}`,
        `${"z".repeat(1995)} ${secret}`,
        `${"w\n".repeat(300)}${secret}\n${"v".repeat(8000)}`,
      ]) {
        const inputs = { metadata: { nested: { list: [text] } }, plain: text };
        const steps = [
          {
            op: "update",
            urn,
            oldState: { type: "Vm", inputs: {}, outputs: {} },
            newState: { type: "Vm", inputs, outputs: inputs },
            detailedDiff: {
              metadata: { kind: "update", inputDiff: true },
              plain: { kind: "update", inputDiff: true },
              "metadata.nested": { kind: "update", inputDiff: true },
            },
          },
          {
            op: "create",
            urn: `${urn}2`,
            newState: {
              type: "Vm",
              inputs: { name: text, source: { nodePath: text }, domain: { memory: text }, xml: text, pinnedHost: text },
            },
          },
        ];
        const diagnostics = [
          {
            severity: "error",
            message: `error: pulumi-nodejs:dynamic/seapath:Vm resource 'web': property plain value {${text}} has a problem: not ${text}`,
          },
          { severity: "error", message: `error: ${text}` },
          { severity: "info", message: text },
        ];
        const violations = ["mandatory", "advisory"].map((level) => ({
          policy: "p",
          pack: "k",
          level,
          message: `Rule ${text}\nweb has ${JSON.stringify({ text })}`,
          urn,
        }));
        const ran = { ok: false, json: "", stderr: text, steps, diagnostics, violations };
        const found = readPreview(ran, redact);
        const job = { fork: false };
        const shown = renderPreview(
          { project: "grid", stack: "prod", outcome: "error", found, plans: [], job },
          1_000_000,
        );
        const drifted = renderDrift({ project: "grid", stack: "prod", drift: readDrift(ran, redact), job }, 1_000_000);
        for (const each of [shown, drifted])
          assert.deepEqual(
            leaksOf(
              each.replace(
                /\u200b|\\(?=[*_`|\\])|&\w+;/g,
                (sign) => ({ "&amp;": "&", "&lt;": "<", "&gt;": ">" })[sign] ?? "",
              ),
            ),
            [],
            text,
          );
      }
    }
  });
});

describe("what leaves a CI job", () => {
  it("goes through one place", () => {
    // Nothing else writes; http.mjs is called by a forge alone, and that through the guard.
    const files = execFileSync("git", ["ls-files", "ci/*.mjs", "ci/lib"], { cwd: ROOT, encoding: "utf8" })
      .trim()
      .split("\n");
    assert.ok(files.length > 15);
    const writing = files.filter((file) =>
      /writeFile|appendFile|createWriteStream|std(?:out|err)\.write|console\.|\bopenSync/.test(
        readFileSync(join(ROOT, file), "utf8"),
      ),
    );
    assert.deepEqual(writing.sort(), ["ci/lib/report.mjs", "ci/lib/temporary.mjs", "ci/seapath-ci.mjs"]);
    const main = readFileSync(join(ROOT, "ci/seapath-ci.mjs"), "utf8");
    assert.deepEqual(
      [...main.matchAll(/std(?:out|err)\.write\(.*/g)].map(([call]) => call),
      ["stdout.write(`${USAGE}\\n`);"],
    );
    assert.deepEqual(
      [
        ...readFileSync(join(ROOT, "ci/lib/commands.mjs"), "utf8").matchAll(
          /connect\(|tell\(forge\)|tell\(leaves\.guarded\(forge\)\)/g,
        ),
      ].map(([call]) => call),
      ["tell(forge)", "connect(", "tell(leaves.guarded(forge))"].filter((call) => call !== "tell(forge)"),
    );
  });

  it("has no secret, whichever way it goes, and is its owner's alone", async () => {
    const folder = mkdtempSync(join(tmpdir(), "seapath-leaves-"));
    const env = { GITHUB_STEP_SUMMARY: join(folder, "summary"), GITHUB_OUTPUT: join(folder, "output") };
    const leaves = outlet(env, redact);
    const text = SECRETS.map(inline).join(" ");
    const told: string[] = [];
    const tell = (...words: string[]) => Promise.resolve(String(told.push(...words)));
    try {
      const out = join(folder, "out");
      leaves.startReport(out);
      assert.equal(statSync(out).mode & 0o777, 0o700);
      writeFileSync(join(out, "report.md"), "");
      chmodSync(join(out, "report.md"), 0o666);
      leaves.writeReport(out, text);
      leaves.writePlan(join(out, "north"), { "plan.md": text });
      leaves.writePlanned(out, [text]);
      leaves.summarize(text);
      leaves.setOutputs({ a: text });
      const forge = leaves.guarded({
        name: "x",
        limit: 1,
        author: () => tell(),
        comments: async function* () {},
        issues: async function* () {},
        addComment: tell,
        changeComment: async (...words) => void (await tell(...words)),
        addIssue: tell,
        changeIssue: async (...words) => void (await tell(...words)),
        closeIssue: async (...words) => void (await tell(...words)),
        upload: tell,
      });
      await forge.addComment("1", text);
      await forge.changeComment("1", "2", text);
      await forge.addIssue(text, text);
      await forge.changeIssue("1", text, text);
      await forge.closeIssue("1", text);
      await forge.upload?.(text, text);
      assert.equal(told.length, 14);
      const files = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      assert.equal(files.length, 5);
      for (const left of [
        ...told.filter((each) => each.length > 1),
        ...files.map((file) => readFileSync(file, "utf8")),
      ]) {
        assert.match(left, /\[secret\]/);
        assert.deepEqual(leaksOf(left), []);
      }
      for (const file of files.filter((each) => each.startsWith(`${out}/`)))
        assert.equal(statSync(file).mode & 0o777, 0o600, file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
