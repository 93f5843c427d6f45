/** What a preview says of colocations, orders and metadata, by the cluster of the fixtures. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { lab, unknowns, type Raw } from "../vm/vms.ts";

const require = createRequire(import.meta.url);
const { colocationProvider, orderProvider, metadataProvider, PlannedRegister } =
  require("../../../../provider/dist/resources/index.js") as typeof import("../../../../provider/dist/resources/index.js");
const { UNKNOWN } = unknowns;

const providers = { Colocation: colocationProvider, Order: orderProvider, Metadata: metadataProvider };
type Name = keyof typeof providers;

/** What check answers, and what it says to the user, with VMs that the program has. */
async function check(kind: Name, inputs: Raw, planned: Raw[] = [], olds: Raw = {}) {
  const said: string[] = [];
  const register = new PlannedRegister();
  for (const vm of planned) register.note(vm);
  const provider = providers[kind]({ cluster: lab().cluster, say: (text) => said.push(text), planned: register });
  const { failures = [], inputs: checked } = await provider.check!(olds, { owner: "shop/dev/x", ...inputs });
  return { said, checked: checked as Raw, refused: failures.map(({ property, reason }) => `${property}: ${reason}`) };
}

const pair = (more: Raw = {}): Raw => ({ vm: "fxrun", with: ["fxstop"], ...more });
const order = (more: Raw = {}): Raw => ({ first: "fxrun", then: ["fxstop"], ...more });
const keys = (more: Raw = {}): Raw => ({ vm: "fxrun", metadata: { ticket: "4711" }, ...more });

