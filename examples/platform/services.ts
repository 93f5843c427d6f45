/**
 * The services inside the guests, run by Pacemaker. The agents belong to the guest: see README.md for others than the
 * lab's.
 */
import type { WatchedVmArgs } from "./watched-vm";

/** The lab's guest uses busybox's web server for everything; yours has `systemd:iec104-gateway`, `systemd:nginx`, … */
const webServer = (port: number): WatchedVmArgs["service"] => ({
  agent: "ocf:heartbeat:anything",
  params: { binfile: "/usr/bin/busybox", cmdline_options: `httpd -f -p ${port} -h /srv/www` },
  operations: { monitor: { interval: 5 } },
});

export const services = {
  /** Connects to the control centre. */
  gateway: webServer(2404),
  /** The station operator's HMI. */
  hmi: webServer(80),
};
