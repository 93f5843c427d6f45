// A login that is refused, by a real sshd: a mistake in the settings, which a preview must not pass over as it does an outage.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { userInfo } from "node:os";
import { Bench, type Sshd } from "../../transport/ssh/sshd.ts";
import { cluster } from "../../cluster/fixtures.ts";

const require = createRequire(import.meta.url);
const resources =
  require("../../../../provider/dist/resources/index.js") as typeof import("../../../../provider/dist/resources/index.js");
type Dependencies = import("../../../../provider/dist/resources/index.js").Dependencies;
const { diskKind, PlannedRegister, providerOf, retentionKind, rollbackKind, snapshotKind } = resources;

const planned = new PlannedRegister();
/** The providers of all kinds, and inputs that nothing else is wrong with. */
const KINDS: Record<
  string,
  [(dependencies: Dependencies) => ReturnType<typeof resources.vmProvider>, Record<string, unknown>]
> = {
  Vm: [resources.vmProvider, { name: "web01", source: { nodePath: "/a.qcow2" }, domain: { memory: 64 }, owner: "p/s" }],
  "Vm as a clone": [resources.vmProvider, { name: "web02", source: { vm: "web01" }, owner: "p/s" }],
  Disk: [(at) => providerOf(diskKind(planned), at), { vm: "web01", size: "1GiB", owner: "p/s/data" }],
  Snapshot: [(at) => providerOf(snapshotKind(planned), at), { vm: "web01", name: "s", owner: "p/s" }],
  Rollback: [(at) => providerOf(rollbackKind, at), { vm: "web01", snapshot: "s", owner: "p/s/r" }],
  SnapshotRetention: [(at) => providerOf(retentionKind, at), { vm: "web01", keepLast: 1 }],
  Colocation: [resources.colocationProvider, { vm: "web01", with: ["web02"], owner: "p/s/c" }],
  Order: [resources.orderProvider, { first: "web01", then: ["web02"], owner: "p/s/o" }],
  Metadata: [resources.metadataProvider, { vm: "web01", metadata: { a: "b" }, owner: "p/s/m" }],
  GuestResource: [resources.guestResourceProvider, { name: "svc", guest: "inside", agent: "ocf:heartbeat:Dummy" }],
  RemoteGuest: [resources.remoteGuestProvider, { name: "inside", vm: "web01", address: "10.0.0.9" }],
  RemoteKey: [resources.remoteKeyProvider, {}],
};

describe("a login that is refused", function () {
  this.timeout(30_000);
  const bench = new Bench();
  let closed: Sshd;
  let open: Sshd;
  before(async () => {
    closed = await bench.sshd({ more: ["AuthorizedKeysFile none"] });
    open = await bench.sshd();
  });
  after(() => bench.end());

  const me = userInfo().username;
  const wrong: [string, () => Promise<ReturnType<Bench["runner"]>>][] = [
    ["a key that the node does not know", () => Promise.resolve(bench.runner([closed]))],
    ["a user that the node does not have", () => Promise.resolve(bench.runner([open], { user: "nobodyatall" }))],
    [
      "a wrong key beside a node that is down",
      async () => bench.runner([closed], {}, [await bench.refusing(), closed.address]),
    ],
    [
      "a wrong key at the jump host",
      () => Promise.resolve(bench.runner([closed, open], { jump: `${me}@${closed.address}` }, [open.address])),
    ],
  ];

  for (const [what, runner] of wrong) {
    // Tried: the key or the user is wrong → an error of the preview, of whatever kind of resource
    it(`fails the preview of each kind: ${what}`, async () => {
      const said: string[] = [];
      const at = new cluster.Cluster(await runner());
      for (const [kind, [provider, inputs]] of Object.entries(KINDS)) {
        const check = provider({ cluster: () => at, say: (text) => said.push(text), planned }).check!({}, inputs);
        await assert.rejects(
          check,
          (error: Error) => {
            assert.ok(error.cause instanceof cluster.LoginRefused, `${kind}: ${error.message}`);
            assert.match(
              error.message,
              /the login was refused: the node lets in by publickey; tried: \S*id_client/,
              kind,
            );
            return true;
          },
          kind,
        );
      }
      assert.deepEqual(said, []);
    });
  }

  it("is told from a cluster that is out of reach, which fails no preview", async () => {
    const said: string[] = [];
    const at = new cluster.Cluster(bench.runner([], {}, [await bench.refusing()]));
    for (const [kind, [provider, inputs]] of Object.entries(KINDS)) {
      const say = (text: string) => said.push(text);
      const { failures = [] } = await provider({ cluster: () => at, say, planned: new PlannedRegister() }).check!(
        {},
        inputs,
      );
      assert.deepEqual(failures, [], kind);
    }
    assert.equal(said.length, Object.keys(KINDS).length, said.join("\n"));
    for (const text of said) assert.match(text, /(was|were) not checked: .*ECONNREFUSED/);
  });
});
