/** The cluster as other programs see it: crm, cibadmin, rbd, virsh and ps, inside a node, not over SSH. */
import { setTimeout as sleep } from "node:timers/promises";
import { exec, readLab } from "../../../lab/index.ts";

/** Runs a program on a node, by default the first one, and returns its output. */
export async function on(node: string, ...argv: string[]): Promise<string> {
  const { stdout } = await exec(node, argv);
  return stdout.trim();
}

/** The same for a program that may fail: its exit code and all its output. */
export async function tryOn(node: string, ...argv: string[]): Promise<{ exitCode: number; text: string }> {
  const { exitCode, stdout, stderr } = await exec(node, argv, { ok: true });
  return { exitCode: exitCode ?? -1, text: `${stdout}${stderr}`.trim() };
}

export const nodes = () => readLab().nodes.map((node) => node.name);

/** The node and process id of a VM's QEMU: the proof that a guest was not restarted. */
export async function qemu(vm: string): Promise<string[]> {
  const found: string[] = [];
  for (const node of nodes()) {
    const { text, exitCode } = await tryOn(node, "pgrep", "-f", `^/usr/bin/qemu-system-x86_64 -name guest=${vm},`);
    if (exitCode === 0) found.push(...text.split("\n").map((pid) => `${node}:${pid}`));
  }
  return found;
}

/** A value of the system image's metadata. */
export const imageMeta = (vm: string, key: string) => on("node1", "rbd", "image-meta", "get", `system_${vm}`, key);

/** A meta attribute of the primitive, according to crm_resource. */
export const metaAttribute = (vm: string, name: string) =>
  on("node1", "crm_resource", "--resource", vm, "--meta", "--get-parameter", name);

/** The ids of the constraints that name a VM. */
export async function constraints(vm: string): Promise<string[]> {
  const cib = await on("node1", "cibadmin", "--query", "--scope", "constraints");
  return [...cib.matchAll(/<rsc_\w+ [^>]*>/g)]
    .map(([tag]) => tag)
    .filter((tag) => new RegExp(`(rsc|with-rsc|first|then)="${vm}"`).test(tag))
    .map((tag) => / id="([^"]*)"/.exec(tag)?.[1] ?? "");
}

/** The result of a probe in a guest without an agent for VMs: other tests' guest nodes are probed as well. */
const NOT_INSTALLED = "5";

/** Pacemaker's fail count and failure records for a name: both would affect the next VM of that name. */
export async function counted(vm: string): Promise<string[]> {
  const status = await on("node1", "cibadmin", "--query", "--scope", "status");
  return status.split(/(?=<node_state )/).flatMap((state) => {
    const node = /^<node_state [^>]*uname="([^"]*)"/.exec(state)?.[1] ?? "?";
    const counts = [...state.matchAll(/ name="((?:fail-count|last-failure)-([^"#]+)(?:#[^"]*)?)"/g)].filter(
      ([, , name]) => name === vm,
    );
    const [, history = ""] = new RegExp(`<lrm_resource id="${vm}"[^>]*>(.*?)</lrm_resource>`, "s").exec(state) ?? [];
    const failed = [...history.matchAll(/<lrm_rsc_op [^>]*operation="([^"]*)"[^>]*rc-code="(\d+)"/g)].filter(
      ([, , code]) => !["0", "7", NOT_INSTALLED].includes(code ?? ""),
    );
    return [
      ...counts.map(([, name]) => `${node}:${name}`),
      ...failed.map(([, operation]) => `${node}:failed ${operation}`),
    ];
  });
}

/** Everything on the cluster that has a VM's name. */
export async function traces(vm: string): Promise<string[]> {
  const cib = await on("node1", "cibadmin", "--query", "--scope", "configuration");
  const images = (await on("node1", "rbd", "ls")).split("\n").filter((image) => image.includes(`_${vm}`));
  const groups = (await on("node1", "rbd", "group", "ls")).split("\n").filter((group) => group === vm);
  const domains: string[] = [];
  for (const node of nodes()) {
    const names = await domainsOf(node);
    domains.push(
      ...[...names.filter((name) => name === vm), ...(await probesLeft(node, names))].map((name) => `${node}:${name}`),
    );
    const file = `/etc/pacemaker/${vm}.xml`;
    domains.push(
      ...(await on(node, "find", "/etc/pacemaker", "-path", file))
        .split("\n")
        .filter(Boolean)
        .map((path) => `${node}:${path}`),
    );
  }
  const ids = [...cib.matchAll(/ id="([^"]*)"/g)]
    .map((match) => match[1] ?? "")
    .filter((id) => id.split("-").includes(vm));
  return [...images, ...groups, ...domains, ...ids, ...(await counted(vm)), ...(await qemu(vm))];
}

const domainsOf = async (node: string): Promise<string[]> =>
  (await on(node, "virsh", "list", "--all", "--name")).split("\n");

/** Domains left over from a check; one of a check in another running test goes away on its own. */
async function probesLeft(node: string, names: readonly string[]): Promise<string[]> {
  const probes = names.filter((name) => name.startsWith("seapath-check"));
  if (probes.length === 0) return [];
  return eventually(
    async () => (await domainsOf(node)).filter((name) => probes.includes(name)),
    (left) => left.length === 0,
    10,
  );
}

/** Repeats a query until the answer is as wanted; returns the last answer if it never is. */
export async function eventually<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean, patience = 30): Promise<T> {
  for (let left = patience * 2; ; left--) {
    const answer = await ask();
    if (wanted(answer) || left <= 0) return answer;
    await sleep(500);
  }
}
