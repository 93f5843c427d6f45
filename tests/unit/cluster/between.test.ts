// The ways from node to node: root, libvirtadmin, and else a link of ours to the node itself.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hostname, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Command, NodeAnswer } from "../../../provider/dist/transport/types.js";
import { cluster } from "./fixtures.ts";
import { LocalRunner } from "./local.ts";
import { errors, requestOf, ScriptedRunner } from "./runner.ts";

const { programSource } = createRequire(import.meta.url)(
  "../../../provider/dist/cluster/program.js",
) as typeof import("../../../provider/dist/cluster/program.js");
const { changeDevice, destroyDomain, growDisk, makeSnapshot, openWay, ProgramError, readDomains } = cluster;
type ProgramFailure = InstanceType<typeof ProgramError>;

const at = { domain: "web01", node: "node2", asked: "node1", user: "root" };
const CLOSED = {
  error: { kind: "closed", message: "qemu+ssh://root@node2/system: failed to connect: Permission denied" },
};
type Answer = (request: Record<string, unknown>) => unknown;

/** A link whose other nodes let nobody in. @param between what the node that is asked answers @param own what a node answers of itself */
class Closed extends ScriptedRunner {
  readonly byLink: Record<string, unknown>[] = [];
  readonly #own: (node: string, request: Record<string, unknown>) => unknown;
  readonly #nodes: readonly string[];
  constructor(
    between: Record<string, Answer>,
    own: (node: string, request: Record<string, unknown>) => unknown,
    nodes = ["node1", "node2", "node3"],
  ) {
    super(between as Record<string, (request: unknown) => unknown>);
    this.#own = own;
    this.#nodes = nodes;
  }
  runOnEach(command: Command): Promise<NodeAnswer[]> {
    const request = requestOf(command) as Record<string, unknown>;
    this.byLink.push(request);
    return Promise.resolve(
      this.#nodes.map((node): NodeAnswer => {
        const answer = request["only"] === node ? this.#own(node, request) : { ok: "elsewhere" };
        if (answer instanceof Error) return { address: node, error: answer };
        return { address: node, result: { node, exitCode: 0, stdout: JSON.stringify(answer), stderr: "" } };
      }),
    );
  }
}

