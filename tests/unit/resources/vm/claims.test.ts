import assert from "node:assert/strict";
import { claimOf, Claims } from "./vms.ts";

describe("which VM belongs to which resource of a run", () => {
  it("is nobody's before anything was checked", () => {
    const claims = new Claims();
    assert.deepEqual([claims.isOthers("a"), claims.isKept("a"), claims.isReplaced("a")], [false, false, false]);
  });

  it("is the resource's that the state has it under: no other may take it over", () => {
    const claims = new Claims();
    claims.check("a", true);
    assert.deepEqual([claims.isOthers("a"), claims.isOthers("b")], [true, false]);
    claims.replace("a");
    assert.equal(claims.isOthers("a"), false, "its replacement has the same name");
  });

  it("is the resource's that made it in this run", () => {
    const claims = new Claims();
    claims.check("a", false);
    assert.equal(claims.isOthers("a"), false);
    claims.make("a");
    assert.equal(claims.isOthers("a"), true);
  });

  it("keeps a VM from a delete by its former resource, and lets a replacement delete it", () => {
    const claims = new Claims();
    claims.check("a", false);
    assert.equal(claims.isKept("a"), true);
    assert.equal(claims.isKept("b"), false);
    claims.replace("a");
    assert.equal(claims.isKept("a"), false);
  });

  it("is deleted for the resource that it was asked for and is to be made anew, and for no other", () => {
    const claims = new Claims();
    claims.check("a", false, "web");
    assert.deepEqual([claims.isKept("a", "web"), claims.isKept("a", "other"), claims.isKept("a")], [false, true, true]);
    claims.make("a");
    assert.equal(claims.isKept("a", "web"), true, "it was taken up, and is all there is");
  });

  it("is kept from a delete that an earlier run has left, unless the engine asks for it anew", () => {
    const claims = new Claims();
    claims.askedAnew("a");
    claims.check("a", true, "web");
    assert.equal(claims.isKept("a", "web"), true);
    claims.askedAnew("a");
    assert.equal(claims.isKept("a", "web"), false);
  });

  it("tells VMs of one name on two clusters apart", () => {
    const claims = new Claims();
    claims.make(claimOf("a", "north"));
    assert.deepEqual(
      ["a", claimOf("a"), claimOf("a", "south"), claimOf("a", "north")].map((vm) => claims.isOthers(vm)),
      [false, false, false, true],
    );
  });
});
