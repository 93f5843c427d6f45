import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { cluster } from "./fixtures.ts";

const { libvirtUri, UnsafeName } = cluster;
const { programSource } = createRequire(import.meta.url)(
  "../../../provider/dist/cluster/program.js",
) as typeof import("../../../provider/dist/cluster/program.js");

/** Names that are more than a name to a URI, to ssh or to a shell. */
const HOSTILE = [
  "x@h/system?command=/tmp/pwn.sh&x=",
  "-oProxyCommand=id",
  "a b",
  "a\nb",
  "",
  "a;id",
  "a/b",
  "a?b",
  "a#b",
  "a%2fb",
  "$(id)",
  "ü",
  "a@b",
  "a:b",
  ".a",
  "a".repeat(300),
];

describe("where a guest runs", () => {
  const at = (user: string, node: string) => libvirtUri({ user, node, asked: "node1" });

  it("is libvirt's address of a node", () => {
    assert.equal(at("root", "node1"), "qemu:///system");
    assert.equal(
      at("libvirtadmin", "node2.sub-station.example"),
      "qemu+ssh://libvirtadmin@node2.sub-station.example/system?no_tty=1",
    );
    assert.equal(libvirtUri({ user: "root", node: "node2", asked: "node1" }, true), "qemu+ssh://root@node2/system");
  });

  for (const name of HOSTILE) {
    it(`is not made of ${JSON.stringify(name.slice(0, 40))}`, () => {
      assert.throws(() => at(name, "node2"), UnsafeName);
      assert.throws(() => at("root", name), UnsafeName);
    });
  }

  it("is looked at again by the node programs, by the same rules", () => {
    const names = [...HOSTILE, "root", "libvirtadmin", "a.b-c_d", "node1", "node-1.example", "A"];
    const check = `
asked = json.load(sys.stdin)
def passes(check, name):
    try:
        return check(name) == name
    except Failure:
        return False
uri = lambda user, node: "qemu+ssh://%s@%s/system" % (user, node)
json.dump([[passes(checked_user, n), passes(checked_node, n), passes(checked_uri, uri(n, "node1")), passes(checked_uri, uri("root", n))] for n in asked], sys.stdout)`;
    const done = spawnSync("python3", ["-I", "-c", `${programSource("capacity")}\n${check}`], {
      input: JSON.stringify(names),
      encoding: "utf8",
    });
    assert.equal(done.status, 0, done.stderr);
    const here = names.map((name) => [
      cluster.USER_NAME.test(name),
      cluster.NODE_NAME.test(name),
      cluster.USER_NAME.test(name),
      cluster.NODE_NAME.test(name),
    ]);
    assert.deepEqual(JSON.parse(done.stdout), here);
  });
});
