// Prepares what a verb needs, all in parallel: the slow parts (the CLI's build, apt) run beside the rest.
import { join } from "node:path";
import { pulumiEnvironment, root, searchPath } from "../env.mjs";
import { allSteps, command, step } from "../steps.mjs";
import { debianPackages } from "./debian.mjs";
import { npmPackages } from "./npm.mjs";
import { pulumiCli, pulumiForCheckout } from "./pulumi.mjs";

/**
 * @param {{ lab: boolean, pulumi?: boolean, quiet?: boolean }} needs `lab`: also the Debian packages of the lab and the
 * tests. `quiet`: print nothing about what exists already.
 */
export function prepare({ lab, pulumi = true, quiet = false }) {
  const cli = pulumi ? pulumiCli(quiet) : Promise.resolve(undefined);
  const node = npmPackages(quiet);
  const debian = lab ? debianPackages(quiet) : Promise.resolve();
  const built = node.then(() => build(quiet));
  const ready = Promise.all([cli, node]).then(([cached]) => pulumi && pulumiForCheckout(cached));
  const all = allSteps(ready, debian, built);
  for (const promise of [cli, node, debian, built, ready, all]) promise.catch(() => {}); // reported by its step
  return { cli: ready, node, debian, built, all };
}

/**
 * Compiles provider/ and sdk/ to the JavaScript that programs and tests load. tsc itself knows what is up to date.
 * @param {boolean} quiet
 */
function build(quiet) {
  return step(
    "build",
    async ({ log, done }) => {
      await command([join(root, "node_modules/.bin/tsc"), "--build"], {
        cwd: root,
        log,
        env: { ...process.env, PATH: searchPath() },
        advice: "the types do not hold: see above",
      });
      // Pulumi kills its provider's process, so compiled code is never saved there: compile it once here.
      await command(["node", "-e", 'require("pulumi-seapath/provider"); require("@pulumi/pulumi/dynamic")'], {
        cwd: join(root, "sdk"),
        log,
        env: pulumiEnvironment(),
      });
      done("provider and sdk are compiled");
    },
    quiet,
  );
}
