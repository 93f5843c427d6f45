// `npm run demo`, first half: prepares everything. The second half is tools/demo, which runs on the node found here.
import { spawn } from "node:child_process";
import { ownCluster, pulumiEnvironment, root, withinLab } from "./env.mjs";
import { lab } from "./lab.mjs";
import { allSteps } from "./steps.mjs";
import { prepare } from "./toolchain/prepare.mjs";

export async function demo() {
  const { node, debian, all } = prepare({ lab: !ownCluster });
  const up = ownCluster ? Promise.resolve() : Promise.all([node, debian]).then(([program]) => lab(program, "up"));
  await allSteps(all, up);
  const program = await node;
  return new Promise((resolve, reject) => {
    const [first = "", ...rest] = withinLab(program, [program, "tools/demo/main.ts", ...(ownCluster ? [] : ["--lab"])]);
    const child = spawn(first, rest, { cwd: root, stdio: "inherit", env: pulumiEnvironment() });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
