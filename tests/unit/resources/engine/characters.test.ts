// What no XML and no argument can hold is refused in a preview, in whatever text of whatever kind.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import { UNKNOWN } from "../../policy/ask.ts";

const require = createRequire(import.meta.url);
const { providers } =
  require("../../../../provider/dist/index.js") as typeof import("../../../../provider/dist/index.js");
const { specFromInputs } =
  require("../../../../provider/dist/resources/vm/given.js") as typeof import("../../../../provider/dist/resources/vm/given.js");

const vm = (more: object) => ({ name: "web01", source: { nodePath: "/a.qcow2" }, xml: "<domain/>", ...more });
const strange = ["\u0000", "\u001b", "\ud800", "\udfffx", "\uffff"];
/** By the kind, inputs with one strange text, and the property that must be named. */
const cases: [keyof typeof providers, (text: string) => object, string][] = [
  ["Vm", (text) => vm({ xml: `<domain>${text}</domain>` }), "xml"],
  ["Vm", (text) => vm({ source: { nodePath: `/a${text}` } }), "source.nodePath"],
  ["Vm", (text) => vm({ metadata: { owner: text } }), "metadata.owner"],
  ["Vm", (text) => vm({ pacemaker: { meta: { [`a${text}`]: "b" } } }), "pacemaker.meta"],
  ["Vm", (text) => vm({ crmConfigCommands: ["a", text] }), "crmConfigCommands[1]"],
  ["Vm", (text) => vm({ pinnedHost: `node1${text}` }), "pinnedHost"],
  ["Vm", (text) => vm({ cluster: `a${text}` }), "cluster"],
  ["Disk", (text) => ({ vm: "web01", size: "1GiB", serial: `a${text}` }), "serial"],
  ["Snapshot", (text) => ({ vm: `web${text}`, name: "a" }), "vm"],
  ["Rollback", (text) => ({ vm: "web01", snapshot: `a${text}` }), "snapshot"],
  ["SnapshotRetention", (text) => ({ vm: `a${text}`, keep: 1 }), "vm"],
  ["Colocation", (text) => ({ vm: "a", with: ["b", `c${text}`] }), "with[1]"],
  ["Order", (text) => ({ first: `a${text}`, then: ["b"] }), "first"],
  ["Metadata", (text) => ({ vm: "a", entries: { key: text } }), "entries.key"],
  ["GuestResource", (text) => ({ name: "a", vm: "b", service: `c${text}` }), "service"],
  ["RemoteGuest", (text) => ({ vm: "a", address: `b${text}` }), "address"],
];

// As Pulumi itself makes them.
const coerced: [string, RegExp][] = [
  [
    `a ${pulumi.output("b") as unknown as string}`,
    /has Pulumi's warning in place of an output's value.*write pulumi\.interpolate`/,
  ],
  [JSON.stringify({ ip: pulumi.output("b") }), /write pulumi\.jsonStringify\(…\) in place of JSON\.stringify/],
];

describe("a character that XML cannot hold", () => {
  for (const [kind, inputs, property] of cases) {
    // Tried: an input has a NUL, an escape or half of a surrogate pair → refused in the preview, with the property
    it(`is refused in a preview of ${kind}, as of \`${property}\``, async () => {
      for (const text of strange) {
        const { failures = [] } = await providers[kind].check!({}, inputs(text) as Record<string, unknown>);
        const found = failures.find(
          ({ reason }) =>
            reason.startsWith(`property ${property}: must not have `) && reason.includes("the character U+"),
        );
        assert.ok(found, `${JSON.stringify(text)}: ${JSON.stringify(failures)}`);
      }
    });
  }

  for (const [kind, inputs, property] of cases) {
    // Tried: a program makes a text of an output (`…${other.output}…`) → refused in the preview, with the property and what to write
    it(`is refused in a preview of ${kind} where an output was made a text, as of \`${property}\`, and nothing else is said of it`, async () => {
      for (const [output, instead] of coerced) {
        const { failures = [] } = await providers[kind].check!({}, inputs(output) as Record<string, unknown>);
        const found = failures.map(
          ({ reason }) => /^property (\S+): (.*)$/s.exec(reason)?.slice(1) ?? ["", reason],
        ) as [string, string][];
        const about = found.filter(
          ([at, why]) => (at.startsWith(property) && !why.startsWith("is no input of")) || /Calling \[/.test(at + why),
        );
        assert.deepEqual(
          about.map(([at]) => at),
          [property],
          JSON.stringify(failures),
        );
        assert.match(about[0]?.[1] ?? "", instead);
      }
    });
  }

  it("is refused by the command line as well, and other characters are not", async () => {
    await assert.rejects(
      specFromInputs("create", vm({ metadata: { a: "\u0000" } })),
      /metadata\.a: must not have the character U\+0000/,
    );
    const { failures } = await providers.Vm.check!({}, vm({ name: "", metadata: { a: "é漢😀\u0085", b: UNKNOWN } }));
    assert.deepEqual(
      failures?.filter(({ reason }) => reason.includes("U+")),
      [],
    );
  });
});
