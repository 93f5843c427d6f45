import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { errors } from "../../cluster/runner.ts";
import {
  checking,
  checkVm,
  full,
  lab,
  type Raw,
  refused,
  typed,
  unknowns,
  vmProvider,
  withDefaults,
  xmlForm,
} from "./vms.ts";

const { UNKNOWN } = unknowns;

describe("what a preview refuses", () => {
  it("is nothing when nothing is wrong", async () => {
    for (const inputs of [typed(), xmlForm(), full()]) assert.deepEqual(await refused(inputs), []);
    assert.deepEqual(await refused(typed({ source: { path: fileURLToPath(import.meta.url) } })), []);
  });

  const of = (domain: Raw) => typed({ domain: { memory: 64, ...domain } });
  const interfaces = (each: Raw) => of({ interfaces: [{ bridge: "br0" }, { bridge: "br0", ...each }] });
  const sentences: [string, Raw, RegExp][] = [
    [
      "a name with other signs",
      typed({ name: "web-01" }),
      /^name: must have letters and digits only, as vm-mgr's names do \(no spaces or special chars\); "web-01" has others$/,
    ],
    ["the name xml", typed({ name: "xml" }), /^name: must not be "xml"/],
    ["a metadata key", typed({ metadata: { "a-b": "x" } }), /^metadata\.a-b: must have letters and digits only/],
    [
      "pinned beside preferred",
      typed({ pinnedHost: "node1", preferredHost: "node1" }),
      /^preferredHost: must not stand beside `pinnedHost`/,
    ],
    [
      "an unknown host",
      typed({ pinnedHost: "nodeX" }),
      /^pinnedHost: "nodeX" is not a valid hypervisor: the cluster has no node/,
    ],
    ["XML that does not parse", xmlForm({ xml: "<domain>\n<a></domain>" }), /^xml: does not parse: line 2/],
    [
      "XML of something else",
      xmlForm({ xml: "<network/>" }),
      /^xml: must be a libvirt <domain>; its root is <network>/,
    ],
    ["empty XML", xmlForm({ xml: "" }), /^xml: must not be empty/],
    [
      "a uuid that is taken",
      xmlForm({ xml: "<domain><uuid>11111111-2222-4333-8444-5555555555aa</uuid></domain>" }),
      /^xml: the uuid .* "fxrun"/,
    ],
    ["a name that is taken", typed({ name: "fxrun" }), /^name: "fxrun" already exists/],
    [
      "an image that is not there",
      typed({ source: { nodePath: "/nowhere" } }),
      /^source\.nodePath: \/nowhere: there is no such file/,
    ],
    [
      "a relative path on the node",
      typed({ source: { nodePath: "a.qcow2" } }),
      /^source\.nodePath: must be an absolute path/,
    ],
    [
      "a local file that is not there",
      typed({ source: { path: "/nowhere.qcow2" } }),
      /^source\.path: could not find file \/nowhere\.qcow2 on this machine/,
    ],
    ["two sources", typed({ source: { path: "/etc/hostname", nodePath: "/a" } }), /^source: must have exactly one of/],
    [
      "snapshots of a file",
      typed({ source: { nodePath: "/a", snapshots: true } }),
      /^source\.snapshots: is for a clone: it needs `vm`$/,
    ],
    [
      "snapshots beside a link",
      typed({ source: { vm: "fxrun", mode: "linked", snapshots: true } }),
      /^source\.snapshots: must not stand beside `mode: "linked"`: a linked clone shares one/,
    ],
    [
      "snapshots in words",
      typed({ source: { vm: "fxrun", snapshots: "all" } }),
      /^source\.snapshots: must be true or false$/,
    ],
    ["no source", typed({ source: undefined }), /^source: is missing/],
    ["neither domain nor xml", typed({ domain: undefined }), /^domain: is missing: give `domain`/],
    ["both", xmlForm({ domain: { memory: 1 } }), /^domain: must not stand beside `xml`/],
    ["a misspelt key", typed({ prefferedHost: "node1" }), /^prefferedHost: is no input of seapath\.Vm/],
    ["a misspelt key of the domain", of({ memroy: 1 }), /^domain\.memroy: is no input/],
    ["a misspelt key of an interface", interfaces({ vlann: 1 }), /^domain\.interfaces\[1\]\.vlann: is no input/],
    ["a missing memory", typed({ domain: {} }), /^domain\.memory: (is missing|must be a whole number)/],
    ["a memory in words", of({ memory: "64" }), /^domain\.memory: must be a whole number \(MiB\)/],
    ["half a CPU", of({ vcpus: 0.5 }), /^domain\.vcpus: must be a whole number/],
    ["no CPU", of({ vcpus: 0 }), /^domain\.vcpus: must be at least 1/],
    ["a firmware", of({ firmware: "uefi" }), /^domain\.firmware: must be "bios" or "efi"/],
    ["a VLAN on a bridge", interfaces({ vlan: 5 }), /^domain\.interfaces\[1\]\.vlan: needs `virtualport/],
    ["a VLAN out of range", interfaces({ virtualport: "openvswitch", vlan: 4095 }), /vlan: must be at most 4094/],
    ["a MAC", interfaces({ mac: "52:54:00" }), /mac: must be a MAC address/],
    ["a multicast MAC", interfaces({ mac: "01:00:5e:00:00:01" }), /mac: must not be a multicast address/],
    ["a size", typed({ systemDisk: { size: "big" } }), /^systemDisk\.size: must be a size such as/],
    [
      "a size that is no whole sectors",
      typed({ systemDisk: { size: 2000000 } }),
      /^systemDisk\.size: must be a multiple of 512 bytes/,
    ],
    ["a bus", typed({ systemDisk: { bus: "nvme" } }), /^systemDisk\.bus: must be virtio/],
    ["started in words", typed({ started: "yes" }), /^started: .*boolean/i],
    ["a negative time", typed({ stopTimeout: -1 }), /^stopTimeout: must be at least 1/],
    ["a user's name", typed({ migrationUser: "a b" }), /^migrationUser: must be the name of a user/],
    [
      "a meta attribute with an input of its own",
      typed({ pacemaker: { meta: { priority: "1" } } }),
      /^pacemaker\.meta\.priority: is set by `priority`/,
    ],
    ["a command of two lines", typed({ crmConfigCommands: ["a\nb"] }), /^crmConfigCommands\[0\]: must be one line/],
  ];
  for (const [name, inputs, says] of sentences) {
    it(`names ${name}, and nothing else`, async () => {
      const found = await refused(inputs);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", says);
    });
  }

  it("names all that is wrong at once", async () => {
    const found = await refused(typed({ name: "a-b", stopTimeout: "x", typo: 1, domain: { memory: 1, machine: "" } }));
    assert.deepEqual(found.map((each) => each.split(":")[0]).sort(), ["domain.machine", "name", "stopTimeout", "typo"]);
  });

  it("asks for what a change needs: the image only where one is to be made", async () => {
    const ask = async (olds: Raw, news: Raw, replaced: string[] = []) => {
      const { cluster, asked } = lab();
      const { failures } = await checkVm(checking(cluster, undefined, replaced), olds, news);
      return { asked: asked(), failures: failures.map((each) => each.property) };
    };
    const running = typed({ name: "fxrun" });
    assert.deepEqual((await ask({}, running)).failures, ["name"]);
    assert.deepEqual(await ask(withDefaults(running), running), { asked: [{}], failures: [] });
    assert.deepEqual((await ask(withDefaults(running), typed({ name: "fxstop" }))).failures, ["name"]);
    const replaced = await ask({}, running, ["fxrun"]);
    assert.deepEqual(
      [replaced.asked, replaced.failures],
      [
        [
          {
            sources: [
              { key: '["node","/var/lib/seapath/images/tick.qcow2",""]', path: "/var/lib/seapath/images/tick.qcow2" },
            ],
          },
        ],
        [],
      ],
    );
  });

  it("passes with a warning when the cluster is out of reach, and fails on any other error", async () => {
    const warnings: string[] = [];
    const away = new errors.ConnectionError("node1", "no route", { beforeSend: true, hint: "Look at the cable." });
    const checked = await checkVm(
      checking(lab(away).cluster, (text) => warnings.push(text)),
      {},
      typed(),
    );
    assert.deepEqual(checked, { inputs: withDefaults(typed()), failures: [] });
    assert.match(
      warnings.join(),
      /VM "web01": its hosts, name and image were not checked: no route.*Look at the cable/,
    );
    const closed = new errors.LoginRefused("node1", "the login was refused", { beforeSend: true });
    await assert.rejects(checkVm(checking(lab(closed).cluster), {}, typed()), errors.LoginRefused);
    assert.equal(warnings.length, 1);
    const key = new errors.HostKeyError("node1", "another key", "hint");
    await assert.rejects(checkVm(checking(lab(key).cluster), {}, typed()), errors.HostKeyError);
  });

  it("is a domain that libvirt does not take, in its words, where it is another one than before", async () => {
    const words = "unsupported configuration: Emulator does not support machine type 'q53'";
    const { cluster } = lab(undefined, (xml) => (xml.includes("q53") ? words : undefined));
    const said = async (news: Raw, olds: Raw = {}) =>
      (await checkVm(checking(cluster), olds, news)).failures.map(({ property, reason }) => `${property}: ${reason}`);
    assert.deepEqual(await said(typed()), []);
    const domain = { ...(typed()["domain"] as Raw), machine: "q53" };
    assert.deepEqual(await said(typed({ domain })), [`domain.machine: libvirt on node1 does not take "q53": ${words}`]);
    assert.deepEqual(await said(xmlForm({ xml: "<domain><os><type machine='q53'>hvm</type></os></domain>" })), [
      `xml: is no domain that libvirt on node1 takes: ${words}`,
    ]);
    const running = typed({ name: "fxrun", domain });
    assert.deepEqual(
      await said({ ...running, priority: 9 }, withDefaults(running)),
      [],
      "what is stored already is not asked about",
    );
  });

  describe("of a domain that libvirt does not take is", () => {
    const MACHINES = {
      pc: "pc-i440fx-7.2",
      q35: "pc-q35-7.2",
      microvm: null,
      "pc-q35-2.10": null,
      "pc-q35-2.9": null,
      "pc-q35-7.2": null,
      "pc-i440fx-rhel7.6.0": null,
    };
    const HAS = "it has pc (pc-i440fx-7.2), q35 (pc-q35-7.2), microvm, pc-i440fx-rhel7.6.0, pc-q35-2.9 to pc-q35-7.2";
    const said = async (takes: (xml: string) => string | undefined, news: Raw) => {
      const { cluster } = lab(undefined, takes, undefined, MACHINES);
      return (await checkVm(checking(cluster), {}, news)).failures.map(
        ({ property, reason }) => `${property}: ${reason}`,
      );
    };
    const of = (domain: Raw, more: Raw = {}) => typed({ domain: { memory: 64, ...domain }, ...more });
    // As libvirt 9: what it says of a machine is nothing of the kind.
    const noPci = (xml: string) =>
      /machine="(q53|microvm)"/.test(xml) ? "XML error: No PCI buses available" : undefined;
    const words = "unsupported configuration: no";
    const when = (pattern: RegExp) => (xml: string) => (pattern.test(xml) ? words : undefined);

    const cases: [string, (xml: string) => string | undefined, Raw, string[]][] = [
      [
        "the machine that QEMU does not have, with those that it has",
        noPci,
        of({ machine: "q53" }),
        [`domain.machine: QEMU on node1 has no machine "q53"; ${HAS}`],
      ],
      [
        "a machine that QEMU has, and libvirt does not take",
        noPci,
        of({ machine: "microvm" }),
        ['domain.machine: libvirt on node1 does not take "microvm": XML error: No PCI buses available'],
      ],
      [
        "the machine within an XML",
        noPci,
        xmlForm({ xml: '<domain><os><type machine="q53">hvm</type></os></domain>' }),
        [`xml: QEMU on node1 has no machine "q53"; ${HAS}`],
      ],
      [
        "nothing of the machines of another QEMU than libvirt's own",
        noPci,
        xmlForm({
          xml: '<domain><os><type machine="q53">hvm</type></os><devices><emulator>/opt/qemu</emulator></devices></domain>',
        }),
        ["xml: is no domain that libvirt on node1 takes: XML error: No PCI buses available"],
      ],
      [
        "the CPUs",
        when(/<vcpu>600</),
        of({ vcpus: 600 }),
        [`domain.vcpus: libvirt on node1 does not take 600: ${words}`],
      ],
      [
        "the type",
        when(/type="kvm"/),
        of({ type: "kvm" }),
        [`domain.type: libvirt on node1 does not take "kvm": ${words}`],
      ],
      [
        "the firmware",
        when(/firmware="efi"/),
        of({ firmware: "efi" }),
        [`domain.firmware: libvirt on node1 does not take "efi": ${words}`],
      ],
      [
        "the one interface",
        when(/type="nonesuch"/),
        of({ interfaces: [{ bridge: "br0" }, { bridge: "br0", model: "nonesuch" }] }),
        [`domain.interfaces[1]: libvirt on node1 does not take it: ${words}`],
      ],
      [
        "the bus of the disks",
        when(/bus="ide"/),
        of({}, { systemDisk: { bus: "ide" } }),
        [`systemDisk.bus: libvirt on node1 does not take "ide": ${words}`],
      ],
      [
        "the bus of the disks of an XML",
        when(/bus="ide"/),
        xmlForm({ systemDisk: { bus: "ide" } }),
        [`systemDisk.bus: libvirt on node1 does not take "ide": ${words}`],
      ],
      [
        "two inputs, each by itself",
        (xml) => noPci(xml) ?? when(/<vcpu>600</)(xml),
        of({ machine: "q53", vcpus: 600 }),
        [
          `domain.vcpus: libvirt on node1 does not take 600: ${words}`,
          `domain.machine: QEMU on node1 has no machine "q53"; ${HAS}`,
        ],
      ],
      [
        "one of two that do not go together",
        when(/<vcpu>270<.*machine="pc"/s),
        of({ machine: "pc", vcpus: 270 }),
        [`domain.vcpus: libvirt on node1 does not take 270: ${words}`],
      ],
      [
        "all of it, where no input by itself is",
        when(/<memory/),
        of({}),
        [`domain: is no domain that libvirt on node1 takes: ${words}`],
      ],
    ];
    for (const [what, takes, news, expected] of cases) {
      it(`named ${what}`, async () => assert.deepEqual(await said(takes, news), expected));
    }
  });

  // Tried: a password in an `xml` that is refused → neither our reason nor libvirt's words have it
  it("never quotes what looks like a secret: of an XML that is refused, of metadata, of parameters", async () => {
    const secret = "hunter2hunter2";
    const graphics = (text: string) =>
      xmlForm({ xml: `<domain><devices><graphics type="vnc" passwd=${text}/></devices></domain>` });
    for (const broken of [
      `'it's ${secret}'`,
      `"${secret}`,
      secret,
      `"${secret}" ${secret}`,
      `"a" passwd="${secret}"`,
    ]) {
      const said = (await refused(graphics(broken))).join();
      assert.match(said, /^xml: does not parse: line 1: /, broken);
      assert.ok(!said.includes(secret), said);
    }
    const { cluster } = lab(undefined, () => `unsupported configuration: '${secret}' is too long a password`);
    const said = async (news: Raw) => {
      const { failures = [] } = await vmProvider({ cluster, say: () => undefined }).check!({}, news);
      return failures.map(({ property, reason }) => `${property}: ${reason}`).join();
    };
    assert.equal(
      await said(graphics(`"${secret}"`)),
      "xml: is no domain that libvirt on node1 takes: unsupported configuration: '[secret]' is too long a password",
    );
    const path = "token-0123456789";
    assert.match(
      await said(typed({ metadata: { apiToken: path }, pinnedHost: path })),
      /^pinnedHost: "\[secret\]" is not a valid hypervisor/,
    );
  });

  it("is a name, a MAC or a uuid that two VMs of the program have, and a MAC that the cluster has", async () => {
    const { cluster } = lab();
    const context = checking(cluster);
    const said = async (news: Raw, olds: Raw = {}) =>
      (await checkVm(context, olds, news)).failures.map(({ property, reason }) => `${property}: ${reason}`);
    const net = (mac: string) => ({ domain: { ...(typed()["domain"] as Raw), interfaces: [{ bridge: "br0", mac }] } });
    assert.deepEqual(await said(typed({ name: "one", ...net("52:54:00:00:00:01") })), []);
    assert.deepEqual(await said(typed({ name: "two", ...net("52:54:00:00:00:01") })), [
      'domain.interfaces[0].mac: the MAC address 52:54:00:00:00:01 is also that of VM "one" of this program; give one of them another',
    ]);
    assert.match(
      (await said(typed({ name: "one", ...net("52:54:00:00:00:02") }))).join(),
      /^name: VM "one" belongs to another resource of this program/,
    );
    const xml = (uuid: string) => xmlForm({ xml: `<domain><uuid>${uuid}</uuid></domain>` });
    assert.deepEqual(await said({ ...xml("6a1d5b1e-0000-4000-8000-00000000beef"), name: "three" }), []);
    assert.match(
      (await said({ ...xml("6a1d5b1e-0000-4000-8000-00000000beef"), name: "four" })).join(),
      /^xml: the uuid 6a1d5b1e-\S+ is also that of VM "three" of this program/,
    );
    assert.match((await refused(typed(net("52:54:00:00:00:0")))).join(), /mac/);
  });

  it("is asked once more of a VM that is replaced, which is no second one", async () => {
    const provider = vmProvider({ cluster: lab().cluster, say: () => undefined });
    const olds = withDefaults(typed({ name: "fxstop" }));
    const news = withDefaults(typed({ name: "renamed" }));
    assert.deepEqual((await provider.check!(olds, news)).failures ?? [], []);
    assert.deepEqual((await provider.diff!("fxstop", olds, news)).replaces, ["name"]);
    assert.deepEqual((await provider.check!({}, news)).failures ?? [], []);
    assert.match(
      ((await provider.check!({}, news)).failures ?? []).map(({ reason }) => reason).join(),
      /belongs to another resource/,
    );
  });

  it("is asked once more of a VM that `replaceOnChanges` makes anew, which is no second one; another resource's is", async () => {
    const provider = vmProvider({ cluster: lab().cluster, say: () => undefined });
    const reasons = async (olds: Raw, news: Raw) =>
      ((await provider.check!(olds, news)).failures ?? []).map(({ reason }) => reason).join();
    const olds = { ...withDefaults(typed({ name: "fxstop", owner: "p/s" })), __resource: "web" };
    const news = { ...typed({ name: "fxstop", owner: "p/s", priority: 9 }), __resource: "web" };
    assert.equal(await reasons(olds, news), "");
    assert.deepEqual(await provider.diff!("fxstop", olds, news), { replaces: [], deleteBeforeReplace: true });
    assert.equal(await reasons({}, news), "");
    assert.match(await reasons({}, { ...news, __resource: "other" }), /belongs to another resource/);
  });

  it("knows by its logical name whose it is, which is no input and stays in the state", async () => {
    const provider = vmProvider({ cluster: lab().cluster, say: () => undefined });
    const { inputs, failures = [] } = await provider.check!({}, { ...typed(), __resource: "web" });
    assert.deepEqual([(inputs as Raw)["__resource"], failures], ["web", []]);
    assert.equal("__resource" in withDefaults(inputs as Raw), false);
  });

  it("is a name that is no id for Pacemaker, live migration of a device of the node, and XML that was not read as what it is", async () => {
    assert.match(
      (await refused(typed({ name: "1st" }))).join(),
      /^name: must begin with a letter: "1st" is no id that Pacemaker takes/,
    );
    assert.deepEqual(await refused(typed({ name: "1st", enabled: false })), []);
    const device = (type: string, more = "") =>
      xmlForm({
        liveMigration: true,
        xml: `<domain><devices><hostdev mode="subsystem" type="${type}">${more}</hostdev></devices></domain>`,
      });
    assert.match(
      (await refused(device("pci"))).join(),
      /^liveMigration: must not be true for a VM with a device of its node \(<hostdev type="pci">\)/,
    );
    for (const inputs of [
      device("usb"),
      device("pci", '<teaming type="transient"/>'),
      { ...device("pci"), liveMigration: false },
    ])
      assert.deepEqual(await refused(inputs), []);
    assert.match(
      (await refused(xmlForm({ xml: "<domain><title>Umspannwerk S\uFFFDd</title></domain>" }))).join(),
      /^xml: was not read in its own encoding/,
    );
  });

  it("does not ask a cluster what the inputs alone show to be wrong", async () => {
    const { cluster, asked } = lab();
    await checkVm(checking(cluster), {}, typed({ name: "a-b" }));
    assert.deepEqual(asked(), []);
  });
});

