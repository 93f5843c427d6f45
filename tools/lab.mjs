// The test cluster of lab/, as a bootstrap step.
import { command, step } from "./steps.mjs";
import { root, searchPath } from "./env.mjs";

/** @param {string} node @param {"up" | "down"} verb @param {readonly string[]} options the lab's own, as `npm run lab` takes them */
export function lab(node, verb, options = []) {
  return step("lab", async ({ say, done, log }) => {
    say(verb === "up" ? "brings up three nodes with Ceph, Pacemaker and libvirt" : "takes the nodes down");
    await command([node, "lab/cli.ts", verb, ...options], {
      cwd: root,
      log,
      line: say,
      env: { ...process.env, PATH: searchPath() },
      advice: "`npm run lab -- down`, then again; lab/ says what it needs of the machine",
    });
    done(verb === "up" ? "healthy" : "is gone");
  });
}
