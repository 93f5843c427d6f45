// What is taken as inputs of a guest node and of what runs in it, and what a change of them is said to do.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const {
  guestResourceKind: guestResourceOf,
  guestResourceProvider,
  PlannedRegister,
  remoteGuestKind: remoteGuestOf,
  remoteGuestProvider,
} = require("../../../../provider/dist/resources/index.js") as typeof import("../../../../provider/dist/resources/index.js");
const planned = new PlannedRegister();
const [guestResourceKind, remoteGuestKind] = [guestResourceOf(planned), remoteGuestOf(planned)];
const { schemaFailures } =
  require("../../../../provider/dist/resources/engine/refused.js") as typeof import("../../../../provider/dist/resources/engine/refused.js");
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const timeouts = { create: 300, update: 300, delete: 300 };

type AnyKind = {
  schema: Parameters<typeof schemaFailures>[0];
  type: string;
  withDefaults(inputs: Record<string, unknown>): Record<string, unknown>;
};
const refused = (kind: AnyKind, inputs: Record<string, unknown>) =>
  schemaFailures(kind.schema, { ...kind.withDefaults(inputs), timeouts }, kind.type).map(
    ({ property, reason }) => `${property}: ${reason}`,
  );

describe("the inputs of seapath.RemoteGuest", () => {
  const good = { name: "inside", vm: "web", address: "10.0.0.7" };
  it("are whole with three", () => {
    assert.deepEqual(refused(remoteGuestKind, good), []);
    const { port, timeout } = remoteGuestKind.withDefaults(good);
    assert.deepEqual([port, timeout], [3121, 60]);
  });
  for (const [more, wanted] of [
    [{ name: "in-side" }, /^name: must have letters and digits only/],
    [{ name: "" }, /^name: must not be empty/],
    [{ vm: undefined }, /^vm: is missing/],
    [{ address: "a b" }, /^address: must be an IP address/],
    [{ address: "--help" }, /^address: must be an IP address/],
    [{ port: 0 }, /^port: must be at least 1/],
    [{ port: 70_000 }, /^port: must be at most 65535/],
    [{ timeout: 1.5 }, /^timeout: must be a whole number/],
    [{ authkey: "x" }, /^authkey: is no input of seapath.RemoteGuest/],
  ] as [object, RegExp][]) {
    it(`are refused: ${JSON.stringify(more)}`, () =>
      assert.match(refused(remoteGuestKind, { ...good, ...more })[0] ?? "", wanted));
  }
  it("may be an address of any family, or a name, or not known yet", () => {
    for (const address of ["fd00::7", "::1", "fe80::1%br0", "guest.example", UNKNOWN])
      assert.deepEqual(refused(remoteGuestKind, { ...good, vm: UNKNOWN, address }), [], address);
  });
});

describe("the inputs of seapath.GuestResource", () => {
  const good = { name: "web", guest: "inside", agent: "systemd:nginx" };
  it("have operations, and numbers as text, where nothing else is said", () => {
    const inputs = guestResourceKind.withDefaults({
      ...good,
      params: { port: 80, tls: true },
      operations: { monitor: { interval: 3 }, reload: { timeout: 9 } },
    });
    assert.deepEqual(inputs["params"], { port: "80", tls: "true" });
    assert.deepEqual(inputs["operations"], {
      start: { timeout: 60 },
      stop: { timeout: 60 },
      monitor: { interval: 3, timeout: 20 },
      reload: { timeout: 9 },
    });
    assert.deepEqual(refused(guestResourceKind, good), []);
  });
  for (const [more, wanted] of [
    [{ name: "1web" }, /^name: must be an id of the CIB/],
    [{ name: "we b" }, /^name: must be an id of the CIB/],
    [{ agent: "nginx" }, /^agent: must be an agent such as/],
    [{ agent: "ocf:heartbeat" }, /^agent: must be an agent such as/],
    [{ meta: { "target-role": "Started" } }, /^meta.target-role: is set by `started`/],
    [{ params: { a: "two\nlines" } }, /^params.a: must be one line/],
    [{ operations: { monitor: { timeout: 0 } } }, /^operations.monitor.timeout: must be at least 1/],
    [{ operations: { monitor: { onFail: "panic" } } }, /^operations.monitor.onFail: must be a word/],
    [{ operations: { monitor: { every: 3 } } }, /^operations.monitor.every: is no input/],
    [{ guest: undefined }, /^guest: is missing/],
  ] as [object, RegExp][]) {
    it(`are refused: ${JSON.stringify(more)}`, () =>
      assert.match(refused(guestResourceKind, { ...good, ...more })[0] ?? "", wanted));
  }
  it("follow a VM and a guest node that are made anew, and are moved in place to another guest node", async () => {
    const said: string[] = [];
    const dependencies = {
      cluster: () => assert.fail("a diff asks nobody"),
      say: (text: string) => said.push(text),
      planned: new PlannedRegister(),
    } as unknown as Parameters<typeof remoteGuestProvider>[0];
    const [node, inside] = [remoteGuestProvider(dependencies), guestResourceProvider(dependencies)];
    const ofNode = {
      name: "inside",
      vm: "web",
      address: "10.0.0.7",
      port: 3121,
      timeout: 60,
      authkey: "",
      online: true,
      node: "node1",
    };
    const ofService = { ...guestResourceKind.withDefaults(good), status: "Started" };
    const diff = async (provider: typeof node, olds: Record<string, unknown>, news: object) =>
      (await provider.diff!("id", olds, { ...olds, ...news })).replaces;
    assert.deepEqual(await diff(inside, ofService, { guest: UNKNOWN }), [], "a guest node that only comes to be named");
    assert.deepEqual(await diff(node, ofNode, { address: UNKNOWN }), []);
    assert.deepEqual(said, []);
    assert.deepEqual(await diff(node, ofNode, { vm: UNKNOWN }), ["vm"]);
    assert.deepEqual(await diff(inside, ofService, { guest: UNKNOWN }), ["guest"]);
    assert.deepEqual(await diff(inside, { ...ofService, guest: "elsewhere" }, { guest: UNKNOWN }), []);
    assert.deepEqual(await diff(inside, ofService, { guest: "other" }), [], "one that is there");
    assert.match(
      said.join("\n"),
      /^Guest node "inside": its VM is made anew, and so is the guest node\nGuest resource "\w+": its guest node "inside" is made anew; it is stopped/,
    );
  });

  it("say what a change does to the service", () => {
    const olds = { ...good, params: {}, started: true };
    const said = (more: object) => guestResourceKind.announce?.(olds, { ...olds, ...more }).join() ?? "";
    assert.match(said({ params: { a: "1" } }), /restart it inside of its guest/);
    assert.match(said({ guest: "other" }), /stopped in "inside" and started in "other"/);
    assert.equal(said({ params: { a: "1" }, started: false }), "");
    assert.equal(said({ params: UNKNOWN }), "");
    assert.equal(said({}), "");
  });
});
