import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { errors } from "../cluster/runner.ts";

const require = createRequire(import.meta.url);
const { Causes } =
  require("../../../provider/dist/resources/engine/causes.js") as typeof import("../../../provider/dist/resources/engine/causes.js");

describe("why a cluster cannot be asked", () => {
  const nodes = "10.0.0.1, 10.0.0.2";
  const away = (one: string, other: string) =>
    new errors.ConnectionError(
      nodes,
      `Unable to reach any of ${nodes}: Unable to log in to 10.0.0.1 as root: ${one}; Unable to log in to 10.0.0.2 as root: ${other}`,
      { beforeSend: true },
    );
  const short = `Unable to reach ${nodes}: the message of another resource says why`;

  // Tried: hosts that do not answer say "no login" to the one try and "no route" to the next → said once
  it("is said once of hosts that do not answer, whatever the moment says of each", () => {
    const causes = new Causes();
    assert.match(
      causes.words(away("no login within 1 s", "no login within 1 s")),
      /10\.0\.0\.2 as root: no login within 1 s/,
    );
    assert.equal(causes.words(away("no login within 1 s", "connect EHOSTUNREACH 10.0.0.2:22")), short);
    assert.equal(causes.words(away("connect ETIMEDOUT 10.0.0.1:22", "no login within 0.5 s")), short);
  });

  it("is said again where it is another: a port that is closed is no host that is away", () => {
    const causes = new Causes();
    causes.words(away("no login within 1 s", "no login within 1 s"));
    assert.match(causes.words(away("no login within 1 s", "connect ECONNREFUSED 10.0.0.2:22")), /ECONNREFUSED/);
  });
});
