import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { inventory } from "../../cluster/fixtures.ts";
import { spec } from "../form/specs.ts";

const require = createRequire(import.meta.url);
const { quiesceRefusals } =
  require("../../../../provider/dist/vmmgr/snapshots/agent.js") as typeof import("../../../../provider/dist/vmmgr/snapshots/agent.js");

const CHANNEL = '<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>';
const required = { vm: "fxrun", name: "before", quiesce: "required" as const };

/** The lab with fxrun, which runs, as its stored domain has it. */
function lab(more: { channel?: boolean; stopped?: boolean; changed?: boolean } = {}) {
  const found = inventory();
  const metadata = found.images.get("system_fxrun")?.metadata ?? {};
  if (more.channel === true)
    for (const key of ["xml", "_base_xml"])
      metadata[key] = (metadata[key] ?? "").replace(/<devices>|<devices\/>/, `<devices>${CHANNEL}`);
  if (more.changed === true) metadata["_seapath_restart"] = "another";
  if (more.stopped === true) found.status.resources.delete("fxrun");
  return found;
}
const withAgent = spec({ xml: `<domain type="qemu"><memory>1</memory><devices>${CHANNEL}</devices></domain>` });
const refused = (...args: Parameters<typeof quiesceRefusals>) =>
  quiesceRefusals(...args)
    .map(({ property, reason }) => `${property}: ${reason}`)
    .join();

describe("a snapshot that requires a freeze", () => {
  it("is refused in the preview where the guest's agent has no channel, with what gives it one", () => {
    assert.match(
      refused(lab(), required),
      /^quiesce: "required" cannot be had: the domain of VM "fxrun" has no channel .*guestAgent: true.*org\.qemu\.guest_agent\.0/,
    );
    assert.match(refused(lab({ stopped: true }), required, spec()), /has no channel/, "the program starts it");
    assert.match(
      refused(inventory(), { ...required, vm: "new" }, spec({ name: "new" })),
      /has no channel/,
      "it is yet to be made",
    );
  });

  it("is not where it has one, does not run, or nobody requires it", () => {
    assert.equal(refused(lab({ channel: true }), required), "");
    assert.equal(refused(lab({ stopped: true }), required), "");
    assert.equal(refused(lab({ stopped: true }), required, spec({ started: false })), "");
    assert.equal(refused(lab(), required, spec({ enabled: false })), "");
    assert.equal(refused(inventory(), { ...required, vm: "new" }, { ...withAgent, name: "new" }), "");
    for (const quiesce of ["auto", "none"] as const) assert.equal(refused(lab(), { ...required, quiesce }), "");
  });

  it("is where the guest that runs gets its channel only with a restart that nobody has asked for", () => {
    assert.match(
      refused(lab(), required, withAgent),
      /runs without a channel .* until it is stopped and started; `restart: "whenRequired"`/,
    );
    assert.equal(refused(lab(), required, { ...withAgent, restart: "whenRequired" }), "");
    assert.equal(refused(lab({ changed: true }), required), "", "what it runs is not what is stored");
  });
});
