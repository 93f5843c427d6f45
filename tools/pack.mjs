// `npm run pack`: puts the packages into the template as tarballs, so that `pulumi new` includes them. They are not on
// npm yet.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./env.mjs";
import { command, step } from "./steps.mjs";
import { prepare } from "./toolchain/prepare.mjs";

/** The workspaces that users install. */
const WORKSPACES = ["provider", "sdk", "policy"];

/** The template for `pulumi new`. */
export const template = join(root, "templates/seapath-typescript");

export async function pack() {
  await prepare({ lab: false, pulumi: false, quiet: true }).built;
  return step("pack", async ({ log, done }) => {
    const folder = join(template, "packages");
    rmSync(folder, { recursive: true, force: true }); // remove earlier versions
    mkdirSync(folder, { recursive: true });
    await command(
      ["npm", "pack", "--silent", ...WORKSPACES.flatMap((name) => ["--workspace", name]), "--pack-destination", folder],
      { cwd: root, log },
    );
    done(`${readdirSync(folder).join(", ")} in ${folder}`);
  });
}
