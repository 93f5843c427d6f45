/** What runs inside of the guests, under Pacemaker. An agent is the guest's own: see README.md for others than the lab's. */
import type { WatchedVmArgs } from "./watched-vm";

/** The lab's guest has busybox's web server for everything; yours has `systemd:iec104-gateway`, `systemd:nginx`, … */
const webServer = (port: number): WatchedVmArgs["service"] => ({
  agent: "ocf:heartbeat:anything",
  params: { binfile: "/usr/bin/busybox", cmdline_options: `httpd -f -p ${port} -h /srv/www` },
  operations: { monitor: { interval: 5 } },
});

export const services = {
  /** Speaks to the control centre. */
  gateway: webServer(2404),
  /** What the operator of the station looks at. */
  hmi: webServer(80),
};
