/** Which lab a command means. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { chooseForVerb, chooseRelease, isApart, labFolder, named, ReleaseError } from "../../../lab/release.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));

describe("the lab that a command means", () => {
  const of = (text: string, environment: Record<string, string> = {}) => {
    const { release, rest } = chooseForVerb(text.split(" "), environment);
    return `${release}: ${rest.join(" ")}`;
  };

  it("is that of bookworm where nothing names another", () => {
    assert.equal(of("status --json"), "bookworm: status --json");
    assert.equal(of("status", { SEAPATH_LAB_RELEASE: "" }), "bookworm: status");
  });

  it("is the one that --release names, anywhere among the words of a verb", () => {
    for (const text of [
      "up --release trixie --nodes 2",
      "--release trixie up --nodes 2",
      "up --nodes 2 --release=trixie",
    ]) {
      assert.equal(of(text), "trixie: up --nodes 2", text);
    }
  });

  it("is the one that the environment names, unless --release names another", () => {
    assert.equal(of("down", { SEAPATH_LAB_RELEASE: "trixie" }), "trixie: down");
    assert.equal(of("down --release bookworm", { SEAPATH_LAB_RELEASE: "trixie" }), "bookworm: down");
  });

  it("is not said by the options of a program that is run", () => {
    assert.equal(
      of("exec --release trixie node1 apt-get --release bookworm"),
      "trixie: exec node1 apt-get --release bookworm",
    );
    assert.equal(of("exec node1 dpkg --release sid"), "bookworm: exec node1 dpkg --release sid");
    assert.equal(of("ssh node2 crm --release=sid"), "bookworm: ssh node2 crm --release=sid");
    assert.equal(of("within --release trixie mocha --release sid"), "trixie: within mocha --release sid");
    assert.equal(of("within -- mocha --release sid"), "bookworm: within -- mocha --release sid");
    assert.deepEqual(chooseRelease(["--release", "trixie", "up", "--release", "x"], {}, 0), {
      release: "trixie",
      rest: ["up", "--release", "x"],
    });
  });

  it("is none where there is no such release", () => {
    for (const text of ["up --release woody", "up --release", "up --release=", "up --release --nodes"])
      assert.throws(() => of(text), ReleaseError, text);
    assert.throws(
      () => of("up", { SEAPATH_LAB_RELEASE: "woody" }),
      /SEAPATH_LAB_RELEASE: no release "woody"; there are bookworm, trixie/,
    );
  });

  it("has a folder, a network and stacks of its own", () => {
    assert.equal(labFolder("bookworm", {}), "/var/lib/pulumi-seapath-lab");
    assert.equal(labFolder("trixie", {}), "/var/lib/pulumi-seapath-lab-trixie");
    assert.equal(labFolder("trixie", { SEAPATH_LAB_DIR: "/srv/lab" }), "/srv/lab-trixie");
    assert.deepEqual([isApart("bookworm"), isApart("trixie")], [false, true]);
    assert.deepEqual([named("guests", "bookworm"), named("guests", "trixie")], ["guests", "guests-trixie"]);
  });
});

describe("the lab's settings for the tests", () => {
  const environment = {
    ...process.env,
    SEAPATH_LAB_DIR: "/nowhere/lab",
    SEAPATH_HOSTS: "",
    SEAPATH_LAB_RELEASE: "trixie",
  };
  const said = (program: string) =>
    execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: root,
      env: environment,
      encoding: "utf8",
    }).trim();

  it("are those of the release that the environment names", () => {
    assert.equal(
      said('import { labEnvironmentFile } from "./tools/env.mjs"; console.log(labEnvironmentFile())'),
      "/nowhere/lab-trixie/env",
    );
    assert.match(
      said('import { pulumiEnvironment } from "./tools/env.mjs"; console.log(pulumiEnvironment().PULUMI_BACKEND_URL)'),
      /backend-trixie$/,
    );
    assert.equal(
      said('import { labDir, apart } from "./lab/config.ts"; console.log(labDir, apart)'),
      "/nowhere/lab-trixie true",
    );
  });

  it("are refused with the releases that there are", () => {
    for (const argv of [
      ["tools/run.mjs", "test", "--release", "woody"],
      ["lab/cli.ts", "status", "--release", "woody"],
    ]) {
      const { status, stderr } = spawnSync(process.execPath, argv, { cwd: root, encoding: "utf8" });
      assert.equal(status, 2, argv.join(" "));
      assert.match(stderr, /--release: no release "woody"; there are bookworm, trixie/);
    }
  });
});
