// `migrationUser` where the program says nothing, and what a preview says where live migration cannot work.
import assert from "node:assert/strict";
import { checking, checkVm, lab, type Raw, typed } from "./vms.ts";

describe("live migration in a preview", () => {
  const check = async (news: Raw, lets: NonNullable<Parameters<typeof lab>[2]>, olds: Raw = {}) => {
    const said: string[] = [];
    const { inputs, failures } = await checkVm(
      checking(lab(undefined, undefined, lets).cluster, (text) => said.push(text)),
      olds,
      news,
    );
    assert.deepEqual(failures, []);
    return { user: inputs["migrationUser"], said: said.filter((text) => text.includes("liveMigration")) };
  };
  const moving = (more: Raw = {}) => typed({ liveMigration: true, ...more });

  it("goes as whom the nodes let each other in, where the program says nothing", async () => {
    assert.deepEqual(await check(moving(), (user) => user), { user: "root", said: [] });
    assert.deepEqual(await check(moving(), () => "libvirtadmin"), { user: "libvirtadmin", said: [] });
    // What the state has is no word of the program's: what works counts.
    assert.deepEqual(
      (await check(moving(), () => "libvirtadmin", moving({ migrationUser: "root" }))).user,
      "libvirtadmin",
    );
  });

  it("is not asked about for a VM that does not migrate, nor again for what the program says", async () => {
    const nobody = () => assert.fail("it was asked");
    assert.equal((await check(typed(), nobody)).user, "root");
    assert.equal((await check(moving({ pinnedHost: "node1" }), nobody)).user, "root");
    // The move to where it is pinned now goes as the ones before.
    assert.equal(
      (await check(moving({ pinnedHost: "node1" }), nobody, moving({ migrationUser: "libvirtadmin" }))).user,
      "libvirtadmin",
    );
    assert.equal((await check(moving({ migrationUser: "ops" }), nobody, moving({ migrationUser: "ops" }))).user, "ops");
  });

  // Tried: live migration is wanted, and no node lets another one in → the preview says that a move stops the VM, and what is missing
  it("says so where it cannot work", async () => {
    const closed = await check(moving(), (user, node) => (node === "node2" ? undefined : user));
    assert.equal(closed.user, "root");
    assert.match(
      closed.said.join(),
      /^VM "web01": liveMigration cannot work from node to node, so that a move stops it and starts it elsewhere: node2 lets nobody in \(root: root@node2: Permission denied\)\. Put the public key of root/,
    );
    const other = await check(moving({ migrationUser: "ops" }), () => "libvirtadmin");
    assert.equal(other.user, "ops");
    assert.match(
      other.said.join(),
      /cannot work as ops, .*: the nodes let each other in as libvirtadmin; have that as migrationUser$/,
    );
    const mixed = await check(moving(), (_user, node) => (node === "node2" ? "root" : "libvirtadmin"));
    assert.match(mixed.said.join(), /not all nodes let the same user in/);
  });
});
