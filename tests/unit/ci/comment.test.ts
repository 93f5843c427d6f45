// The comment of a preview: what it says, how it is cut, and that nothing in it becomes markup.
import assert from "node:assert/strict";
import { renderPreview } from "../../../ci/lib/comment.mjs";
import { fit } from "../../../ci/lib/fit.mjs";
import { block, code, inline, lines, marker, unlinked } from "../../../ci/lib/markdown.mjs";

type Report = Parameters<typeof renderPreview>[0];
type Found = Report["found"];
const nothing: Found = {
  changed: [],
  mandatory: [],
  advisory: [],
  invalid: [],
  unreachable: false,
  notChecked: [],
  errors: [],
  remarks: [],
};
const report = (found: Partial<Found> = {}, more: Partial<Report> = {}): Report => ({
  project: "grid",
  stack: "prod",
  outcome: "changed",
  found: { ...nothing, ...found },
  plans: [],
  job: { fork: false },
  ...more,
});
const vm = (name: string, verb: "create" | "update" | "replace" | "delete", more: object = {}) => ({
  verb,
  name,
  kind: "Vm",
  properties: [],
  retained: false,
  ...more,
});
const violation = (message: string, policy = "rule") => ({ policy, pack: "pack", level: "mandatory", message });
const plan = (markdown: string, mermaid = "flowchart LR") => ({
  markdown,
  mermaid,
  epoch: "1.2",
  homeless: [],
  moved: [],
  unreachable: false,
  saved: false,
});

