// How nodes get to each other: as whom, and that to look at it closes no way. sshd (from 9.8 on) counts refused logins against where they
// come from, and after a few refuses everybody from there.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { nodes } from "./support/cluster.ts";
import { labRunner } from "./support/failing.ts";
import { migrationUser } from "./support/users.ts";

const require = createRequire(import.meta.url);
const { readCapacity } =
  require("../../provider/dist/cluster/capacity.js") as typeof import("../../provider/dist/cluster/capacity.js");
const { readAuthKey } =
  require("../../provider/dist/cluster/authkey.js") as typeof import("../../provider/dist/cluster/authkey.js");

describe("the ways between nodes", function () {
  this.timeout(180_000);

  // Tried: nodes are looked at again and again on a cluster where root is let in nowhere → the others are still let in
  it("are told, and stay open however often they are looked at", async () => {
    const runner = labRunner();
    try {
      for (let round = 1; round <= 6; round++) {
        const { between } = await readCapacity(runner, nodes(), "root");
        assert.deepEqual(between, { seen: nodes().length - 1, closed: {}, user: migrationUser() }, `round ${round}`);
        assert.deepEqual((await readAuthKey(runner, nodes(), false)).unseen, {});
      }
    } finally {
      runner.close();
    }
  });
});