describe("a preview of what is not known yet", () => {
  /** The inputs with each part in turn unknown. */
  function* eachUnknown(value: unknown, path = ""): Generator<[string, unknown]> {
    if (path !== "") yield [path, UNKNOWN];
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
      for (const [at, part] of eachUnknown((value as Raw)[key], `${path}/${key}`)) {
        yield [
          at,
          Array.isArray(value)
            ? value.map((each, index) => (String(index) === key ? part : (each as unknown)))
            : { ...value, [key]: part },
        ];
      }
    }
  }

  for (const [path, inputs] of [...eachUnknown(full()), ...eachUnknown(xmlForm())]) {
    it(`passes when ${path} is unknown`, async () => assert.deepEqual(await refused(inputs as Raw), []));
  }

  it("still names what is wrong beside it", async () => {
    assert.match((await refused(typed({ preferredHost: UNKNOWN, stopTimeout: "x" }))).join(), /^stopTimeout/);
    assert.match(
      (await refused(typed({ source: { nodePath: UNKNOWN, typo: 1 } }))).join(),
      /^source\.typo: is no input/,
    );
    assert.match(
      (await refused(typed({ name: UNKNOWN, pinnedHost: "nodeX" }))).join(),
      /^pinnedHost: "nodeX" is not a valid hypervisor/,
    );
  });
});