describe("a comment", () => {
  it("begins with the mark by which it is found, a line of its own that nobody sees", () => {
    assert.equal(renderPreview(report(), 1000).split("\n")[0], "<!-- seapath-preview: grid/prod -->");
    assert.equal(marker("preview", "a--b", "c>d"), "<!-- seapath-preview: a-%2Db/c%3Ed -->");
    assert.notEqual(marker("preview", "a", "b"), marker("preview", "a", "c"));
  });

  it("counts what changes, and puts what is lost for good into a box", () => {
    const text = renderPreview(
      report({
        changed: [
          vm("web", "replace", {
            loses: "its disks are deleted",
            properties: [{ path: "source.nodePath", was: "/a", is: "/b", replaces: true, input: true }],
          }),
          vm("kept", "delete", { retained: true }),
          vm("new", "create"),
        ],
      }),
      65_000,
    );
    assert.match(text, /: 1 to create, 1 to replace, 1 to delete$/m);
    assert.match(text, /^> \[!CAUTION\]\n> - Vm `web` is \*\*replaced\*\*: its disks are deleted\.$/m);
    assert.match(
      text,
      /^\| \*\*replace\*\* \| `web` \| Vm \| `source\.nodePath`: `\/a` → `\/b` \(\*\*replaces it\*\*\) \|$/m,
    );
    assert.match(text, /^\| \*\*delete\*\* \| `kept` \| Vm \| what is there stays on the cluster/m);
    assert.doesNotMatch(text, /`kept` is/);
  });

  it("says of a VM that is made what it is, and where its cluster will run it", () => {
    const facts = [
      { word: "memory", value: "2 GiB" },
      { word: "image", value: "/a|b.raw", after: "of the job's machine" },
    ];
    const at = (name: string, cluster?: string) =>
      vm(name, "create", { made: { facts, vm: name, ...(cluster === undefined ? {} : { cluster }) } });
    const plans: Report["plans"] = [
      { ...plan("| a |"), places: { web: "node1", big: "nowhere" } },
      { ...plan("| a |"), cluster: "north", places: { web: "north2" } },
    ];
    const text = renderPreview(
      report({ changed: [at("web"), at("web", "north"), at("big"), at("constructor")] }, { plans }),
      65_000,
    );
    const row = (name: string, place: string) =>
      `| create | \`${name}\` | Vm | memory \`2 GiB\`, image <code>&#47;a&#124;b&#46;raw</code> of the job's machine${place} |`;
    const rows = text.split("\n").filter((line) => line.startsWith("| create"));
    assert.deepEqual(rows, [
      row("web", ", will run on `node1`"),
      row("web", ", will run on `north2`"),
      row("big", ", **will run nowhere**"),
      row("constructor", ""),
    ]);
  });

  it("says of each outcome what decides", () => {
    const said = (found: Partial<Found>, more: Partial<Report>) => renderPreview(report(found, more), 65_000);
    assert.match(
      said({ mandatory: [violation("no", "a"), violation("no", "b"), violation("no", "a")] }, { outcome: "refused" }),
      /\*\*Refused\*\* by 2 mandatory policies: `a`, `b`\./,
    );
    assert.match(
      said({ invalid: ["web: name must be short"] }, { outcome: "refused" }),
      /^- web: name must be short$/m,
    );
    assert.match(said({ errors: ["boom"] }, { outcome: "error" }), /: it failed$/m);
    const away = { ...plan(""), cluster: "north", unreachable: true, error: "no way to 10.0.0.1" };
    assert.match(
      said({}, { outcome: "unreachable", plans: [away] }),
      /\*\*Not checked\*\*: where VMs will run on `north`, as no node could be reached\. no way/,
    );
    assert.match(
      said({}, { plans: [{ ...plan("| a |"), homeless: ["big"], moved: ["other"] }] }),
      /\*\*No place\*\*: Pacemaker would run `big` nowhere\.\n- Something happens to VMs that nothing is changed about: `other`\./,
    );
    assert.match(said({}, { outcome: "same", plans: [plan("| a |")] }), /: nothing changes$/m);
  });

  it("has a rule once, with each resource that breaks it", () => {
    const on = (name: string, message: string, policy = "rule") => ({
      policy,
      pack: "pack",
      level: "mandatory",
      severity: "high",
      urn: `urn:pulumi:s::p::t::${name}`,
      message,
    });
    const text = renderPreview(
      report({
        mandatory: [
          on("a", "Why.\nit is a"),
          on("b", "Why.\nit is both"),
          on("c", "Why.\nit is both"),
          on("d", "alone", "other"),
          {
            policy: "stack",
            pack: "pack",
            level: "mandatory",
            urn: "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s",
            message: "Table.\n1\n2\n3\n4\n5",
          },
        ],
      }),
      65_000,
    );
    assert.match(
      text,
      /^- `rule` \(high\): Why\.\n {2}- `a`: it is a\n {2}- `b`, `c`: it is both\n- `other` \(high\)\n {2}- `d`: alone\n- `stack`: Table\.\n\n\n ```text\n 1\n/m,
    );
  });

  it("has a job's commit and address, and the configuration that was planned on", () => {
    const text = renderPreview(
      report(
        {},
        {
          plans: [plan("| a |")],
          job: { fork: false, commit: "0123456789abcdef", url: "https://forge.example/1", artifact: "all" },
        },
      ),
      65_000,
    );
    assert.match(
      text,
      /^planned on configuration `1\.2` · commit `0123456789ab` · \[the job\]\(https:\/\/forge\.example\/1\), whose artifact `all`/m,
    );
  });

  it("gets shorter part by part until it fits, and is never cut through", () => {
    const changed = Array.from({ length: 2000 }, (_, index) =>
      vm(`vm${index}`, "create", {
        properties: [{ path: "a", was: "x".repeat(100), is: "y", replaces: false, input: true }],
      }),
    );
    const whole = report(
      {
        changed,
        mandatory: Array.from({ length: 300 }, (_, index) => violation("m".repeat(1500), `rule${index}`)),
        advisory: Array.from({ length: 300 }, () => violation("line\n".repeat(20))),
        notChecked: Array.from({ length: 300 }, () => "VM: was not checked ".repeat(20)),
        remarks: Array.from({ length: 300 }, () => "r".repeat(900)),
        errors: Array.from({ length: 40 }, () => "e".repeat(3900)),
      },
      { outcome: "error", plans: [plan(`| VM |\n|---|\n${"| web |\n".repeat(5000)}`, "x".repeat(9000))] },
    );
    let last = 0;
    for (const limit of [1_000_000, 300_000, 65_000, 20_000, 8_000]) {
      const text = renderPreview(whole, limit);
      assert.ok(text.length <= limit, `${text.length} of ${limit}`);
      assert.ok(last === 0 || text.length <= last);
      last = text.length;
      assert.equal(text.split("<details>").length, text.split("</details>").length);
      assert.equal([...text.matchAll(/^ ?```/gm)].length % 2, 0, "each fence is closed");
      for (const [row] of text.matchAll(/^\|.*$/gm)) assert.match(row, / \|$|^\|-+\|$/);
    }
    assert.match(renderPreview(whole, 65_000), /… and \d+ more, which the artifact has/);
    assert.throws(() => renderPreview(whole, 100), /has \d+ characters at its shortest, and 100 fit/);
  });

  it("loses what is worth least first", () => {
    const parts = [
      { worth: 2, forms: ["a".repeat(50), "A"] },
      { worth: 1, forms: ["b".repeat(50), "B", ""] },
    ];
    assert.equal(fit(parts, 102), `${"a".repeat(50)}\n\n${"b".repeat(50)}`);
    assert.equal(fit(parts, 101), `${"a".repeat(50)}\n\nB`);
    assert.equal(fit(parts, 52), "a".repeat(50));
    assert.equal(fit(parts, 4), "A");
  });
});

