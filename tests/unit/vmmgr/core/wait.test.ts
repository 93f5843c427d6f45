import assert from "node:assert/strict";
import { cluster, fixture, inventory } from "../../cluster/fixtures.ts";
import { errors, ScriptedRunner } from "../../cluster/runner.ts";
import { spec, waiting } from "../form/specs.ts";
import { createRequire } from "node:module";

const { describe: say, isReached, StartFailed, waitFor } = waiting;
const context = createRequire(import.meta.url)(
  "../../../../provider/dist/vmmgr/core/context.js",
) as typeof import("../../../../provider/dist/vmmgr/core/context.js");
const status = (name = "crm_mon.xml", change = (text: string) => text) => cluster.parseStatus(change(fixture(name)));
const hypervisors = ["node1", "node2", "node3"];
const started = (vm: string, host?: string) => ({
  vm,
  state: "started" as const,
  hypervisors,
  ...(host ? { host } : {}),
});
const stopped = (vm: string) => ({ vm, state: "stopped" as const, hypervisors });
const runsOn = status().resources.get("fxrun")?.nodes[0] ?? "";
const otherNode = hypervisors.find((node) => node !== runsOn && node !== "node1") ?? "";

describe("waiting for a VM", () => {
  it("ends when it runs, and where it is to run", () => {
    assert.equal(isReached(status(), started("fxrun")), true);
    assert.equal(isReached(status(), started("fxrun", runsOn)), true);
    assert.equal(isReached(status(), started("fxrun", otherNode)), false);
  });

  it("does not wait for a node that cannot take it", () => {
    const standby = (text: string) =>
      text.replace(new RegExp(`(<node name="${otherNode}"[^>]*) standby="false"`), '$1 standby="true"');
    const offline = (text: string) =>
      text.replace(new RegExp(`(<node name="${otherNode}"[^>]*) online="true"`), '$1 online="false"');
    for (const change of [standby, offline])
      assert.equal(isReached(status("crm_mon.xml", change), started("fxrun", otherNode)), true);
    assert.equal(isReached(status(), started("fxrun", "nowhere")), true);
  });

  it("takes another node than the wanted one only after that one has refused", () => {
    const refused = (text: string) =>
      text.replace(
        '<failure op_key="fxfail_start_0"',
        `<failure op_key="fxrun_start_0" node="${otherNode}" exitstatus="error" exitreason="no"/>$&`,
      );
    assert.equal(isReached(status("crm_mon.xml", refused), started("fxrun", otherNode)), true);
    assert.equal(isReached(status("crm_mon.xml", refused), started("fxfail2", otherNode)), false);
  });

  it("goes on while it starts, while it is in two places, and while it has failed", () => {
    assert.equal(isReached(status("crm_mon-pending.xml"), started("fxslow")), false);
    const twice = (text: string) =>
      text.replace(/(<resource id="fxrun"[^>]*>\s*)(<node [^>]*>)/, '$1$2<node name="node9" id="9"/>');
    assert.equal(isReached(status("crm_mon.xml", twice), started("fxrun")), false);
    const failed = (text: string) => text.replace(/(<resource id="fxrun"[^>]*) failed="false"/, '$1 failed="true"');
    assert.equal(isReached(status("crm_mon.xml", failed), started("fxrun")), false);
    const pending = (text: string) => text.replace('<resource id="fxrun"', '$& pending="Migrating"');
    assert.equal(isReached(status("crm_mon.xml", pending), started("fxrun")), false);
    assert.equal(isReached(status(), started("fxstop")), false);
    assert.equal(isReached(status(), started("nobody")), false);
  });

  it("for its stop ends when it is stopped or gone, and not before", () => {
    assert.equal(isReached(status(), stopped("fxstop")), true);
    assert.equal(isReached(status(), stopped("nobody")), true);
    assert.equal(isReached(status(), stopped("fxrun")), false);
    assert.equal(isReached(status("crm_mon-pending.xml"), stopped("fxslow")), false);
  });

  it("fails as soon as every node has refused, with the agent's words", () => {
    assert.throws(
      () => isReached(status(), started("fxfail")),
      (error: Error) =>
        error instanceof StartFailed &&
        /node1: No metadata xml.*node2|node2: No metadata xml.*node1/.test(error.message),
    );
    const butOne = (text: string) => text.replace(/<failure op_key="fxfail_start_0" node="node2"[^>]*>/, "");
    assert.equal(isReached(status("crm_mon.xml", butOne), started("fxfail")), false);
    assert.throws(
      () => isReached(status("crm_mon.xml", butOne), { ...started("fxfail"), hypervisors: ["node1", "node3"] }),
      StartFailed,
    );
  });

  it("of a pinned VM fails as soon as that node has refused: no other may run it", () => {
    const only = (text: string) => text.replace(/<failure op_key="fxfail_start_0" node="node[13]"[^>]*>/g, "");
    const wanted = context.wantedOf(spec({ name: "fxfail", pinnedHost: "node2" }), inventory());
    assert.throws(() => isReached(status("crm_mon.xml", only), wanted), StartFailed);
    const preferred = context.wantedOf(spec({ name: "fxfail", preferredHost: "node2" }), inventory());
    assert.equal(isReached(status("crm_mon.xml", only), preferred), false);
  });

  it("says what is seen, as a person would", () => {
    assert.equal(say(status(), "fxrun"), `Started on ${runsOn}`);
    assert.equal(say(status(), "nobody"), "not there");
    assert.match(say(status(), "fxman"), /^Started on node\d \(unmanaged\)$/);
    assert.match(say(status(), "fxfail"), /^Stopped \(start failed on node\d: No metadata xml/);
    assert.match(say(status("crm_mon-maintenance.xml"), "fxrun"), /the cluster is in maintenance/);
    assert.match(say(status("crm_mon-pending.xml"), "fxslow"), /^Starting/);
  });

  describe("that no node could start", () => {
    const log = "/var/log/pacemaker/pacemaker.log";
    const failing = async (reasons: () => unknown) => {
      const asked: unknown[] = [];
      const runner = new ScriptedRunner({
        crm_mon: () => fixture("crm_mon.xml"),
        "the watch program": () => ({ ok: fixture("crm_mon.xml") }),
        "the reasons program": (request) => (asked.push(request), reasons()),
      });
      const error = await waitFor(new cluster.Cluster(runner), started("fxfail"), 5, () => undefined).then(
        () => undefined,
        (each: unknown) => each,
      );
      assert.ok(error instanceof Error);
      return { error, asked };
    };

    it("quotes what the logs of those nodes say, and points there", async () => {
      const { error, asked } = await failing(() => ({
        ok: { node: "node1", place: log, lines: ["Cannot get interface MTU on 'x'", "two\u001b"] },
      }));
      assert.ok(error instanceof StartFailed);
      assert.match(
        error.message,
        /^Pacemaker could not start it on any node: node\d: No metadata xml .*fxfail\. The log \(\/var\/log\/pacemaker\/pacemaker\.log on node1\) says: Cannot get interface MTU on 'x'; two\\u001b$/,
      );
      assert.equal(error.hint, `More is in ${log} on node1.`);
      assert.deepEqual(asked, [{ vm: "fxfail", operation: "start", nodes: ["node3", "node2", "node1"] }]);
    });

    it("says where to look when they say nothing, or cannot be asked", async () => {
      const silent = () => ({ ok: { node: "node1", place: "", lines: [] } });
      const broken = () => {
        throw new errors.ConnectionError("node1", "gone", { beforeSend: false });
      };
      for (const answer of [
        silent,
        broken,
        () => ({ ok: "nonsense" }),
        () => ({ error: { kind: "x", message: "y" } }),
      ]) {
        const { error } = await failing(answer);
        assert.ok(error instanceof StartFailed);
        assert.match(error.message, /: No metadata xml could be read from the image rbd\/system_fxfail$/);
        assert.match(
          error.hint ?? "",
          /pacemaker\.log or `journalctl -u pacemaker -u libvirtd`, and \/var\/log\/libvirt\/qemu\/fxfail\.log/,
        );
      }
    });
  });

  it("says of all nodes at once what their logs have in common", () => {
    const { withReasons, reasonHint } = createRequire(import.meta.url)(
      "../../../../provider/dist/vmmgr/core/start-reasons.js",
    ) as typeof import("../../../../provider/dist/vmmgr/core/start-reasons.js");
    const at = (node: string, ...lines: string[]) => ({ node, place: "journalctl -u pacemaker", lines });
    assert.equal(
      withReasons("known.", [at("node2", "a"), at("node1", "a"), at("node3", "b", "c")]),
      "known. The log (journalctl -u pacemaker on node1, node2) says: a. The log (journalctl -u pacemaker on node3) says: b; c",
    );
    assert.equal(withReasons("known.", []), "known.");
    assert.equal(reasonHint("web", [at("node2", "a")]), "More is in `journalctl -u pacemaker` on node2.");
  });

  it("asks again until it is so, and says so when it never is", async () => {
    let asked = 0;
    const next = () => (++asked < 3 ? fixture("crm_mon.xml").replaceAll("fxrun", "other") : fixture("crm_mon.xml"));
    const watch = async () => {
      const text = next();
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { ok: text };
    };
    const runner = new ScriptedRunner({ crm_mon: next, "the watch program": watch });
    await waitFor(new cluster.Cluster(runner), started("fxrun"), 5, () => undefined);
    assert.equal(asked, 3);
    await assert.rejects(
      waitFor(new cluster.Cluster(runner), started("fxstop", "node2"), 0.2, () => undefined),
      (error: Error) =>
        error instanceof cluster.WaitTimeout &&
        error.wanted === "started on node2" &&
        error.lastSeen === "Stopped (disabled)" &&
        error.after >= 0.2,
    );
  });
});
