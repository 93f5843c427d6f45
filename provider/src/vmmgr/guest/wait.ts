/** Waits until Pacemaker is connected to a guest node, and reports why it is not. */
import { setTimeout as sleep } from "node:timers/promises";
import { failureClause, reachRemoted, WaitTimeout, type ClusterStatus } from "../../cluster";
import { SeapathError } from "../../errors";
import { words } from "../../words";
import { deadlineOf, reportOf, type Context } from "../core/context";
import { describe } from "../core/wait";
import type { GuestNodeSpec } from "./model";

/** The keys of pacemaker_remoted and the nodes differ. */
export class KeyRejected extends SeapathError {
  constructor({ vm, address, port }: GuestNodeSpec, how: string) {
    super("key-rejected", `pacemaker_remoted at ${address} (port ${port}) does not take the cluster's key (${how})`, {
      hint:
        `Pacemaker would say "Key was rejected by service" and stop the VM. Put the key of the nodes into ` +
        `/etc/pacemaker/authkey of ${vm}'s guest, owned by root:haclient with mode 0640, and restart pacemaker_remote there. ` +
        words().guestKey,
    });
  }
}

/** Pacemaker's message for differing keys. */
const REJECTED = "Key was rejected by service";

/**
 * Whether Pacemaker has a working connection. "Online" alone comes too early: it is also true for the remembered state
 * of an earlier connection. What counts is the monitor of the connection, on the node that runs the VM now.
 */
export function isConnected(status: ClusterStatus, { vm, name }: Pick<GuestNodeSpec, "vm" | "name">): boolean {
  const host = status.resources.get(vm)?.nodes;
  const link = status.resources.get(name);
  const node = status.nodes.find((each) => each.name === name);
  if (
    host?.length !== 1 ||
    link?.role !== "Started" ||
    link.failed ||
    node === undefined ||
    !node.online ||
    node.unclean
  )
    return false;
  const checked = status.history.some(
    (each) => each.resource === name && each.node === host[0] && each.task === "monitor" && each.exitCode === 0,
  );
  return checked && link.nodes.includes(host[0] ?? "");
}

/** The observed state of a guest node, in plain words. */
export function describeGuest(status: ClusterStatus, { vm, name }: Pick<GuestNodeSpec, "vm" | "name">): string {
  const node = status.nodes.find((each) => each.name === name);
  const link = status.resources.get(name);
  const state =
    node === undefined ? "not a node yet" : node.online ? "online, its connection not checked yet" : "offline";
  const failures = status.failures.filter((each) => each.resource === name).map(failureClause);
  const parts = [link === undefined ? "" : `connection ${link.role.toLowerCase()}`, ...failures].filter(
    (each) => each !== "",
  );
  return `${state}${parts.length > 0 ? ` (${parts.join("; ")})` : ""}; VM "${vm}" is ${describe(status, vm)}`;
}

/**
 * Waits until pacemaker_remoted answers, before Pacemaker learns of the guest: a failed connection would cost the VM.
 * @param key whether it also has to accept the key; not if Pacemaker is already connected to it
 * @throws KeyRejected at once; WaitTimeout after the deadline with what the node saw last
 */
export async function waitForRemoted(context: Context, spec: GuestNodeSpec, key: boolean): Promise<void> {
  const { cluster } = context;
  const begun = Date.now();
  let said = "";
  for (;;) {
    const left = deadlineOf(context) - (Date.now() - begun) / 1000;
    const { answer, reason } = await reachRemoted(cluster.runner, spec, {
      key,
      seconds: Math.min(10, Math.max(left, 1)),
    });
    if (answer === "accepted") return;
    if (answer === "unknown")
      return reportOf(context)(`${spec.name}: whether its guest has the right key was not checked: ${reason}`);
    if (answer === "refused") throw new KeyRejected(spec, reason);
    const after = (Date.now() - begun) / 1000;
    const where = `pacemaker_remoted at ${spec.address}, port ${spec.port}`;
    if (after >= deadlineOf(context)) {
      const hint = `Is pacemaker_remote enabled in the guest, and the address right? It is tried from ${cluster.runner.node ?? "a node"}.`;
      throw new WaitTimeout(
        `Guest node "${spec.name}"`,
        where,
        `${reason}; VM "${spec.vm}" is ${describe(await cluster.status(), spec.vm)}`,
        after,
        hint,
      );
    }
    if (reason !== said) reportOf(context)(`${spec.name}: waiting for ${where}: ${reason}`);
    said = reason;
  }
}

/**
 * Waits until Pacemaker is connected.
 * @throws KeyRejected as soon as Pacemaker reports it; WaitTimeout after the deadline
 */
export async function waitUntilConnected(context: Context, spec: GuestNodeSpec): Promise<void> {
  const begun = Date.now();
  for (let pause = 250; ; pause = Math.min(pause * 1.3, 1000)) {
    const status = await context.cluster.status();
    if (isConnected(status, spec)) return;
    const rejected = status.failures.some((each) => each.resource === spec.name && each.reason === REJECTED);
    if (rejected) throw new KeyRejected(spec, REJECTED);
    const after = (Date.now() - begun) / 1000;
    if (after > deadlineOf(context)) {
      const hint = "Ask the cluster: `crm_mon -1 -A`, and the guest: /var/log/pacemaker/pacemaker.log.";
      throw new WaitTimeout(
        `Guest node "${spec.name}"`,
        "a connection that Pacemaker has checked",
        describeGuest(status, spec),
        after,
        hint,
      );
    }
    await sleep(pause);
  }
}
