// The scenes of the demo, in order. Each shows commands with their output, and checks its claims about them.
import type { Nodes } from "./nodes.ts";
import { claim, eventually, heading, note, Refuted, run } from "./show.ts";

const STACK = "demo";
const VMS = ["pinned", "preferred", "free"];
/** The lab's guests take their address from the last bytes of their MAC, and answer HTTP with their boot id. */
const LAB_GUESTS: Record<string, string> = { pinned: "10.99.0.101", preferred: "10.99.0.102", free: "10.99.0.103" };
/** Seconds to wait for Pacemaker and booting guests. */
const PATIENCE = 60;

const pulumi = (...args: string[]) => run(["pulumi", ...args]);
const apply = (...flags: string[]) => run(["pulumi", "up", "--yes", "--skip-preview", ...flags], { live: true });
const config = (key: string, value: string) => pulumi("config", "set", `quickstart:${key}`, value);
const priorityOf = async (nodes: Nodes, vm: string) =>
  (
    await nodes.on(first(nodes), `crm_resource --resource ${vm} --meta --get-parameter priority`, { silent: true })
  ).trim();
const metadataOf = async (nodes: Nodes, vm: string, key: string) =>
  (await nodes.on(first(nodes), `rbd image-meta get system_${vm} ${key}`, { silent: true })).trim();
const first = (nodes: Nodes) => nodes.names[0] ?? "";
const second = (nodes: Nodes) => nodes.names[1] ?? first(nodes);

export async function up(nodes: Nodes): Promise<void> {
  heading("pulumi up: three VMs; one is pinned, one prefers a node, one is free, migrates live and carries metadata");
  await run(["pulumi", "stack", "select", "--create", STACK], { silent: true });
  await needImage(nodes);
  await config("pinnedHost", first(nodes));
  await config("priority", "10");
  await config("owner", "alice");
  await config("preferredHost", second(nodes));
  await apply("--refresh");
}

/** The default guest image of examples/quickstart; the lab provides it. */
const LAB_IMAGE = "/var/lib/seapath/images/tiny.qcow2";

/** The lab has a guest image. A user's own cluster may not, and only the user knows a suitable one. */
async function needImage(nodes: Nodes): Promise<void> {
  const set = JSON.parse(await run(["pulumi", "config", "--json"], { silent: true })) as Record<
    string,
    { value?: string }
  >;
  const image = set["quickstart:image"]?.value ?? LAB_IMAGE;
  const lacking: string[] = [];
  for (const node of nodes.names) {
    if (!(await nodes.on(node, `test -e '${image}' && echo there || true`, { silent: true }))) lacking.push(node);
  }
  if (lacking.length === 0) return;
  throw new Refuted(
    `there is no ${image} on ${lacking.join(", ")}. Put the qcow2 image of a guest there, or name another one:\n` +
      "  npm run pulumi -- config set quickstart:image /path/on/the/nodes.qcow2\n" +
      "  npm run pulumi -- config set quickstart:domainType kvm     (and quickstart:bridge, where it is not br0)",
  );
}

export async function placement(nodes: Nodes): Promise<void> {
  heading("Where they run, asked of the cluster");
  for (const vm of VMS) await eventually(PATIENCE, () => nodes.whereIs(vm), Boolean);
  await nodes.on(first(nodes), "crm status");
  const places = await Promise.all(VMS.map((vm) => nodes.whereIs(vm)));
  claim(`all run: ${VMS.map((vm, i) => `${vm} on ${places[i]}`).join(", ")}`, places.every(Boolean));
  claim(`preferred runs on ${second(nodes)}, as it prefers`, places[1] === second(nodes));
}

async function ask(address: string): Promise<string> {
  try {
    const response = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(3000) });
    return (await response.text()).trim();
  } catch (error) {
    return `no answer: ${(error as Error).message}`;
  }
}

export async function guestsAnswer(inLab: boolean): Promise<void> {
  if (!inLab) return note("\n(The guests' addresses on your cluster are yours to know: no request is sent to them.)");
  heading("The guests answer on the network, each with the id of its boot");
  for (const vm of VMS) {
    const address = LAB_GUESTS[vm] ?? "";
    const answer = await eventually(
      PATIENCE,
      () => ask(address),
      (text) => !text.startsWith("no answer"),
    );
    console.log(`GET http://${address}/  ->  ${answer}`);
    claim(`${vm} answers`, !answer.startsWith("no answer"));
  }
}

export async function nothingToChange(): Promise<void> {
  heading("A preview: nothing to change");
  await pulumi("preview", "--refresh", "--expect-no-changes");
  claim("the stack is what the cluster is", true);
}

/** Without a preference, only the rule that keeps VMs out of guest nodes remains; it continues on the next line. */
const prefersANode = (rules: string) => /^location \S+ preferred [^\\\n]*: \S+/m.test(rules);

export async function change(nodes: Nodes): Promise<void> {
  heading("A change of priority, metadata and placement, in place");
  claim("preferred prefers a node", prefersANode(await nodes.on(first(nodes), "crm configure show type:location")));
  const before = await pids(nodes);
  await config("priority", "20");
  await config("owner", "bob");
  // A VM that no longer prefers a node stays where it is: Pacemaker moves nothing without a reason.
  await config("preferredHost", "none");
  await apply();
  const rules = await nodes.on(first(nodes), "crm configure show type:location");
  claim("preferred prefers no node any more", !prefersANode(rules));
  claim("the cluster says priority 20 for free", (await priorityOf(nodes, "free")) === "20");
  claim("free's image says owner bob", (await metadataOf(nodes, "free", "owner")) === "bob");
  const after = await pids(nodes);
  claim("each QEMU is the same process as before: no guest was restarted", before === after);
}

export async function drift(nodes: Nodes): Promise<void> {
  heading("Someone changes things behind Pulumi's back");
  await nodes.on(first(nodes), "crm resource meta free set priority 99");
  await nodes.on(first(nodes), "rbd image-meta set system_free owner mallory");
  note("\npulumi preview --refresh shows it, property by property:");
  const preview = await pulumi("preview", "--refresh", "--diff");
  claim("it names the priority, 99 for 20", /priority\s*:\s*99\s*=>\s*20/.test(preview));
  claim("it names the owner, mallory for bob", /owner\s*:\s*"mallory"\s*=>\s*"bob"/.test(preview));
  note("\nand pulumi up mends it:");
  const before = await pids(nodes);
  await apply("--refresh");
  claim("the cluster says priority 20 again", (await priorityOf(nodes, "free")) === "20");
  claim("the image says owner bob again", (await metadataOf(nodes, "free", "owner")) === "bob");
  claim("and no QEMU was touched", before === (await pids(nodes)));
  await pulumi("preview", "--refresh", "--expect-no-changes");
  claim("nothing is left to change", true);
}

/** Shows the process id of each VM's QEMU on its node. */
async function pids(nodes: Nodes): Promise<string> {
  const lines: string[] = [];
  for (const vm of VMS) lines.push(`${vm.padEnd(10)} QEMU is process ${await nodes.pidOf(vm)}`);
  console.log(`\n${lines.join("\n")}`);
  return lines.join("\n");
}
