import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";

const config = new pulumi.Config("remote-guest-service");
// The lab's guest takes its address from the last two bytes of its MAC: 10.99.0.<last>.
const last = config.getNumber("last") ?? 180;
const address = config.get("address") ?? `10.99.0.${last}`;

// An image needs the cluster's key in /etc/pacemaker/authkey. The lab's guest has it already; see README.md.
const key = new seapath.RemoteKey("key");

const gateway = new seapath.Vm("gateway", {
  source: { nodePath: config.get("image") ?? "/var/lib/seapath/images/remote.qcow2" },
  domain: {
    type: config.get("domainType") === "kvm" ? "kvm" : "qemu",
    memory: 128,
    machine: "pc",
    firmware: "bios",
    interfaces: [
      { bridge: config.get("bridge") ?? "br0", mac: `52:54:00:00:00:${last.toString(16).padStart(2, "0")}` },
    ],
  },
  liveMigration: true,
});

// The VM becomes a Pacemaker node while it runs.
const inside = new seapath.RemoteGuest("gatewayinside", { vm: gateway, address });

// Inside it, Pacemaker starts a web server, checks it every five seconds, and restarts it if it is gone.
const web = new seapath.GuestResource("gatewayweb", {
  guest: inside,
  agent: "ocf:heartbeat:anything",
  params: { binfile: "/usr/bin/busybox", cmdline_options: "httpd -f -p 80 -h /srv/www" },
  operations: { monitor: { interval: 5 } },
});

export const url = pulumi.interpolate`http://${inside.address}/`;
export const online = inside.online;
export const service = web.status;
export const authkey = key.authkey;