describe("text of others in Markdown", () => {
  it("is text, whatever it says", () => {
    assert.equal(inline("a | b <script> & *y* [z](u) $m$"), "a \\| b &lt;script&gt; &amp; \\*y\\* \\[z\\](u) \\$m\\$");
    for (const start of ["/close", "# head", "- item", "+ item", "1. one", "2) two", "= = =", "> quote"])
      assert.doesNotMatch(inline(start), /^(?:\/|#|-|\+|\d+[.)] |=|>)/);
    for (const reference of ["@all", "see #12", "!3", "%1", ":tada:"])
      assert.match(inline(reference), /[@#!%:]\u200b\w/);
    assert.equal(unlinked("| @all | \\#12 |"), "| @\u200ball | \\#\u200b12 |");
    assert.equal(inline("a\n\nb\u202ec\u0007"), "a b�c�");
    assert.equal(lines("one\n/two\n"), "one<br>\\/two");
  });

  it("has code as plain text, since somebody copies it", () => {
    const command =
      "SEAPATH_PLANNED=north=0.42:1f0c9a7d,south=3.7:ab pulumi config set seapath:hosts root@n1 '#1' !2 :tada:";
    for (const shown of [
      code(command),
      block(command),
      inline(`Run \`${command}\` first, @all`),
      lines(`x\nRun \`${command}\`: y`),
      unlinked(`Of it, \`${command}\` says so, @all.`),
    ]) {
      assert.ok(shown.includes(command), shown);
    }
    assert.equal(
      unlinked("| @all |\n|---|\n\n- \\`@one\\`\n\nIt is `a:1`, @two, ``b`@c``."),
      "| @\u200ball |\n|---|\n\n- \\`@\u200bone\\`\n\nIt is `a:1`, @\u200btwo, ``b`@c``.",
    );
    // Keys, addresses and hosts are copied from a sentence, too.
    for (const text of ["set seapath:hosts", "10.0.0.1:22", "root@node1"]) assert.equal(inline(text), text);
    assert.equal(inline("/etc/hosts has --it"), "\\/etc/hosts has --it", "only what Markdown takes away again");
  });

  it("is taken for code only where a forge takes it so", () => {
    const people = (text: string) => assert.doesNotMatch(text, /@(?:all|one)/, text);
    for (const text of [
      "`a\\` @all `b`",
      "`a\\` @all `b` `",
      "``a` @all `b`",
      "```\n@all\n```",
      "a`\nb` @all `c`",
      "| `a | @all` |",
    ])
      people(unlinked(text));
    for (const text of ["` @all `", "``a` @all`", "`a | @all`", "a` @all `b"]) people(inline(text));
    assert.equal(inline("``a`b``"), "\\`\\`a\\`b\\`\\`");
  });

  it("stays inside of its code", () => {
    assert.equal(code("plain"), "`plain`");
    assert.equal(code("a`b``c"), "``` a`b``c ```");
    assert.equal(code("a|b\n<c> @all"), "<code>a&#124;b &#60;c&#62; &#64;all</code>");
    assert.equal(code(" "), "` `");
    assert.equal(block("/merge\n```\n\nx"), " ````text\n /merge\n ```\n \n x\n ````");
  });
});
