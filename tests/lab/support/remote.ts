/** Guests with a pacemaker_remoted: VMs of the image "remote". */
import { readFileSync } from "node:fs";
import { inGuest, readLab } from "../../../lab/index.ts";
import { eventually, on } from "./cluster.ts";

/** A guest with its own address, 10.99.0.<last>. */
export function remoteVm(last: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  const { xml, onNode } = readLab().guests["remote"] ?? { xml: "", onNode: "" };
  const mac = `52:54:00:00:00:${last.toString(16).padStart(2, "0")}`;
  return {
    source: { nodePath: onNode },
    xml: readFileSync(xml, "utf8").replace(/52(:[0-9a-f]{2}){5}/, mac),
    liveMigration: true,
    ...more,
  };
}

/** busybox's httpd as a service: it has one process, and answers requests to the guest. */
export const httpd = (guest: string, params: Record<string, string> = {}): Record<string, unknown> => ({
  $kind: "GuestResource",
  guest,
  agent: "ocf:heartbeat:anything",
  params: { binfile: "/usr/bin/busybox", cmdline_options: "httpd -f -p 80 -h /srv/www", ...params },
  operations: { monitor: { interval: 3 } },
});

/** The answer of the service inside; undefined while there is none. */
export async function served(address: string, port = 80): Promise<string | undefined> {
  try {
    return await (await fetch(`http://${address}:${port}/`, { signal: AbortSignal.timeout(2000) })).text();
  } catch {
    return undefined;
  }
}

/** The process of the service, and the boot it belongs to; undefined while the guest does not answer. */
export async function serviceIn(address: string): Promise<{ pid: string; boot: string } | undefined> {
  try {
    const { stdout } = await inGuest(address, "cat /proc/sys/kernel/random/boot_id; pgrep -f 'busybox httpd'", {
      seconds: 8,
    });
    const [boot = "", pid = ""] = stdout.trim().split("\n");
    return pid === "" ? undefined : { pid, boot };
  } catch {
    return undefined;
  }
}

/** The same for a service that certainly runs: a login to an emulated guest may take longer than one query may. */
export const serviceNow = (address: string) =>
  eventually(
    () => serviceIn(address),
    (now) => now !== undefined,
    60,
  );

/** Every line of the CIB, including its status, that contains a name. */
export async function cibLines(name: string): Promise<string[]> {
  const cib = await on("node1", "cibadmin", "--query");
  return cib.split("\n").filter((line) => new RegExp(`\\b${name}\\b`).test(line));
}

/** Installs another key in a guest, and makes its pacemaker_remoted use it. */
export async function giveKey(address: string, key: Uint8Array): Promise<void> {
  await inGuest(
    address,
    "cat >/etc/pacemaker/authkey; kill $(pidof pacemaker-remoted); sleep 2; pidof pacemaker-remoted",
    { stdin: key },
  );
}
