import assert from "node:assert/strict";
import {
  clusterNames,
  inCluster,
  settingsOfCluster,
  SettingsError,
  readSettings,
} from "../../../../provider/dist/transport/index.js";
import { Bench } from "../ssh/sshd.ts";

describe("the settings of several clusters", () => {
  const bench = new Bench();
  after(() => bench.end());

  const read = (name: string, config: Record<string, unknown>, env: Record<string, string> = {}) => {
    const get = (key: string) => {
      const value = config[key];
      return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
    };
    const own = settingsOfCluster(name, get, { HOME: bench.folder, ...env });
    return inCluster(name, () => readSettings(own.get, own.env));
  };
  const refuses = (config: Record<string, unknown>, says: RegExp, env: Record<string, string> = {}) =>
    assert.throws(
      () => read("north", config, env),
      (error) => error instanceof Error && says.test(error.message),
      String(says),
    );

  it("has each cluster's own, and what stands beside them for all", () => {
    const clusters = { north: { hosts: "n1,n2", user: "north", port: 2222 }, south: { hosts: ["s1", "s2"] } };
    const config = { clusters, user: "ops", privateKeyFile: bench.key, connectTimeout: "5" };
    const [north, south] = [read("north", config), read("south", config)];
    assert.deepEqual(
      north.hosts.map(({ host, port, user }) => [host, port, user]),
      [
        ["n1", 2222, "north"],
        ["n2", 2222, "north"],
      ],
    );
    assert.deepEqual(
      south.hosts.map(({ host, port, user }) => [host, port, user]),
      [
        ["s1", 22, "ops"],
        ["s2", 22, "ops"],
      ],
    );
    assert.deepEqual([north.connectTimeoutMs, south.connectTimeoutMs], [5000, 5000]);
    assert.deepEqual(
      clusterNames((key) => (key === "clusters" ? JSON.stringify(clusters) : undefined)),
      ["north", "south"],
    );
  });

  it("never takes hosts of another cluster, from wherever", () => {
    refuses(
      { clusters: { north: { user: "a" } }, hosts: "other" },
      /^The setting seapath:clusters\.north\.hosts names no host/,
      { SEAPATH_HOSTS: "other" },
    );
  });

  it("lets a cluster's known hosts stand for those of all, in whatever form", () => {
    const config = {
      clusters: { north: { hosts: "n1", knownHosts: "n1 ssh-ed25519 AAAA" } },
      privateKeyFile: bench.key,
      knownHostsFile: "/all",
    };
    const { knownHosts, knownHostsFiles } = read("north", config, { SEAPATH_KNOWN_HOSTS_FILE: "/env" });
    assert.deepEqual([knownHosts, knownHostsFiles], ["n1 ssh-ed25519 AAAA", []]);
  });

  it("names the setting that is wrong, and the cluster", () => {
    const north = (settings: unknown) => ({ privateKeyFile: bench.key, clusters: { north: settings } });
    refuses(north({ hosts: "n1", port: "x" }), /^The setting seapath:clusters\.north\.port /);
    refuses(north({ hostss: "n1" }), /^The setting seapath:clusters\.north\.hostss is none/);
    refuses(north({ hosts: { a: 1 } }), /^The setting seapath:clusters\.north\.hosts is neither a text nor a list/);
    refuses(north("n1"), /^The setting seapath:clusters has "north", which is no object/);
    refuses({ clusters: "north" }, /^The setting seapath:clusters is no JSON/);
    refuses({ clusters: ["north"] }, /^The setting seapath:clusters is no object/);
    assert.throws(() => read("north", { clusters: "[]" }), SettingsError);
  });

  it("says which clusters there are when one is named that is none", () => {
    refuses(
      { clusters: { south: {}, west: {} } },
      /^the configuration has no cluster "north" in seapath:clusters; it has south, west$/,
    );
    refuses({}, /^the configuration has no cluster "north".*it has none$/);
    assert.throws(() => read("constructor", { clusters: { south: {} } }), /no cluster "constructor"/);
  });
});
