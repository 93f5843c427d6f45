/**
 * The one place where the layers are put together. All kinds of resources of a program are served by one process, so
 * one link, one shared inventory and one queue of writes stand here, at module level.
 */
import { Cluster } from "./cluster";
import { createRunner, readSettings } from "./transport";

type Get = (key: string) => string | undefined;

let configured: Get = () => undefined;
let current: { key: string; cluster: Cluster } | undefined;

/** Takes the stack's configuration. The engine may call a resource before this returns, so it only keeps it. */
export function configure(get: Get): void {
  configured = get;
}

/**
 * The cluster of the configuration. Nothing is connected before something is asked of it.
 * @throws SettingsError
 */
export function currentCluster(): Cluster {
  const settings = readSettings((key) => configured(`seapath:${key}`), process.env);
  const key = JSON.stringify([settings.hosts, settings.connectTimeoutMs, settings.maxChannels, settings.sudo]);
  if (current?.key !== key) {
    current?.cluster.runner.close();
    current = { key, cluster: new Cluster(createRunner(settings)) };
  }
  return current.cluster;
}

/** Ends the links of this process. */
export function close(): void {
  current?.cluster.runner.close();
  current = undefined;
}
