/** Which processes are a lab's own, and what its root is made of. */
import assert from "node:assert/strict";
import { accountOf, releaseIn, repositoriesOf } from "../../../lab/root.ts";
import { spaceOf } from "../../../lab/space.ts";

const process = (pid: number, role: string, mark: string) => ({ pid, role, mark });
const never = () => assert.fail("no process's own view was needed");

describe("the processes of a lab", () => {
  const ours = [process(10, "lab", "a"), process(11, "node1", "a"), process(12, "node2", "a")];
  /** Somebody else's, whose folder has the same name: in a container, say. */
  const others = [
    process(5, "lab", "b"),
    process(6, "node1", "b"),
    process(20, "node2", "b"),
    process(21, "node3", "b"),
  ];

  it("are those with the mark in its folder, in whatever order they are found", () => {
    for (const found of [
      [...ours, ...others],
      [...others, ...ours],
    ]) {
      assert.deepEqual(spaceOf(found, "a", never), {
        lab: 10,
        nodes: new Map([
          ["node1", 11],
          ["node2", 12],
        ]),
      });
    }
  });

  it("are none where all belong to another lab", () => {
    assert.deepEqual(spaceOf(others, "a", never), { nodes: new Map() });
  });

  it("are those that see no mark either where the folder was removed", () => {
    assert.deepEqual(
      spaceOf([...others, ...ours], undefined, (pid) => pid === 5),
      {
        lab: 10,
        nodes: new Map([
          ["node1", 11],
          ["node2", 12],
        ]),
      },
    );
    assert.deepEqual(
      spaceOf(others, undefined, () => true),
      { nodes: new Map() },
    );
  });

  it("are found of a lab that has no mark, as an older one", () => {
    assert.deepEqual(spaceOf([...ours, process(30, "lab", ""), process(31, "node1", "")], "", never), {
      lab: 30,
      nodes: new Map([["node1", 31]]),
    });
  });
});

describe("a root of another release", () => {
  it("comes from where this machine's apt has Debian from", () => {
    const targets = [
      "http://mirror.example/debian/ bookworm main",
      "http://mirror.example/debian/ bookworm-updates main",
      "http://mirror.example/debian/ bookworm contrib",
      "https://security.example/ bookworm-security main",
      "https://packages.example/ cloud-sdk-bookworm main",
      "https://node.example/ nodistro main",
      "http://mirror.example/debian/ bookworm main",
      "",
    ];
    assert.deepEqual(repositoriesOf("trixie", "bookworm", targets.join("\n")), [
      { address: "http://mirror.example/debian/", suite: "trixie" },
      { address: "http://mirror.example/debian/", suite: "trixie-updates" },
      { address: "https://security.example/", suite: "trixie-security" },
    ]);
  });

  it("is this machine's own where that is of the release", () => {
    assert.equal(releaseIn('NAME="Debian GNU/Linux"\nVERSION_CODENAME=trixie\nID=debian\n'), "trixie");
    assert.equal(releaseIn("NAME=Other\n"), undefined);
  });

  it("numbers its accounts itself", () => {
    const passwd = "root:x:0:0::/root:/bin/bash\nhacluster:x:104:108::/var/lib/pacemaker:/usr/sbin/nologin\n";
    assert.deepEqual(accountOf(passwd, "root:x:0:\nhaclient:x:109:\n", "hacluster", "haclient"), [104, 109]);
    assert.throws(
      () => accountOf(passwd, "root:x:0:\n", "hacluster", "haclient"),
      /has no user hacluster of the group haclient/,
    );
  });
});
