import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { quoteArgv } from "../../../provider/dist/transport/index.js";

const HOSTILE = [
  "",
  " ",
  "plain",
  "it's",
  "'",
  "''",
  `"double"`,
  "$(touch x)",
  "`touch x`",
  "$HOME",
  "a\nb",
  "trailing newline\n",
  "\\",
  "\\'",
  "a;b&c|d>e<f",
  "*",
  "?[a-z]",
  "~",
  "~root",
  "{a,b}",
  "!history",
  "#comment",
  "-n",
  "--",
  "%s",
  "a=b",
  "\t\r\x01\x7f",
  "žluťoučký 🐎",
];

describe("quoteArgv", () => {
  for (const shell of ["/bin/sh", "/bin/bash"]) {
    it(`brings every argument through ${shell} as it is`, () => {
      const line = quoteArgv(["printf", "%s\\0", ...HOSTILE]);
      const answer = execFileSync(shell, ["-c", line], { encoding: "utf8" });
      assert.deepEqual(answer.split("\0").slice(0, -1), HOSTILE);
    });
  }

  it("brings each single byte through", () => {
    for (let code = 1; code < 128; code++) {
      const argument = `a${String.fromCharCode(code)}`;
      assert.equal(
        execFileSync("/bin/sh", ["-c", quoteArgv(["printf", "%s", argument])], { encoding: "utf8" }),
        argument,
      );
    }
  });

  it("does not let a program's name be a keyword, an assignment or an alias", () => {
    for (const name of ["if", "A=1", "FOO=/bin/true", "!", "{"]) assert.match(quoteArgv([name]), /^'.*'$/);
  });

  it("leaves plain arguments readable", () => {
    assert.equal(
      quoteArgv(["/usr/sbin/cibadmin", "--query", "-o", "resources"]),
      "/usr/sbin/cibadmin --query -o resources",
    );
  });

  it("refuses a NUL, and no program at all", () => {
    assert.throws(() => quoteArgv(["echo", "a\0b"]), { code: "argument" });
    assert.throws(() => quoteArgv([]), { code: "argument" });
    assert.throws(() => quoteArgv([""]), { code: "argument" });
  });
});