describe("a node that lets no other one in", () => {
  const closed = (program: string, own: (request: Record<string, unknown>) => unknown, nodes?: string[]) =>
    new Closed({ [`the ${program} program`]: () => CLOSED }, (_node, request) => own(request), nodes);

  it("has its devices changed, its disks grown and its guests ended by a link of ours, at its own libvirt", async () => {
    for (const [program, act] of [
      ["devices", (runner: Closed) => changeDevice(runner, at, "attach", "<disk/>")],
      ["devices", (runner: Closed) => growDisk(runner, at, "vda", 7)],
      ["domains", (runner: Closed) => destroyDomain(runner, "web01", at)],
    ] as const) {
      const runner = closed(program, () => ({ ok: null }));
      await act(runner);
      assert.equal(runner.asked.length, 1, "as the users of the nodes first");
      assert.deepEqual((requestOf(runner.asked[0]!) as { uris: string[] }).uris, [
        "qemu+ssh://root@node2/system?no_tty=1",
        "qemu+ssh://libvirtadmin@node2/system?no_tty=1",
      ]);
      assert.deepEqual(
        runner.byLink.map(({ only, uris }) => [only, uris]),
        [["node2", ["qemu:///system"]]],
      );
    }
  });

  it("says itself what it refuses; what may have been done is not taken for undone", async () => {
    const refusal = closed("devices", () => ({ error: { kind: "exists", message: "target vdb already exists" } }));
    await assert.rejects(
      changeDevice(refusal, at, "attach", "<disk/>"),
      (error: ProgramFailure) => error.kind === "exists",
    );
    const cut = closed("devices", () => new errors.ConnectionError("node2", "the link broke", { beforeSend: false }));
    await assert.rejects(changeDevice(cut, at, "attach", "<disk/>"), errors.ConnectionError);
    for (const away of [
      closed("devices", () => ({ ok: null }), ["node1", "node3"]),
      closed("devices", () => new errors.ConnectionError("node2", "no route", { beforeSend: true })),
    ]) {
      await assert.rejects(
        changeDevice(away, at, "attach", "<disk/>"),
        (error: ProgramFailure) => error.kind === "closed" && /Permission denied/.test(error.message),
      );
    }
  });

  it("is not asked by a link of ours after any other failure", async () => {
    const runner = new Closed(
      { "the devices program": () => ({ error: { kind: "libvirtError", message: "Permission denied" } }) },
      () => assert.fail("it was asked"),
    );
    await assert.rejects(changeDevice(runner, at, "attach", "<disk/>"), ProgramError);
    assert.deepEqual(runner.byLink, []);
  });

  it("is read by its own link, and each other one as before", async () => {
    const runner = new Closed({ "the devices program": () => ({ ok: [{ ok: "<domain id='1'/>" }, CLOSED] }) }, () => ({
      ok: [{ ok: "<domain id='2'/>" }],
    }));
    assert.deepEqual(await readDomains(runner, [{ ...at, domain: "web00", node: "node3" }, at]), [
      "<domain id='1'/>",
      "<domain id='2'/>",
    ]);
    const nobody = new Closed({ "the devices program": () => ({ ok: [CLOSED] }) }, () => ({ ok: [] }), ["node1"]);
    assert.equal(((await readDomains(nobody, [at]))[0] as ProgramFailure).kind, "closed");
  });

  it("has a guest frozen where it runs, and is snapshotted without a freeze where no link goes there", async () => {
    const request = {
      vm: "web01",
      name: "a",
      owner: "",
      protect: false,
      quiesce: "auto" as const,
      guest: { node: "node2", user: "root", seconds: 1 },
    };
    const between: Record<string, unknown>[] = [];
    const answer = (asked: Record<string, unknown>) => (
      between.push(asked),
      asked["ownLink"] === true ? CLOSED : { ok: null }
    );
    const runner = new Closed({ "the snapshots program": answer }, () => ({ ok: null }));
    await makeSnapshot(runner, request);
    assert.deepEqual(
      [between.splice(0).length, runner.byLink.map(({ only, action, ownLink }) => [only, action, ownLink])],
      [1, [["node2", "create", undefined]]],
    );
    await makeSnapshot(new Closed({ "the snapshots program": answer }, () => ({ ok: null }), ["node1"]), request);
    assert.deepEqual(
      between.map((asked) => asked["ownLink"]),
      [true, undefined],
    );
  });

  it("has no way for a console, which is then opened as before", async () => {
    assert.equal(
      await openWay(
        closed("devices", () => assert.fail("it was asked")),
        at,
      ),
      undefined,
    );
    assert.equal(
      await openWay(
        new ScriptedRunner({ "the devices program": () => ({ ok: "qemu+ssh://root@node2/system?no_tty=1" }) }),
        at,
      ),
      "qemu+ssh://root@node2/system?no_tty=1",
    );
  });
});

