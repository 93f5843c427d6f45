// `npm run demo`, second half: a stack on a real cluster, and why to trust it. Every claim was checked a moment before,
// on the cluster and not in Pulumi's state. The first claim that fails ends the demo.
import { labEnvironmentFile } from "../env.mjs";
import { findNodes } from "./nodes.ts";
import { change, drift, guestsAnswer, nothingToChange, placement, up } from "./scenes.ts";
import { heading, note, Refuted } from "./show.ts";

/** Whether this is the lab, or the user's own cluster. */
const inLab = process.argv.includes("--lab");

async function main(): Promise<void> {
  const nodes = await findNodes();
  heading(`The cluster: ${nodes.names.join(", ")}`);
  await nodes.on(nodes.names[0] ?? "", "crm status");

  await up(nodes);
  await placement(nodes);
  await guestsAnswer(inLab);
  await nothingToChange();
  await change(nodes);
  await drift(nodes);

  heading("It stays as it is. To look around");
  const guide = [
    ["npm run pulumi -- stack", "the stack, its resources and outputs"],
    ["npm run pulumi -- config set quickstart:priority 50", "change something; then"],
    ["npm run pulumi -- up", ""],
    [`ssh -F .pulumi-state/ssh_config ${nodes.names[0]}`, "a node: crm status, virsh list, rbd ls"],
  ];
  const farewell = [
    ["npm run pulumi -- destroy", "the three VMs"],
    ...(inLab ? [["npm run lab -- down", "the cluster"]] : []),
    ["rm -rf .pulumi-state Pulumi.demo.yaml", "what Pulumi knows of it"],
  ];
  table(guide);
  heading("And to take it all down");
  table(farewell);
  if (!inLab) note("(with SEAPATH_HOSTS and its like set as now)");
  else note(`(how to reach the lab from elsewhere: ${labEnvironmentFile()})`);
}

function table(rows: string[][]): void {
  const width = Math.max(...rows.map(([command = ""]) => command.length));
  for (const [command = "", what = ""] of rows) note(`${command.padEnd(width)}   ${what}`.trimEnd());
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Refuted)) throw error;
  console.error(`\n✗ ${error.message}`);
  process.exitCode = 1;
}
