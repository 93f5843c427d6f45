/** That each class and function takes a resource as well as its name, and asks for it by name and after it. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const pulumi = require("@pulumi/pulumi") as typeof import("@pulumi/pulumi");
const seapath = require("../../../sdk/dist/index.js") as typeof import("../../../sdk/dist/index.js");
const { withName } = require("../../../sdk/dist/named.js") as typeof import("../../../sdk/dist/named.js");

describe("what a class names", function () {
  this.timeout(60_000);
  const inputsOf = new Map<string, Record<string, unknown>>();
  const after: string[] = [];
  before(async () => {
    await pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => {
        after.push(name);
        inputsOf.set(name, inputs as Record<string, unknown>);
        return { id: name, state: inputs as Record<string, unknown> };
      },
      call: () => ({}),
    });
  });
  const made = async (resource: import("@pulumi/pulumi").Resource) =>
    new Promise((resolve) => resource.urn.apply(resolve));
  const vm = (name: string) =>
    new seapath.Vm(name, { name: `${name}01`, source: { nodePath: "/a" }, domain: { memory: 1 } });

  it("may be the resource, its output, or a text", async () => {
    const [web, db] = [vm("web"), vm("db")];
    const inside = new seapath.RemoteGuest("inside", { vm: web, address: "a" });
    const before = new seapath.Snapshot("before", { vm: web });
    const later = <T>(value: T) => pulumi.output(Promise.resolve(value));
    await Promise.all(
      [
        new seapath.Snapshot("plain", { vm: "web01" }),
        new seapath.Disk("disk", { vm: web, size: 512 }),
        new seapath.SnapshotRetention("tidy", { vm: web, purgeAll: true }),
        new seapath.Rollback("undo", { vm: web, snapshot: before }),
        new seapath.Rollback("undoByName", { vm: web.name, snapshot: before.name }),
        new seapath.Colocation("pair", { vm: web, with: [db, "third"] }),
        new seapath.Colocation("pairLater", {
          vm: web.name,
          with: later(["third"]).apply((names) => [...names, "fourth"]),
        }),
        new seapath.Order("boot", { first: web, then: [db.name, db] }),
        new seapath.Metadata("keys", { vm: db, metadata: { a: "b" } }),
        new seapath.GuestResource("service", { guest: inside, agent: "systemd:x" }),
        new seapath.GuestResource("serviceByName", { guest: "inside", agent: "systemd:x" }),
        new seapath.Vm("clone", { source: { vm: web, mode: "linked" } }),
        new seapath.Vm("cloneLater", { source: later({ vm: "web01" }) }),
      ].map(made),
    );
    const given = (name: string, ...keys: string[]) =>
      Object.fromEntries(keys.map((key) => [key, inputsOf.get(name)?.[key]]));
    for (const name of ["before", "plain", "disk", "tidy", "undo", "undoByName", "inside"])
      assert.deepEqual(given(name, "vm"), { vm: "web01" }, name);
    for (const name of ["undo", "undoByName"]) assert.deepEqual(given(name, "snapshot"), { snapshot: "before" });
    assert.deepEqual(given("pair", "vm", "with"), { vm: "web01", with: ["db01", "third"] });
    assert.deepEqual(given("pairLater", "with"), { with: ["third", "fourth"] });
    assert.deepEqual(given("boot", "first", "then"), { first: "web01", then: ["db01", "db01"] });
    assert.deepEqual(given("keys", "vm"), { vm: "db01" });
    for (const name of ["service", "serviceByName"]) assert.deepEqual(given(name, "guest"), { guest: "inside" });
    assert.deepEqual(given("clone", "source"), { source: { vm: "web01", mode: "linked" } });
    assert.deepEqual(given("cloneLater", "source"), { source: { vm: "web01" } });
  });

  it("is made anew with the old one first, where the program says nothing else; a snapshot is not", async () => {
    /** Whether the old one goes first, where the options that the engine is given say so. */
    const firsts = new Map<string, boolean | undefined>();
    const options = (more: object = {}) => ({
      ...more,
      transformations: [
        ({ name, opts }: { name: string; opts: import("@pulumi/pulumi").CustomResourceOptions }) =>
          void firsts.set(name, opts.deleteBeforeReplace),
      ],
    });
    await Promise.all(
      [
        new seapath.Metadata("anew", { vm: "web01", metadata: { a: "b" } }, options()),
        new seapath.Metadata("said", { vm: "web01", metadata: { a: "b" } }, options({ deleteBeforeReplace: false })),
        new seapath.Snapshot("kept", { vm: "web01" }, options()),
        new seapath.Snapshot("given", { vm: "web01" }, options({ deleteBeforeReplace: true })),
      ].map(made),
    );
    assert.deepEqual(Object.fromEntries(firsts), { anew: true, said: false, kept: undefined, given: true });
  });

  it("is waited for when it is the resource, as with its output", async () => {
    const first = vm("first");
    const resources = async (value: unknown) => {
      const { allResources } = pulumi.output(value) as unknown as { allResources: () => Promise<Set<unknown>> };
      return [...(await allResources())];
    };
    assert.deepEqual(await resources(withName({ name: first }).name), [first]);
    await made(new seapath.Colocation("second", { vm: "x", with: [first] }));
    assert.ok(after.indexOf("first") < after.indexOf("second"));
  });
});