describe("the node programs between nodes", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "seapath-between-"));
    mkdirSync(join(folder, "bin"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const log = () => readFileSync(join(folder, "log"), "utf8").trim().split("\n");
  /** Stands in for a tool: notes what it was called with, and then does as the script says. */
  function tool(name: string, script: string) {
    writeFileSync(join(folder, "bin", name), `#!/bin/sh\necho "$*" >>${join(folder, "log")}\n${script}\n`);
    chmodSync(join(folder, "bin", name), 0o755);
  }
  const runner = () =>
    new LocalRunner({ ...process.env, PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"]}` });
  const REFUSED =
    "echo 'error: failed to connect to the hypervisor' >&2; echo 'error: Cannot recv data: Permission denied (publickey).: Connection reset by peer' >&2; exit 1";
  const words = (line: string) =>
    line
      .replace(/^--quiet --connect /, "")
      .split(" ")
      .slice(0, 2)
      .join(" ");

  it("go as root, else as libvirtadmin, and say that it is closed when neither is let in", async () => {
    tool("virsh", `case "$*" in *libvirtadmin@*) exit 0;; esac\n${REFUSED}`);
    await growDisk(runner(), { ...at, user: "root" }, "vda", 7);
    assert.deepEqual(log().map(words), [
      "qemu+ssh://root@node2/system?no_tty=1 blockresize",
      "qemu+ssh://libvirtadmin@node2/system?no_tty=1 blockresize",
    ]);
    tool("virsh", REFUSED);
    await assert.rejects(
      growDisk(runner(), { ...at, user: "ops" }, "vda", 7),
      (error: ProgramFailure) =>
        error.kind === "closed" && /ops@node2.*root@node2.*libvirtadmin@node2/s.test(error.message),
    );
    await assert.rejects(destroyDomain(runner(), "web01", at), (error: ProgramFailure) => error.kind === "closed");
  });

  it("do not try twice what was refused for another reason", async () => {
    tool("virsh", "echo \"error: internal error: Could not open 'rbd:x': Permission denied\" >&2; exit 1");
    await assert.rejects(
      changeDevice(runner(), at, "attach", "<disk/>"),
      (error: ProgramFailure) => error.kind === "libvirtError",
    );
    tool("virsh", "echo 'error: failed to connect to the hypervisor' >&2; echo 'error: No route to host' >&2; exit 1");
    await assert.rejects(growDisk(runner(), at, "vda", 7), (error: ProgramFailure) => error.kind === "libvirtError");
    assert.equal(log().length, 2);
  });

  it("do nothing for a node that they are not on", async () => {
    tool("virsh", "exit 0");
    const asked = async (only: string) =>
      (
        await runner().run({
          argv: ["python3", "-"],
          stdin: `${programSource("devices")}\n\nmain("${Buffer.from(JSON.stringify({ verb: "resize", domain: "web01", target: "vda", bytes: 7, uris: ["qemu:///system"], only })).toString("base64")}")\n`,
        })
      ).stdout;
    assert.equal(await asked("another"), '{"ok": "elsewhere"}');
    assert.throws(log);
    assert.equal(await asked(hostname()), '{"ok": null}');
    assert.deepEqual(log().map(words), ["qemu:///system blockresize"]);
  });

  it("freeze a guest as whom the other node lets in, and say that it is closed before anything was made", () => {
    tool(
      "ssh",
      `case "$*" in *"-l libvirtadmin"*) echo '{"state": "frozen", "count": 2}'; read -r line; echo '{"state": "thawed", "count": 2, "late": false}'; exit 0;; esac\necho 'root@node2: Permission denied (publickey).' >&2; exit 255`,
    );
    const text = `${programSource("snapshots")}
for user in ("root", "ops"):
    with Quiesced("", "web01", "node2", user, 5) as held:
        seen = [held.frozen, held.closed]
    print(json.dumps(seen + [held.why]))
`;
    const freeze = () => {
      const { stdout, stderr } = spawnSync("python3", ["-"], {
        input: text,
        env: runner().environment,
        encoding: "utf8",
      });
      return stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line || JSON.stringify(stderr)) as [number | null, boolean, string]);
    };
    assert.deepEqual(
      freeze().map((seen) => seen.slice(0, 2)),
      [
        [2, false],
        [2, false],
      ],
    );
    assert.deepEqual(
      log().map((line) => /-l (\w+)/.exec(line)?.[1]),
      ["root", "libvirtadmin", "ops", "root", "libvirtadmin"],
    );
    tool("ssh", "echo 'Permission denied (publickey).' >&2; exit 255");
    assert.deepEqual(
      freeze().map((seen) => seen.slice(0, 2)),
      [
        [null, true],
        [null, true],
      ],
    );
    tool("ssh", "echo 'ssh: connect to host node2 port 22: No route to host' >&2; exit 255");
    const [[, isClosed, why] = [null, true, ""]] = freeze();
    assert.deepEqual([isClosed, /No route to host/.test(why)], [false, true]);
  });
});
