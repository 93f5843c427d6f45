// The command line, read as argparse reads vm-mgr's.
import assert from "node:assert/strict";
import { connectionOf, SHARED } from "../../../sdk/dist/cli/connection.js";
import { UsageError, type Given } from "../../../sdk/dist/cli/grammar.js";
import { helpOf, overview, usageOf } from "../../../sdk/dist/cli/help.js";
import { commonInputs, decoded } from "../../../sdk/dist/cli/inputs.js";
import { parseWords } from "../../../sdk/dist/cli/parse.js";
import { optionOf } from "../../../sdk/dist/cli/words.js";
import { VERBS } from "../../../sdk/dist/cli/verbs.js";

function verb(name: string) {
  const found = VERBS.find((each) => each.name === name);
  assert.ok(found, `there is no verb ${name}`);
  return found;
}

const given = (name: string, ...words: string[]): Given => parseWords(verb(name), SHARED, words).given;
const refused = (name: string, ...words: string[]): string => {
  try {
    parseWords(verb(name), SHARED, words);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  throw new Error(`${name} ${words.join(" ")} was taken`);
};
const CREATE = ["-n", "web01", "-i", "a.qcow2", "--xml", "a.xml"];

describe("the command line", () => {
  it("takes each of vm-mgr's options of each of its verbs", () => {
    const lines: [string, string[]][] = [
      [
        "create",
        [
          ...CREATE,
          "-p",
          "--disk-bus",
          "scsi",
          "--additional-disk",
          "b.qcow2",
          "--additional-disk",
          "c.raw",
          "--nostart",
          "--disable",
          "--force",
          "--enable-live-migration",
          "--metadata",
          "a=1",
          "b=2",
          "--pinned-host",
          "node1",
          "--migration-user",
          "root",
          "--stop-timeout",
          "30",
          "--migrate-to-timeout",
          "120",
          "--migration-downtime",
          "0",
          "--add-crm-config-cmd",
          "location a web01 1: node1",
          "--add-crm-config-cmd",
          "order o 1: a web01",
          "--priority",
          "5",
          "--pacemaker-meta",
          "a=b",
          "--pacemaker-params",
          "c=d",
          "--pacemaker-utilization",
          "e=1",
        ],
      ],
      [
        "clone",
        [
          "-n",
          "web01",
          "--dst_name",
          "web02",
          "--xml",
          "a.xml",
          "--nostart",
          "--clear_constraint",
          "--clear-pacemaker-meta",
          "--clear-pacemaker-params",
          "--clear-pacemaker-utilization",
          "--preferred-host",
          "node1",
          "--metadata",
          "a=1",
          "--disable",
          "--force",
        ],
      ],
      ["enable", ["-n", "web01", "--nostart"]],
      ["disable", ["--name", "web01"]],
      ["remove", ["--name=web01"]],
      ["start", ["-nweb01"]],
      ["stop", ["-n", "web01", "-f"]],
      ["status", ["-n", "web01"]],
      ["list", []],
      ["create_snapshot", ["-n", "web01", "--snap_name", "s"]],
      ["remove_snapshot", ["-n", "web01", "--snap_name", "s"]],
      ["rollback", ["-n", "web01", "--snap_name", "s"]],
      ["list_snapshots", ["-n", "web01"]],
      ["purge", ["-n", "web01", "--date", "24/12/2026 18:00:00"]],
      ["purge", ["-n", "web01", "--number", "3"]],
      ["list_metadata", ["-n", "web01"]],
      ["get_metadata", ["-n", "web01", "--metadata_name", "a"]],
      ["set_metadata", ["-n", "web01", "--metadata_name", "a", "--metadata_value", "b c"]],
      ["add_colocation", ["-n", "web01", "--strong", "db01", "db02"]],
      [
        "add_pacemaker_remote",
        [
          "-n",
          "web01",
          "--remote_name",
          "web01remote",
          "--remote_address",
          "10.0.0.9",
          "--remote_port",
          "3121",
          "--remote_timeout",
          "60",
        ],
      ],
      ["remove_pacemaker_remote", ["-n", "web01"]],
      ["console", ["web01", "--ssh-user", "admin"]],
      [
        "add-to-cluster",
        [
          "-n",
          "web01",
          "-i",
          "a.qcow2",
          "-p",
          "--disk-bus",
          "sata",
          "--new-name",
          "web02",
          "--nostart",
          "--preferred-host",
          "node2",
        ],
      ],
    ];
    for (const [name, words] of lines) assert.doesNotThrow(() => given(name, ...words), `${name} ${words.join(" ")}`);
  });

  it("reads short options with their value in one word, or behind an equals sign", () => {
    for (const words of [["-n", "web01"], ["-nweb01"], ["-n=web01"], ["--name", "web01"], ["--name=web01"]]) {
      assert.equal(given("status", ...words).get("name"), "web01", words.join(" "));
    }
    assert.ok(given("stop", "-fn", "web01").has("force"));
    assert.equal(given("stop", "-fnweb01").get("name"), "web01");
  });

  it("takes an abbreviation that means one option, and prefers vm-mgr's own to ours", () => {
    assert.equal(given("create", ...CREATE, "--pinned", "node1").get("pinned-host"), "node1");
    assert.equal(given("create", ...CREATE, "--s", "40").get("stop-timeout"), "40"); // not --sudo, not --ssh-config-file
    assert.equal(given("list", "--ho", "a,b").get("hosts"), "a,b");
    assert.match(
      refused("create", ...CREATE, "--p", "x"),
      /^ambiguous option: --p could match --progress, --pinned-host, --preferred-host, --priority, --pacemaker-meta/,
    );
    assert.equal(refused("status", "-n", "a", "--nope"), "unrecognized arguments: --nope");
    assert.equal(
      refused("create", ...CREATE, "--pined-host", "node1"),
      "unrecognized arguments: --pined-host node1, did you mean '--pinned-host'?",
    );
    assert.equal(
      refused("create", ...CREATE, "--pinned_host=node1"),
      "unrecognized arguments: --pinned_host=node1, did you mean '--pinned-host'?",
    );
    assert.equal(refused("clone", "-n", "a", "--dst-name", "b"), "the following arguments are required: --dst_name");
  });

  it("gives an option of several values all words up to the next option", () => {
    const found = given("create", "--metadata", "a=1", "b=x=y", ...CREATE, "--metadata", "c=", "a=2");
    assert.deepEqual(found.map("metadata"), { a: "2", b: "x=y", c: "" });
    assert.equal(found.get("name"), "web01");
    assert.equal(refused("create", ...CREATE, "--metadata"), "argument --metadata: expected at least one argument");
    assert.equal(refused("create", ...CREATE, "--metadata", "a"), "argument --metadata: 'a' is not key=value");
  });

  it("takes a negative number, a text with a blank and what follows `--` for values", () => {
    assert.equal(given("create", ...CREATE, "--priority", "-5").number("priority"), -5);
    assert.deepEqual(
      given("create", ...CREATE, "--add-crm-config-cmd", "-inf is no option").all("add-crm-config-cmd"),
      ["-inf is no option"],
    );
    assert.deepEqual(given("adopt", "--", "web01", "db01").all("vm"), ["web01", "db01"]);
  });

  it("refuses in argparse's words what is missing, wrong or too much", () => {
    assert.equal(refused("stop"), "the following arguments are required: -n/--name");
    assert.equal(refused("create", "-n", "a"), "the following arguments are required: -i/--image, --xml");
    assert.equal(refused("console"), "the following arguments are required: name");
    assert.equal(refused("status", "-n"), "argument -n/--name: expected one argument");
    assert.equal(refused("status", "-n", "--json"), "argument -n/--name: expected one argument");
    assert.equal(refused("status", "-n", "a", "b"), "unrecognized arguments: b");
    assert.equal(refused("create", ...CREATE, "--priority", "high"), "argument --priority: invalid int value: 'high'");
    assert.equal(refused("create", ...CREATE, "--nostart=yes"), "argument --nostart: ignored explicit argument 'yes'");
    assert.match(
      refused("create", ...CREATE, "--disk-bus", "nvme"),
      /^argument --disk-bus: invalid choice: 'nvme' \(choose from 'virtio', /,
    );
    assert.match(refused("completion", "csh"), /^argument shell: invalid choice: 'csh'/);
    for (const words of [
      ["--pinned-host", "a", "--preferred-host", "b"],
      ["--preferred-host", "b", "--pinned-host", "a"],
    ]) {
      const [second, first] = [words[2], words[0]];
      assert.equal(refused("create", ...CREATE, ...words), `argument ${second}: not allowed with argument ${first}`);
    }
  });

  it("takes a clone's snapshots along, not where it is linked", () => {
    const CLONE = ["-n", "a", "--dst_name", "b"];
    assert.deepEqual(
      [
        given("clone", ...CLONE).has("with-snapshots"),
        given("clone", ...CLONE, "--with-snapshots").has("with-snapshots"),
      ],
      [false, true],
    );
    assert.equal(
      refused("clone", ...CLONE, "--linked", "--with-snapshots"),
      "argument --with-snapshots: not allowed with argument --linked",
    );
    assert.equal(
      refused("clone", ...CLONE, "--with-snapshots", "--linked"),
      "argument --linked: not allowed with argument --with-snapshots",
    );
    assert.equal(verb("clone").calls?.["source.snapshots"], "--with-snapshots");
  });

  it("shows the help whatever else is missing", () => {
    assert.equal(parseWords(verb("create"), SHARED, ["--help"]).help, true);
    assert.equal(parseWords(verb("stop"), SHARED, ["-h"]).help, true);
  });

  it("names no default of what a clone has from the other VM where nothing is said", () => {
    assert.match(helpOf(verb("create"), SHARED), /--stop-timeout SECONDS +that its guest has to stop \(30\)/);
    const help = helpOf(verb("clone"), SHARED);
    for (const [option, value] of [
      ["stop-timeout", "30"],
      ["migrate-to-timeout", "120"],
      ["migration-downtime", "0"],
      ["migration-user", "root"],
      ["priority", "0"],
    ] as const) {
      assert.match(help, new RegExp(`^ +--${option} `, "m"));
      assert.ok(!help.includes(`(${value})`), option);
    }
  });

  it("says in the help of a verb each thing that it takes, and in the overview each verb", () => {
    for (const each of VERBS) {
      const help = helpOf(each, SHARED);
      for (const { name } of [...each.options, ...SHARED])
        assert.match(help, new RegExp(`--${name}\\b`), `${each.name} ${name}`);
      for (const { name } of each.positionals ?? []) assert.ok(help.includes(name));
      assert.match(overview(VERBS, SHARED), new RegExp(`^  ${each.name}\\s`, "m"));
    }
    assert.equal(usageOf(verb("stop")), "usage: seapath stop -n NAME [-f]");
  });

  it("leaves what was not given to the defaults", () => {
    assert.deepEqual(commonInputs(given("create", ...CREATE)), {
      pacemaker: { meta: {}, params: {}, utilization: {} },
    });
    const inputs = commonInputs(
      given(
        "create",
        ...CREATE,
        "--stop-timeout",
        "90",
        "--enable-live-migration",
        "--metadata",
        "a=1",
        "--pacemaker-meta",
        "x=y",
      ),
    );
    assert.deepEqual(inputs, {
      liveMigration: true,
      stopTimeout: 90,
      metadata: { a: "1" },
      pacemaker: { meta: { x: "y" }, params: {}, utilization: {} },
    });
  });

  it("names in an error the option and not the input", () => {
    assert.equal(optionOf("pinnedHost"), "--pinned-host");
    assert.equal(optionOf("pacemaker.meta.priority"), "--pacemaker-meta priority");
    assert.equal(optionOf("metadata.a-b"), "--metadata a-b");
    assert.equal(optionOf("the cluster"), "the cluster");
  });

  it("reads which cluster is meant from options first, and asks one node where one is named", () => {
    const settings = (words: string[], env: Record<string, string> = {}, node?: string) => {
      const { cluster, settings: found } = connectionOf(given("list", ...words), env, node);
      return { ...(cluster === undefined ? {} : { cluster }), ...Object.fromEntries(found) };
    };
    assert.deepEqual(settings(["--hosts", "a,b", "--private-key-file", "k", "--sudo", "--connect-timeout", "3"]), {
      hosts: "a,b",
      privateKeyFile: "k",
      sudo: "true",
      connectTimeout: "3",
    });
    assert.deepEqual(settings([]), {});
    const hosts = "node1,ops@node2:2222,[fd00::3]:22";
    assert.deepEqual(settings([], { SEAPATH_HOSTS: hosts }, "node2"), { hosts: "ops@node2:2222" });
    assert.deepEqual(settings(["--hosts", hosts], {}, "fd00::3"), { hosts: "[fd00::3]:22" });
    assert.deepEqual(settings([], { SEAPATH_HOSTS: hosts }, "elsewhere"), { hosts: "elsewhere" });
    const clusters = JSON.stringify({ north: { hosts: ["node1", "node2"], user: "ops" } });
    assert.deepEqual(settings(["--cluster", "north"], { SEAPATH_CLUSTERS: clusters }, "node2"), {
      cluster: "north",
      clusters: JSON.stringify({ north: { hosts: "node2", user: "ops" } }),
    });
    assert.throws(
      () => settings(["--cluster", "north", "--hosts", "a"]),
      /argument --hosts: not allowed with argument --cluster/,
    );
  });

  it("reads a document in the encoding that its declaration says, and refuses bytes that are none of it", () => {
    const declared = (encoding: string, text: string, as: BufferEncoding) =>
      decoded(Buffer.from(`<?xml version="1.0" encoding="${encoding}"?>${text}`, as));
    assert.equal(declared("ISO-8859-1", "<title>Süd</title>", "latin1"), '<?xml version="1.0"?><title>Süd</title>');
    assert.equal(declared("UTF-8", "<title>Süd</title>", "utf8"), '<?xml version="1.0"?><title>Süd</title>');
    assert.equal(decoded(Buffer.from("<title>Süd</title>")), "<title>Süd</title>");
    assert.throws(() => decoded(Buffer.from("<title>Süd</title>", "latin1")), /not valid/);
    assert.throws(() => declared("klingon", "<a/>", "utf8"), /klingon/);
  });
});
