// libvirt's check of a domain leaves what is on the node alone: its files are the VM's, or somebody else's.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Runner } from "../../provider/dist/transport/index.js";
import { said } from "../said.ts";
import { nodes, on, traces } from "./support/cluster.ts";
import { clusterOn, labRunner } from "./support/failing.ts";
import { HiddenModules } from "./support/hidden.ts";
import { specOf, tickXml } from "./support/vms.ts";

const require = createRequire(import.meta.url);
const { createVm, removeVm, importDomain, updateVm } =
  require("../../provider/dist/vmmgr/index.js") as typeof import("../../provider/dist/vmmgr/index.js");
const { Cluster, NotTaken } =
  require("../../provider/dist/cluster/index.js") as typeof import("../../provider/dist/cluster/index.js");

const VM = "efivars";
const NVRAM = "/var/lib/libvirt/qemu/nvram/efivars_VARS.fd";
const LOADER = "/var/lib/seapath/images/efivars-loader.fd";
const OTHERS = "/var/lib/seapath/images/efivars-somebodys";
const TPM = "/var/lib/seapath/images/efivars-tpm";

const efi = (nvram: string, more = "") =>
  tickXml(more).replace("hvm</type>", `hvm</type><loader readonly="yes" type="pflash">${LOADER}</loader>${nvram}`);
const specWith = (xml: string) => {
  const { domain: _domain, ...spec } = specOf(VM);
  return { ...spec, xml, enabled: false };
};