describe("a preview of what VMs have to do with each other", () => {
  it("makes defaults explicit, and refuses nothing that is right", async () => {
    const { checked, refused } = await check("Colocation", pair());
    assert.deepEqual(refused, []);
    assert.deepEqual(
      [checked["strong"], checked["apart"], checked["adopt"], checked["score"]],
      [false, false, false, undefined],
    );
    assert.deepEqual((await check("Order", order())).checked["kind"], "mandatory");
    assert.deepEqual((await check("Metadata", keys({ metadata: { tier: 2 } }))).checked["metadata"], { tier: "2" });
    for (const [kind, inputs] of [
      ["Order", order()],
      ["Metadata", keys()],
    ] as const)
      assert.deepEqual((await check(kind, inputs)).refused, []);
  });

  const sentences: [string, Name, Raw, RegExp][] = [
    ["no VM", "Colocation", { with: ["fxstop"] }, /^vm: is missing$/],
    ["no others", "Colocation", pair({ with: [] }), /^with: must name at least one VM/],
    ["a VM with itself", "Colocation", pair({ with: ["fxrun"] }), /^with\[0\]: "fxrun" cannot be related to itself/],
    ["a VM twice", "Colocation", pair({ with: ["fxstop", "fxstop"] }), /^with\[1\]: "fxstop" is named twice/],
    ["a name with other signs", "Colocation", pair({ with: ["a-b"] }), /^with\[0\]: must have letters and digits only/],
    [
      "a VM that is not there",
      "Colocation",
      pair({ with: ["fxstop", "web99"] }),
      /^with\[1\]: VM "web99" does not exist: it is not on the cluster; one that this program makes/,
    ],
    [
      "a weight beside strong",
      "Colocation",
      pair({ strong: true, score: 5 }),
      /^score: must not stand beside `strong: true`/,
    ],
    [
      "a negative weight",
      "Colocation",
      pair({ score: -5 }),
      /^score: must be at least 1; for VMs apart say `apart: true`/,
    ],
    ["a weight that is INFINITY", "Colocation", pair({ score: 1_000_000 }), /^score: must be less than 1000000/],
    ["a misspelt key", "Colocation", pair({ wiht: ["a"] }), /^wiht: is no input of seapath\.Colocation/],
    ["what only a state has", "Colocation", pair({ altered: "x" }), /^altered: is no input of seapath\.Colocation/],
    [
      "a constraint of somebody else",
      "Colocation",
      pair({ with: ["fxman"] }),
      /^vm: the cluster has a constraint "colocation-fxrun-withfxman" already, made by vm-mgr or crm/,
    ],
    [
      "VMs that others keep together",
      "Colocation",
      pair({ apart: true, strong: true }),
      /^apart: "fxrun" and "fxstop" cannot be kept apart: "fxset" keeps them together/,
    ],
    [
      "a kind that is none",
      "Order",
      order({ kind: "Mandatory" }),
      /^kind: must be "mandatory", "optional" or "serialize"/,
    ],
    [
      "a VM after itself",
      "Order",
      order({ then: ["fxstop", "fxrun"] }),
      /^then\[1\]: "fxrun" cannot be related to itself/,
    ],
    ["no later ones", "Order", order({ then: undefined }), /^then: is missing$/],
    ["no keys", "Metadata", keys({ metadata: {} }), /^metadata: must have at least one key/],
    ["vm-mgr's own keys", "Metadata", keys({ metadata: { xml: "x" } }), /^metadata\.xml: must not be "xml"/],
    [
      "our own keys",
      "Metadata",
      keys({ metadata: { _priority: "x" } }),
      /^metadata\._priority: must have letters and digits only/,
    ],
    ["a VM that is not there", "Metadata", keys({ vm: "web99" }), /^vm: VM "web99" does not exist/],
  ];
  for (const [what, kind, inputs, says] of sentences) {
    it(`names ${what} of a ${kind}, and nothing else`, async () => {
      const { refused } = await check(kind, inputs);
      assert.equal(refused.length, 1, refused.join("\n"));
      assert.match(refused[0] ?? "", says);
    });
  }

  it("knows the VMs of the program, and takes an unknown for none", async () => {
    assert.deepEqual(
      (await check("Colocation", pair({ with: ["web99"] }), [{ name: "web99", enabled: true }])).refused,
      [],
    );
    assert.deepEqual(
      (await check("Colocation", pair({ with: ["web99"] }), [{ name: "web99", enabled: UNKNOWN }])).refused,
      [],
    );
    assert.match(
      (await check("Colocation", pair(), [{ name: "fxrun", enabled: false }])).refused.join(),
      /^vm: VM "fxrun" has `enabled: false` in this program/,
    );
    assert.deepEqual((await check("Colocation", pair({ with: [UNKNOWN] }))).refused, []);
    assert.deepEqual((await check("Colocation", pair({ vm: UNKNOWN, with: ["fxstop", "fxstop"] }))).refused, [
      'with[1]: "fxstop" is named twice',
    ]);
    assert.deepEqual(
      (await check("Metadata", keys({ vm: "web99" }), [{ name: "web99", metadata: { owner: "a" } }])).refused,
      [],
    );
    assert.match(
      (
        await check("Metadata", keys({ vm: "web99", metadata: { owner: "b" } }), [
          { name: "web99", metadata: { owner: "a" } },
        ])
      ).refused.join(),
      /^metadata\.owner: VM "web99" of this program has the key/,
    );
    // A VM of that name on another cluster is another one.
    assert.match(
      (await check("Colocation", pair({ with: ["web99"] }), [{ name: "web99", cluster: "north" }])).refused.join(),
      /VM "web99" does not exist/,
    );
  });

  it("says what an order binds, and where VMs run that may move", async () => {
    assert.match(
      (await check("Order", order())).said.join(),
      /when fxrun stops, restarts or moves by a stop, so do fxstop/,
    );
    assert.deepEqual((await check("Order", order({ kind: "optional" }))).said, []);
    assert.match(
      (await check("Colocation", pair({ with: ["fxman"], apart: true }))).said.join("\n"),
      /they run fxrun on node2 \(moves live\), fxman on node2/,
    );
  });
});
