// Rules of one resource, each kept and broken, with what is not known yet and what it puts right.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import {
  calm,
  notes,
  ofResource,
  policies,
  saved,
  UNKNOWN,
  unknownCheckingProxy,
  vm,
  words,
  type Given,
  withoutCluster,
} from "./ask.ts";

const { isUnreachable } = createRequire(import.meta.url)(
  "../../../policy/dist/cluster.js",
) as typeof import("../../../policy/dist/cluster.js");
const { vmHostExists, vmOffObserver, vmPinNotWithPreferred, vmSizeLimits, vmStickiness, vmStopTimeout } = policies;

describe("a rule of one resource", function () {
  withoutCluster();
  this.timeout(30_000);
  const savedCluster = saved(calm({ foreign: 1 }));
  beforeEach(() => void notes.takeNotes());

  const xml = (memory: string) => ({
    domain: undefined,
    xml: `<domain><memory unit="MiB">${memory}</memory><vcpu>4</vcpu></domain>`,
  });
  const cases: [string, ResourceValidationPolicy, object, Given, Given, RegExp][] = [
    [
      "vm-off-observer, by what the cluster says",
      vmOffObserver,
      { savedCluster },
      vm("a", { pinnedHost: "node1" }),
      vm("a", { preferredHost: "node3" }),
      /VM "a" must not have `preferredHost: "node3"`: node3 is an observer.*would not go where it is meant to be\. Name node1 or node2/,
    ],
    [
      "vm-off-observer, by its configuration",
      vmOffObserver,
      { observers: ["node1"] },
      vm("a", { pinnedHost: "node3" }),
      vm("a", { pinnedHost: "node1" }),
      /`pinnedHost: "node1"`.*would never run\. Name a hypervisor/,
    ],
    [
      "vm-host-exists, by what the cluster says",
      vmHostExists,
      { savedCluster },
      vm("a", { pinnedHost: "node2" }),
      vm("a", { pinnedHost: "node9" }),
      /`pinnedHost: "node9"`: there is no such node.*one of node1, node2/,
    ],
    [
      "vm-host-exists, by its configuration",
      vmHostExists,
      { hypervisors: ["hyp1", "hyp2"] },
      vm("a", { preferredHost: "hyp2" }),
      vm("a", { preferredHost: "node1" }),
      /one of hyp1, hyp2/,
    ],
    [
      "vm-host-exists leaves the observer to its own rule",
      vmHostExists,
      { savedCluster },
      vm("a", { pinnedHost: "node3" }),
      vm("a", { preferredHost: "" }),
      /no such node/,
    ],
    [
      "vm-pin-not-with-preferred",
      vmPinNotWithPreferred,
      {},
      vm("a", { pinnedHost: "node1" }),
      vm("a", { pinnedHost: "node1", preferredHost: "node2" }),
      /it runs on node1 or not at all/,
    ],
    [
      "vm-size-limits, typed",
      vmSizeLimits,
      { maxMemory: 4 },
      vm("a"),
      vm("a", { domain: { memory: 5 } }),
      /at most 4 MiB of memory, and has 5/,
    ],
    [
      "vm-size-limits, in XML",
      vmSizeLimits,
      { maxCpu: 4, maxMemory: 4 },
      vm("a", xml("4")),
      vm("a", xml("4.5")),
      /at most 4 MiB of memory/,
    ],
    [
      "vm-size-limits, of processors in XML",
      vmSizeLimits,
      { maxCpu: 3 },
      vm("a"),
      vm("a", xml("4")),
      /at most 3 virtual CPUs, and has 4/,
    ],
    [
      "vm-stickiness",
      vmStickiness,
      {},
      vm("a", { pacemaker: { meta: { "resource-stickiness": "INFINITY" } } }),
      vm("a", { pacemaker: {} }),
      /at least 1, and has none/,
    ],
    [
      "vm-stickiness, with a least one",
      vmStickiness,
      { min: 50 },
      vm("a", { pacemaker: { meta: { "resource-stickiness": 50 } } }),
      vm("a"),
      /at least 50, and has 1/,
    ],
    [
      "vm-stickiness, of a word that is no number",
      vmStickiness,
      {},
      vm("a"),
      vm("a", { pacemaker: { meta: { "resource-stickiness": "much" } } }),
      /has much/,
    ],
    [
      "vm-stickiness, of less than nothing",
      vmStickiness,
      {},
      vm("a"),
      vm("a", { pacemaker: { meta: { "resource-stickiness": "-INFINITY" } } }),
      /has -INFINITY/,
    ],
    [
      "vm-stop-timeout",
      vmStopTimeout,
      { minSeconds: 60 },
      vm("a", { stopTimeout: 60 }),
      vm("a", { stopTimeout: 59 }),
      /at least 60 seconds, and has 59/,
    ],
  ];
  for (const [what, rule, config, keeps, breaks, says] of cases) {
    it(`${what}: is kept, and broken`, async () => {
      assert.deepEqual(await ofResource(rule, keeps, config), []);
      const said = await ofResource(rule, breaks, config);
      assert.match(words(said), says);
      assert.deepEqual(
        said.map(({ resource }) => resource),
        ["a"],
      );
    });
  }

  it("has nothing against other kinds, and against those of others", async () => {
    for (const rule of policies.resourceRules as ResourceValidationPolicy[]) {
      assert.deepEqual(
        await ofResource(rule, { kind: "Disk", name: "a", props: { size: "1GiB" } }, { savedCluster }),
        [],
      );
    }
  });

  it("names a VM as its resource where its name is not known yet", async () => {
    assert.match(
      words(await ofResource(vmStopTimeout, vm("logical", { name: UNKNOWN, stopTimeout: 1 }))),
      /VM "logical"/,
    );
  });

  it("says what it could not look at, and looks at the rest", async () => {
    const given = vm("a", { pinnedHost: UNKNOWN, preferredHost: "node3" });
    assert.match(words(await ofResource(vmOffObserver, given, { savedCluster })), /preferredHost: "node3"/);
    assert.deepEqual(notes.takeNotes(), [
      'not checked: vm-off-observer for VM "a": `pinnedHost` is not known before other resources are made',
    ]);
    const said = await ofResource(vmOffObserver, given, { savedCluster, onUnknown: "fail" });
    assert.match(words(said), /VM "a" must be known to vm-off-observer before an up: `pinnedHost` is not known/);
    assert.deepEqual(notes.takeNotes(), []);
  });

  it("takes what contains it as not known either: a whole domain, a whole map", async () => {
    assert.deepEqual(await ofResource(vmSizeLimits, vm("a", { domain: UNKNOWN }), { maxMemory: 1 }), []);
    assert.deepEqual(await ofResource(vmStickiness, vm("a", { pacemaker: UNKNOWN })), []);
    assert.deepEqual(await ofResource(vmStickiness, vm("a", { pacemaker: { meta: UNKNOWN } })), []);
    assert.equal(notes.takeNotes().length, 3);
  });

  it("is broken by a key of its configuration that it does not have", async () => {
    assert.match(
      words(await ofResource(vmStopTimeout, vm("a"), { minSecond: 3 })),
      /must not have "minSecond".*it has minSeconds, onUnknown/,
    );
  });

  it("is broken by a saved cluster that is none, or not there, whatever is said of one that does not answer", async () => {
    const found = async (savedCluster: string) =>
      words(await ofResource(vmHostExists, vm("a", { pinnedHost: "node1" }), { savedCluster, onUnreachable: "skip" }));
    assert.match(await found(saved("<cib>").replace(".json", ".none")), /Unable to check the cluster: .*ENOENT/);
    assert.match(await found(saved("<cib>")), /Unable to check the cluster: /);
  });

  it("does with a cluster that cannot be asked what is said of it", async () => {
    const found = (onUnreachable: string) =>
      ofResource(vmHostExists, vm("a", { pinnedHost: "node1" }), { onUnreachable });
    assert.match(
      words(await found("fail")),
      /Not checked, and nothing may pass unchecked: the cluster does not answer: .*seapath:hosts/,
    );
    assert.deepEqual(await found("skip"), []);
    assert.match(
      notes.takeNotes().join(),
      /not checked: vm-host-exists for VM "a": the cluster does not answer: .*seapath:hosts/,
    );
  });

  it("is broken by a cluster that answers wrongly, or by settings that are wrong, whatever is said of one that does not answer", () => {
    const unreachable = (code: string) => isUnreachable(Object.assign(new Error("x"), { code }));
    assert.deepEqual(
      ["connection", "no-hosts", "login", "host-key", "settings", "unknown-cluster", "parse"].filter(unreachable),
      ["connection", "no-hosts"],
    );
  });

  describe("that puts inputs right", () => {
    const remediate = ({ remediateResource }: ResourceValidationPolicy, given: Given, config: object = {}) => {
      const props = unknownCheckingProxy(given.props);
      const [one] = [remediateResource ?? []].flat();
      return one?.({
        type: `pulumi-nodejs:dynamic/seapath:${given.kind}`,
        name: given.name,
        urn: "urn",
        props,
        getConfig: () => config,
      } as unknown as ResourceValidationArgs) as Record<string, unknown> | undefined;
    };

    it("gives the least that is wanted, leaves the rest, and keeps it from then on", async () => {
      const given = vm("a", { pacemaker: { params: { x: "y" }, meta: { other: "1" } }, stopTimeout: 30 });
      const sticky = remediate(vmStickiness, given, { min: 7 });
      assert.deepEqual(sticky?.["pacemaker"], { params: { x: "y" }, meta: { other: "1", "resource-stickiness": "7" } });
      const slow = remediate(vmStopTimeout, given);
      assert.deepEqual([slow?.["stopTimeout"], slow?.["name"]], [90, "a"]);
      assert.deepEqual(await ofResource(vmStickiness, { ...given, props: sticky ?? {} }, { min: 7 }), []);
      assert.equal(remediate(vmStickiness, { ...given, props: sticky ?? {} }, { min: 7 }), undefined);
      assert.equal(remediate(vmStopTimeout, vm("a")), undefined);
    });

    it("keeps secrets what they are", () => {
      class Secret {
        readonly value = "hidden";
      }
      const secret = new Secret();
      const found = remediate(
        vmStickiness,
        vm("a", { metadata: { key: secret }, pacemaker: { params: { password: secret }, meta: { token: secret } } }),
      );
      const { params, meta } = found?.["pacemaker"] as Record<string, Record<string, unknown>>;
      assert.deepEqual(
        [params?.["password"], meta?.["token"]].map((each) => each instanceof Secret),
        [true, true],
      );
      assert.ok((found?.["metadata"] as Record<string, unknown>)["key"] instanceof Secret);
    });

    it("leaves alone what is not known yet, and other kinds", () => {
      assert.equal(remediate(vmStickiness, vm("a", { pacemaker: { meta: UNKNOWN } })), undefined);
      assert.equal(remediate(vmStopTimeout, { kind: "Disk", name: "a", props: {} }), undefined);
    });
  });
});