describe("libvirt's check of a domain", function () {
  this.timeout(240_000);
  let library: Runner;
  let commands: Runner;
  const files = async () =>
    Object.fromEntries(
      await Promise.all(
        nodes().map(async (node) => [
          node,
          await on(node, "sh", "-c", 'cat "$@"', "sh", NVRAM, OTHERS, `${TPM}/tpm2-00.permall`),
        ]),
      ),
    );
  let untouched: Record<string, string>;
  before(async () => {
    library = labRunner();
    commands = new HiddenModules(library);
    for (const node of nodes()) {
      await on(node, "mkdir", "-p", TPM, "/var/lib/libvirt/qemu/nvram");
      for (const file of [NVRAM, LOADER, OTHERS, `${TPM}/tpm2-00.permall`])
        await on(node, "sh", "-c", 'printf "%s of %s\n" "$2" "$1" > "$2"', "sh", node, file);
    }
    untouched = await files();
  });
  after(async () => {
    for (const node of nodes()) await on(node, "rm", "-rf", NVRAM, LOADER, OTHERS, TPM);
    library.close();
  });
  afterEach(async () => assert.deepEqual(await files(), untouched));

  for (const by of ["library", "commands"] as const) {
    // Tried: an XML from `virsh dumpxml` of an EFI guest names its file of variables → no create, update, adopt or delete touches it
    it(`leaves the variables of an EFI guest, and any other file that its XML names, through a VM's life (by ${by})`, async () => {
      const context = { cluster: clusterOn(by === "library" ? library : commands) };
      try {
        for (const nvram of [NVRAM, OTHERS].map((path) => `<nvram template="${OTHERS}">${path}</nvram>`)) {
          await createVm(context, specWith(efi(nvram)));
          assert.deepEqual(await files(), untouched);
          await updateVm(context, {
            ...specWith(efi(nvram, '<rng model="virtio"><backend model="random">/dev/urandom</backend></rng>')),
            adopt: true,
          });
          assert.deepEqual(await files(), untouched);
          assert.match(
            await on("node1", "rbd", "image-meta", "get", `system_${VM}`, "xml"),
            new RegExp(`<nvram template="${OTHERS}">`),
          );
          await removeVm(context, VM);
        }
      } finally {
        await removeVm(context, VM).catch(() => undefined);
      }
      assert.deepEqual(await traces(VM), []);
    });

    // Tried: a machine that QEMU does not have → refused, and the node says which it has
    it(`says which machines QEMU has when it takes none of that name (by ${by})`, async () => {
      const runner = by === "library" ? library : commands;
      const probe = (machine: string) =>
        tickXml()
          .replace('<domain type="qemu">', '<domain type="qemu"><name>seapath-check-machine</name>')
          .replace('machine="pc"', `machine="${machine}"`);
      assert.deepEqual(await new Cluster(runner).validate(probe("pc")), []);
      await assert.rejects(new Cluster(runner).validate(probe("q53")), (error: Error) => {
        said(error);
        assert.ok(error instanceof NotTaken);
        const { q35, pc } = error.machines?.["x86_64"] ?? {};
        assert.match(`${q35} ${pc}`, /^pc-q35-[\d.]+ pc-i440fx-[\d.]+$/);
        return true;
      });
      for (const node of nodes())
        assert.doesNotMatch(await on(node, "virsh", "list", "--all", "--name"), /seapath-check/);
    });

    // A caller of the node program that has not taken them out is refused there, and so is one that names a real domain.
    it(`is not begun with a file that would go with the domain, nor for a domain that is somebody's (by ${by})`, async () => {
      const runner = by === "library" ? library : commands;
      const named = (name: string, xml: string) =>
        xml.replace('<domain type="qemu">', `<domain type="qemu"><name>${name}</name>`);
      await assert.rejects(
        new Cluster(runner).validate(named("seapath-check-1", efi(`<nvram>${OTHERS}</nvram>`))),
        /must not hold os\/nvram/,
      );
      await assert.rejects(
        new Cluster(runner).validate(
          named(
            "seapath-check-1",
            tickXml(
              `<tpm model="tpm-crb"><backend type="emulator" version="2.0"><source type="dir" path="${TPM}"/></backend></tpm>`,
            ),
          ),
        ),
        /must not hold devices\/tpm\/backend\/source/,
      );
      await assert.rejects(new Cluster(runner).validate(named("efivars", tickXml())), /must have a name of its own/);
      assert.deepEqual(await traces("efivars"), []);
    });
  }

  describe("taking in a VM of libvirt's", () => {
    const OLD = "efivars-old";
    const DISK = "/var/lib/seapath/images/efivars-old.raw";
    const define = async (made: (more: string) => string) => {
      const xml = made(
        `<disk type="file" device="disk"><driver name="qemu" type="raw"/><source file="${DISK}"/><target dev="vda" bus="virtio"/></disk>`,
      );
      await on(
        "node1",
        "sh",
        "-c",
        'printf %s "$1" > /tmp/efivars-old.xml && virsh define /tmp/efivars-old.xml',
        "sh",
        xml.replace('<domain type="qemu">', `<domain type="qemu"><name>${OLD}</name>`),
      );
    };
    const uuidOf = () => on("node1", "virsh", "domuuid", OLD);
    before(() => on("node1", "qemu-img", "convert", "-O", "raw", "/var/lib/seapath/images/tick.qcow2", DISK));
    afterEach(async () => {
      await on("node1", "sh", "-c", `virsh managedsave-remove ${OLD}; virsh undefine --keep-nvram ${OLD}; true`);
      await removeVm({ cluster: clusterOn(library) }, VM).catch(() => undefined);
    });
    after(() =>
      on("node1", "sh", "-c", `rm -f ${DISK} /tmp/efivars-old.xml /var/lib/pulumi-seapath/set-aside/${OLD}.*`),
    );

    const take = () => {
      const { domain: _domain, ...spec } = specOf(VM);
      return importDomain({ cluster: clusterOn(library) }, OLD, {
        ...spec,
        xml: efi(`<nvram>${NVRAM}</nvram>`),
        source: { nodePath: DISK },
        enabled: false,
      });
    };

    it("keeps the variables of its firmware, and each definition that was set aside", async () => {
      const kept: string[] = [];
      for (let round = 0; round < 2; round++) {
        await define((more) => efi(`<nvram>${NVRAM}</nvram>`, more));
        kept.push(await uuidOf());
        await take();
        await removeVm({ cluster: clusterOn(library) }, VM);
        assert.deepEqual(await files(), untouched);
      }
      for (const uuid of kept)
        assert.match(
          await on("node1", "cat", `/var/lib/pulumi-seapath/set-aside/${OLD}.${uuid}.xml`),
          new RegExp(`<uuid>${uuid}</uuid>`),
        );
    });

    // Tried: a libvirt VM that has a saved state is taken in → refused before anything is done, and the state stays
    it("is refused while libvirt keeps a saved state of it, which stays", async () => {
      await define(tickXml);
      await on("node1", "virsh", "start", OLD);
      await on("node1", "virsh", "managedsave", OLD);
      const failure = await take().then(
        () => undefined,
        (error: unknown) => error as Error,
      );
      said(failure);
      assert.match(
        String(failure),
        /Unable to take in VM "efivars-old" on node1: its domain: libvirt keeps a saved state of it/,
      );
      assert.match(await on("node1", "virsh", "list", "--all", "--with-managed-save", "--name"), /^efivars-old$/m);
    });
  });
});
