// A VM that nothing keeps out of a guest node: the rule says it, and Pacemaker tries it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inGuest } from "../../lab/index.ts";
import { seapath } from "./support/cli.ts";
import { constraints, eventually, nodes, on, qemu, traces } from "./support/cluster.ts";
import { policed, type Policed } from "./support/policies.ts";
import { remoteVm } from "./support/remote.ts";
import { TestStack, type Vms } from "./support/stack.ts";
import { TICK, tickXml } from "./support/vms.ts";

const stackName = "policyguest";
const [vm, guest, open] = ["polhost", "polinside", "polopen"];
const ADDRESS = "10.99.0.217";
/** Until a guest has the agent Pacemaker finds by its probe that a VM cannot run there, and lets it be. Of those that have it: */
const AGENT = `#!/bin/sh
case "$1" in
meta-data) echo '<resource-agent name="VirtualDomain"><version>1</version><parameters/><actions><action name="start" timeout="20"/><action name="stop" timeout="20"/><action name="monitor" timeout="20"/></actions></resource-agent>' ;;
monitor | status) exit 7 ;;
start) exit 1 ;;
esac
`;
const vms: Vms = { [vm]: remoteVm(217), [guest]: { $kind: "RemoteGuest", vm: `$ref:${vm}.name`, address: ADDRESS } };

describe("what the policies warn of a guest node", function () {
  this.timeout(420_000);
  const folder = mkdtempSync(join(tmpdir(), "seapath-policies-"));
  let stack: TestStack;

  const rule = async (): Promise<string> => {
    const { said }: Policed = await policed({
      stack: stackName,
      vms,
      config: { all: "advisory", "guest-node-closed": { enforcementLevel: "advisory", others: "fail" } },
    });
    return said
      .filter((each) => each.rule === "guest-node-closed")
      .map(({ message }) => message)
      .join("\n");
  };
  const failures = async () => (await on("node1", "crm_mon", "-1", "-r")).split("Failed Resource Actions").at(1) ?? "";

  before(async () => {
    stack = await TestStack.make(stackName);
    await seapath("remove", "-n", open);
    await stack.up(vms);
    const folderOf = "/usr/lib/ocf/resource.d/seapath";
    await inGuest(
      ADDRESS,
      `mkdir -p ${folderOf} && cat >${folderOf}/VirtualDomain && chmod +x ${folderOf}/VirtualDomain`,
      { stdin: AGENT },
    );
    const xml = join(folder, "open.xml");
    writeFileSync(xml, tickXml());
    const made = await seapath("create", "-n", open, "--image", `node:${TICK}`, "--xml", xml);
    assert.equal(made.code, 0, made.stderr);
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await seapath("remove", "-n", open);
    await stack.destroy();
    for (const name of [vm, open]) assert.deepEqual(await traces(name), []);
  });

  it("happens: a VM that no constraint keeps out goes in when the other nodes are closed to it, and cannot run", async () => {
    assert.doesNotMatch(await rule(), new RegExp(open));
    for (const id of await constraints(open))
      await on("node1", "cibadmin", "--delete", "--xml-text", `<rsc_location id="${id}"/>`);
    assert.match(await rule(), new RegExp(`VM "${open}" must be kept off the guest node ${guest}: no constraint does`));
    assert.equal((await qemu(open)).length, 1);
    for (const node of nodes()) await on("node1", "crm_resource", "--ban", "--resource", open, "--node", node);
    const tried = new RegExp(`${open}[_ ]start.* on ${guest}\\b`);
    assert.match(await eventually(failures, (text) => tried.test(text)), tried);
    assert.deepEqual(await qemu(open), []);
    // As the message says it.
    await on("node1", "crm", "resource", "ban", open, guest);
    assert.doesNotMatch(await rule(), new RegExp(open));
    for (const node of nodes()) await on("node1", "crm_resource", "--clear", "--resource", open, "--node", node);
    await on("node1", "crm_resource", "--cleanup", "--resource", open);
    await eventually(
      () => qemu(open),
      (found) => found.length === 1,
    );
    assert.equal((await qemu(open)).length, 1);
  });
});
