/** Whom nodes let in from each other: what a node's sshd says of itself counts, and what it refuses is not tried. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const { programSource } = createRequire(import.meta.url)(
  "../../../provider/dist/cluster/program.js",
) as typeof import("../../../provider/dist/cluster/program.js");

/** Runs lines behind a program, on a node whose sshd prints this of its settings. */
function said(program: string, sshd: string, lines: string): unknown {
  const stand = `asked = []
def command(argv, stdin=None, timeout=60):
    asked.append(argv)
    ${sshd === "" ? 'raise Failure("command", "no such program")' : `return ${JSON.stringify(sshd)}`}
socket.gethostbyname = lambda node: "10.0.0." + node[-1]
`;
  const { stdout, stderr, status } = spawnSync("python3", ["-I", "-"], {
    input: `${programSource(program)}\n\n${stand}\n${lines}\n`,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

describe("the let_in program", () => {
  const lines = 'json.dump([root_is_let_in("node2"), root_is_let_in("node2"), asked], sys.stdout)';
  const question = ["/usr/sbin/sshd", "-T", "-C", "user=root,host=node2,addr=10.0.0.2"];

  it("asks a node's own sshd once whether root may come from another", () => {
    assert.deepEqual(said("let_in", "port 22\npermitrootlogin no\n", lines), [false, false, [question]]);
    assert.deepEqual(said("let_in", "permitrootlogin without-password\n", lines), [true, true, [question]]);
  });

  it("keeps root out where sshd says so alone", () => {
    assert.deepEqual((said("let_in", "", lines) as unknown[]).slice(0, 2), [true, true]);
    assert.deepEqual(said("let_in", "", 'json.dump([root_is_let_in("-x")], sys.stdout)'), [true]);
  });
});

describe("what is asked of another node", () => {
  const tried = `users = []
def read_node(node, user):
    users.append(user)
    return {"node": node, "error": "Permission denied"}
found = read_other("node2", "root")
json.dump([users, found["error"]], sys.stdout)`;

  it("is not asked as root where root is let in nowhere", () => {
    assert.deepEqual(said("capacity", "permitrootlogin no\n", tried), [
      ["libvirtadmin"],
      "root: sshd lets no root in (PermitRootLogin no); libvirtadmin: Permission denied",
    ]);
    assert.deepEqual((said("capacity", "permitrootlogin yes\n", tried) as unknown[])[0], ["root", "libvirtadmin"]);
  });

  it("is refused in words, and no login is tried, where it goes by root's ssh alone", () => {
    const run = `def no_ssh(*words, **more): raise AssertionError(words)
subprocess.run = no_ssh
done = run_on_node("node2", "node1", "true")
json.dump([done.returncode, last_words(done)], sys.stdout)`;
    assert.deepEqual(said("on_node", "permitrootlogin no\n", run), [255, "sshd lets no root in (PermitRootLogin no)"]);
  });
});
