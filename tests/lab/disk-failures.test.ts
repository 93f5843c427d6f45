// Data disks when things go wrong: each step of a create fails, runs end half-way, guests do not let go, others interfere.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../provider/dist/transport/index.js";
import { imageMeta, on, qemu, traces, tryOn } from "./support/cluster.ts";
import { clusterOn, FailingRunner, labRunner, type Moment } from "./support/failing.ts";
import { tick, TICK } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { diskKind, PartialCreateError, PlannedRegister, providerOf, vmProvider } =
  require("../../provider/dist/resources/index.js") as typeof import("../../provider/dist/resources/index.js");

type Raw = Record<string, unknown>;
const VM = "dfail";
const image = (index: number, vm = VM) => `data_${vm}_${index}`;
const owner = (name: string, stack = "dev") => `test/${stack}/${name}`;

describe("data disks that meet with trouble", function () {
  this.timeout(120_000);
  let runner: Runner;

  /** A provider as a new run of Pulumi has it: it remembers nothing. */
  const disks = (link: Runner = runner, program = new PlannedRegister()) => {
    const cluster = clusterOn(link);
    const provider = providerOf(diskKind(program), { cluster: () => cluster, say: () => undefined });
    /** Check, then create, as the engine does. */
    const make = async (inputs: Raw): Promise<{ id: string; outs: Raw }> => {
      const { inputs: checked = {}, failures = [] } = await provider.check!({}, inputs);
      assert.deepEqual(failures, []);
      const { id, outs } = await provider.create({ ...checked, __provider: "the stub" });
      return { outs: outs as Raw, id };
    };
    const failures = async (inputs: Raw, olds: Raw = {}) =>
      ((await provider.check!(olds, inputs)).failures ?? []).map(({ property, reason }) => `${property}: ${reason}`);
    return {
      ...provider,
      make,
      failures,
      remove: (state: Raw) => provider.delete!(`data_${String(state["vm"])}_${String(state["index"])}`, state),
    };
  };
  const vms = (planned = new PlannedRegister()) =>
    vmProvider({ cluster: () => clusterOn(runner), say: () => undefined, planned });
  const vm = (more: Raw = {}): Raw => ({ name: VM, owner: "test/dev", ...tick({ preferredHost: "node2", ...more }) });
  const disk = (name: string, more: Raw = {}): Raw => ({ vm: VM, size: "1MiB", owner: owner(name), ...more });
  const failing = (act: Promise<unknown>) =>
    act.then(
      () => assert.fail("it succeeded, and had to fail"),
      (error: unknown) => error as Error,
    );

  const images = async () =>
    (await on("node1", "rbd", "ls"))
      .split("\n")
      .filter((each) => /_dfail(_|$)/.test(each) && !each.startsWith("system_"))
      .sort();
  const elements = async () =>
    [...(await imageMeta(VM, "xml")).matchAll(/name="rbd\/(data_[^"]*)"/g)].map((match) => match[1]);
  const live = async () =>
    [...(await on("node2", "virsh", "domblklist", VM)).matchAll(/rbd\/(data_\S+)/g)].map((match) => match[1]).sort();
  const count = async () =>
    (await tryOn("node1", "rbd", "image-meta", "get", `system_${VM}`, "_additional_disks")).text.replace(
      /.*rbd: .*/s,
      "",
    );
  const nothing = async () =>
    assert.deepEqual([await images(), await elements(), await live(), await count()], [[], [], [], ""]);
  /** Takes all disks away as the power button would: the guest has no system that lets go of them. */
  const clean = async () => {
    await vms().delete!(VM, vm());
    for (const each of await images()) await on("node1", "rbd", "rm", "--no-progress", each);
    await vms().create(vm());
  };

  before(async () => {
    runner = labRunner();
    await clean();
  });
  after(async () => {
    await vms().delete!(VM, vm());
    for (const each of await images()) await on("node1", "rbd", "rm", "--no-progress", each);
    runner.close();
    assert.deepEqual(await traces(VM), []);
  });

  it("a create has the steps that it is known to have", async () => {
    const whole = new FailingRunner(runner, 0, "before");
    await disks(whole).make(disk("one", { source: { nodePath: TICK }, bus: "scsi" }));
    assert.deepEqual(whole.asked, [
      "the storage program",
      `qemu-img convert to ${image(0)}`,
      "the storage program",
      "the storage program",
      "the devices program",
    ]);
    assert.deepEqual(
      [await images(), await elements(), await live(), await count()],
      [[image(0)], [image(0)], [image(0)], "1"],
    );
    await disks().remove({ ...disk("one"), index: 0 });
    await nothing();
  });

  for (const moment of ["before", "after"] as Moment[]) {
    for (let at = 1; at <= 5; at++) {
      // Tried: a step of making a data disk fails, or its answer is lost → all is undone, in the guest too; the error names the step
      it(`a create leaves nothing when call ${at} breaks ${moment} it was done`, async () => {
        const error = await failing(
          disks(new FailingRunner(runner, at, moment)).make(disk("one", { source: { nodePath: TICK }, bus: "scsi" })),
        );
        assert.match(error.message, /^Unable to create disk "data_dfail_0" on node\d: .*the link broke/s);
        assert.ok(!(error instanceof PartialCreateError), error.message);
        await nothing();
      });
    }
  }

  const nexts: Record<number, ("update" | "create" | "delete")[]> = {
    2: ["update", "delete"],
    3: ["create"],
    4: ["create", "delete"],
    5: ["update"],
  };
  for (const [at, after] of Object.entries(nexts)) {
    // Tried: the undo of a data disk cannot end either → it is in the state with what is left, or found by its owner; `up` heals, `destroy` removes
    it(`a create is recorded with what is left when call ${at} and its undo fail; the next up heals it, or a destroy cleans up`, async () => {
      for (const next of after) {
        const inputs = disk("one", { source: { nodePath: TICK }, bus: "scsi" });
        const error = (await failing(
          disks(new FailingRunner(runner, Number(at), "for good")).make(inputs),
        )) as InstanceType<typeof PartialCreateError>;
        assert.ok(error instanceof PartialCreateError, String(error));
        assert.deepEqual([error.id, error.properties["__provider"]], [image(0), "the stub"]);
        assert.match(
          error.reasons.join(),
          /Left behind: .*`pulumi up` heals what was left, `pulumi destroy` removes it/s,
        );
        const again = disks();
        if (next === "update") await again.update!(image(0), error.properties, { ...inputs, index: 0 });
        // The run was killed before it could record anything.
        if (next === "create") assert.equal((await again.make(inputs)).id, image(0));
        if (next !== "delete") {
          assert.deepEqual(
            [await images(), await elements(), await live(), await count()],
            [[image(0)], [image(0)], [image(0)], "1"],
          );
          assert.doesNotMatch(await on("node1", "rbd", "image-meta", "get", image(0), "_seapath_disk"), /filling/);
        }
        await disks().remove(error.properties);
        await nothing();
      }
    });
  }

  // Tried: several disks of a VM are made at once, and another program edits its XML meanwhile → each has its number, no change is lost
  it("several of one VM at once, while another program changes the same XML: none is lost, and no number twice", async () => {
    const program = disks();
    const inputs: Raw[] = [];
    for (const name of ["a", "b", "c"])
      inputs.push((await program.check!({}, disk(name, { bus: "scsi" }))).inputs as Raw); // as the engine does
    assert.deepEqual(
      inputs.map(({ index }) => index),
      [0, 1, 2],
    );
    const running = { other: true };
    const other = (async () => {
      for (let at = 0; running.other; at++) {
        const script = `x=$(rbd image-meta get system_${VM} xml) && rbd image-meta set system_${VM} xml "$(printf '%s\n' "$x" | sed 's|<title>.*</title>||; s|</name>|</name><title>edit ${at}</title>|')"`;
        await on("node1", "sh", "-c", script);
        await new Promise((resolve) => setTimeout(resolve, 700));
      }
    })();
    // The one with the highest number first: it waits for the others.
    const made = await Promise.all([...inputs].reverse().map((each) => program.create(each))).finally(
      () => (running.other = false),
    );
    await other;
    assert.deepEqual(
      made.map(({ id }) => id),
      [image(2), image(1), image(0)],
    );
    assert.deepEqual(
      [await images(), await live(), await count()],
      [[image(0), image(1), image(2)], [image(0), image(1), image(2)], "3"],
    );
    assert.match(await imageMeta(VM, "xml"), /<title>edit \d+<\/title>/);
    // A destroy, in whichever order: nothing waits for what comes later, nothing is left.
    const later = disks();
    for (const index of [1, 0]) await later.remove({ ...disk(index === 1 ? "b" : "a"), index });
    assert.deepEqual([await images(), await live(), await count()], [[image(0), image(1), image(2)], [image(2)], "3"]);
    assert.match(
      await on("node1", "rbd", "info", image(0)),
      /size 4 KiB/,
      "its number is kept, and nothing of its data",
    );
    await later.remove({ ...disk("c"), index: 2 });
    await nothing();
  });

  it("a number among those that stay is not given up: by this program, or by others", async () => {
    const first = disks();
    const { outs: one } = await first.make(disk("one", { bus: "scsi" }));
    const { outs: two } = await first.make(disk("two", { bus: "scsi" }));
    // The next run of a program that has the second one alone.
    const next = disks();
    assert.deepEqual(await next.failures(disk("two", { bus: "scsi" }), two), []);
    assert.match(
      (await failing(next.remove(one))).message,
      /^Unable to delete disk "data_dfail_0" on node\d: index: data_dfail_1 \(test\/dev\/two\) comes after it and stays, and vm-mgr's clone counts/,
    );
    const stranger = disks();
    assert.match(
      (await failing(stranger.remove({ ...one, owner: "test/other/one" }))).message,
      /comes after it and stays/,
    );
    assert.deepEqual([await images(), await live(), await count()], [[image(0), image(1)], [image(0), image(1)], "2"]);
    // Without a program, in a destroy say, those of the same stack go as well.
    const last = disks();
    await Promise.all([last.remove(one), last.remove(two)]);
    await nothing();
  });

  it("what cannot be is refused in the preview, by name", async () => {
    const { outs: made } = await disks().make(disk("one", { bus: "scsi" }));
    const refused = async (inputs: Raw, words: RegExp, olds: Raw = {}) =>
      assert.match((await disks().failures(inputs, olds)).join(), words);
    await refused(disk("two", { vm: "nobody" }), /^vm: VM "nobody" does not exist: it is not on the cluster$/);
    await refused(
      disk("two", { index: 0 }),
      /^index: 0 is taken: VM "dfail" has data_dfail_0, made by test\/dev\/one\. Leave `index` out .*`adopt: true`$/,
    );
    await refused(
      disk("two", { index: 3 }),
      /^index: 3 would leave a gap: VM "dfail" has no data disk 1, 2, and vm-mgr's clone/,
    );
    await refused(
      disk("two", { index: 1, adopt: true, size: undefined }),
      /^adopt: there is no disk data_dfail_1 to adopt/,
    );
    await refused(
      disk("two", { size: undefined, source: { nodePath: "/nowhere.qcow2" } }),
      /^source\.nodePath: \/nowhere\.qcow2: there is no such file/,
    );
    await refused(
      disk("two", { source: { path: "/nowhere.qcow2" } }),
      /^source\.path: could not find file \/nowhere\.qcow2 on this machine/,
    );
    await refused(
      disk("two", { size: "512KiB", source: { nodePath: TICK } }),
      /^size: the source has 1048576 bytes; the disk must not be smaller/,
    );
    await refused(
      disk("two", { source: { image: "data_nobody_0" } }),
      /^source\.image: Ceph has no image "data_nobody_0"/,
    );
    await refused(
      disk("two", { source: { image: "rbd_directory" } }),
      /^source\.image: "rbd_directory" is no disk of a VM/,
    );
    await refused(disk("one", { size: "512KiB" }), /^size: data_dfail_0 has 1048576 bytes and is never made smaller/, {
      ...disk("one"),
      index: 0,
    });
    await disks().remove(made);
  });

  // Tried: a guest does not let go of a disk that is deleted → it keeps it, nothing on it was touched, the error says what to do; with its VM it goes
  it("a guest that does not let go of its disk keeps it, and so does the state; with its VM the disk goes", async () => {
    const first = disks();
    const { outs: made } = await first.make(disk("one", { timeouts: { delete: 6 } }));
    // Without a program, in a destroy: the VM is of the same stack and goes next, its disks with it.
    await disks().remove(made);
    assert.deepEqual([await images(), await elements(), await live()], [[image(0)], [], [image(0)]]);
    assert.equal((await first.read!(image(0), made)).id, "");
    await vms().delete!(VM, vm());
    assert.deepEqual(await traces(VM), []);
    await vms().create(vm({ started: false }));
    await disks().make(disk("cold", { bus: "ide" }));
    await vms().update!(VM, vm({ started: false }), vm());
    await disks().make(disk("one"));
    // A program that has the VM, which stays.
    const program = new PlannedRegister();
    await vms(program).check!({}, vm());
    const cold = await failing(disks(runner, program).remove({ ...disk("cold"), index: 0 }));
    assert.match(
      cold.message,
      /a disk on the bus ide cannot be taken from a guest that runs; it is attached as before/,
    );
    const error = await failing(disks(runner, program).remove({ ...disk("one"), index: 1, timeouts: { delete: 6 } }));
    assert.match(
      error.message,
      /^Unable to delete disk "data_dfail_1" on node\d: the guest: the guest on node2 has not let go of it in 6 s.*; it is attached as before, and nothing on it was touched/,
    );
    assert.match(error.message, /stop the VM \(`started: false`\)/);
    const both = [image(0), image(1)];
    assert.deepEqual([await images(), await elements(), await live(), await count()], [both, both, both, "2"]);
    await clean();
  });

  it("a VM that is changed keeps the elements of its disks, each with its own bus", async () => {
    const { make } = disks();
    await make(disk("one", { bus: "scsi", cache: "none", serial: "first" }));
    await vms().update!(VM, vm(), vm({ systemDisk: { bus: "ide" }, priority: 3 }));
    const xml = await imageMeta(VM, "xml");
    assert.match(xml, /name="rbd\/system_dfail".*dev="hda" bus="ide"/s);
    assert.match(xml, /cache="none".*name="rbd\/data_dfail_0".*dev="sdb" bus="scsi".*<serial>first<\/serial>/s);
    await clean();
  });

  // Tried: a VM is deleted that has a disk with `retain` → its image stays, under a name that is no VM's
  it("a disk that is to be retained outlives its VM, whoever deletes that, and can be filled into another one", async () => {
    const { outs: made } = await disks().make(disk("one", { source: { nodePath: TICK }, retain: true, bus: "scsi" }));
    await vms().delete!(VM, vm());
    assert.deepEqual(await images(), ["retained_dfail_0"]);
    assert.deepEqual(await traces(VM), ["retained_dfail_0"]);
    await disks().remove(made);
    assert.deepEqual(await images(), ["retained_dfail_0"]);
    assert.deepEqual((await disks().read!(image(0), made)).id, "");
    await vms().create(vm());
    await disks().make(disk("one", { size: undefined, source: { image: "retained_dfail_0" }, bus: "scsi" }));
    const sum = (name: string) => on("node1", "sh", "-c", `rbd export ${name} - 2>/dev/null | sha256sum`);
    assert.equal(await sum(image(0)), await sum("retained_dfail_0"));
    await clean();
  });

  it("a disk that vm-mgr made is refused, and adopted as it is", async () => {
    const made = image(0);
    await on("node1", "rbd", "create", "--size", "2M", made);
    await on("node1", "rbd", "group", "image", "add", VM, made);
    await on("node1", "rbd", "image-meta", "set", `system_${VM}`, "_additional_disks", "1");
    assert.match(
      (await disks().failures(disk("one", { index: 0 }))).join(),
      /has data_dfail_0, made by another program/,
    );
    assert.equal((await disks().failures(disk("one"))).length, 0, "the next number is free");
    const { outs } = await disks().make(disk("one", { index: 0, adopt: true, size: undefined, bus: "scsi" }));
    assert.deepEqual([outs["owner"], outs["attached"], outs["restartRequired"]], [owner("one"), true, false]);
    assert.deepEqual([await images(), await elements(), await live(), await count()], [[made], [made], [made], "1"]);
    await disks().remove(outs);
    await nothing();
  });

  // Tried: a guest has no PCI slot for another disk → it gets the disk at its next start, which is said
  it("a disk that the guest has no slot for waits for the next start", async () => {
    const slots = (more: Raw = {}): Raw => ({
      ...vm(),
      name: "dslot",
      domain: { type: "qemu", memory: 4, machine: "q35", firmware: "bios" },
      ...more,
    });
    await vms().create(slots());
    try {
      const { make, read } = disks();
      const first = await make(disk("first", { vm: "dslot" }));
      const second = await make(disk("second", { vm: "dslot" }));
      const seen = ({ outs }: { outs: Raw }) => [outs["attached"], outs["restartRequired"], outs["target"]];
      assert.deepEqual(
        [seen(first), seen(second)],
        [
          [true, false, "vdb"],
          [false, true, "vdc"],
        ],
      );
      assert.equal(
        ((await read!(second.id, second.outs)).inputs as Raw)["drift"],
        undefined,
        "it is as it was said to be",
      );
      await vms().update!("dslot", slots(), slots({ started: false }));
      await vms().update!("dslot", slots({ started: false }), slots());
      assert.match(await on("node2", "virsh", "domblklist", "dslot"), /vdc\s+rbd\/data_dslot_1/);
      const { props } = await disks().read!(second.id, second.outs);
      assert.deepEqual([(props as Raw)["attached"], (props as Raw)["restartRequired"]], [true, false]);
    } finally {
      await vms().delete!("dslot", slots());
    }
    assert.deepEqual(await traces("dslot"), []);
  });

  // Tried: two programs make the same data disk at once → one wins, the other is refused and touches nothing
  it("of two programs that take the same number at once one wins, and the other says so and touches nothing", async () => {
    const checked = await Promise.all(
      ["dev", "prod"].map(async (stack) => {
        const program = disks();
        const { inputs } = await program.check!({}, disk("one", { bus: "scsi", owner: owner("one", stack) }));
        return { program, inputs: inputs as Raw };
      }),
    );
    const both = await Promise.allSettled(checked.map(({ program, inputs }) => program.create(inputs)));
    const lost = both.filter((each) => each.status === "rejected").map(({ reason }) => String(reason));
    assert.equal(lost.length, 1, lost.join("\n"));
    assert.match(lost[0] ?? "", /exists|is taken/);
    assert.deepEqual(
      [await images(), await elements(), await live(), await count()],
      [[image(0)], [image(0)], [image(0)], "1"],
    );
    assert.equal((await qemu(VM)).length, 1);
    await clean();
  });
});
