import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";
import { readConfig } from "./config";
import { placeControl } from "./placement";
import { RedundantPair } from "./redundant-pair";
import { services } from "./services";
import { platformVm } from "./vms";
import { WatchedVm } from "./watched-vm";

const config = readConfig();
const { gateway: gatewaySettings, hmi: hmiSettings } = config.vms;

// The protection of the bays, redundantly. If there is no room for all VMs, these run.
const protection = new RedundantPair("protection", {
  first: platformVm(config, "protection1", { image: "plain", owner: "protection", priority: 100 }),
  second: platformVm(config, "protection2", { image: "plain", owner: "protection", priority: 100 }),
  strictlyApart: config.strictlyApart,
});

// The gateway to the control centre, and the station operator's HMI.
const gateway = new WatchedVm("gateway", {
  vm: platformVm(config, "gateway", { image: "remote", owner: "scada", priority: 50 }),
  address: gatewaySettings.address,
  service: services.gateway,
});
const hmi = new WatchedVm("hmi", {
  vm: platformVm(config, "hmi", { image: "remote", owner: "scada", priority: 20 }),
  address: hmiSettings.address,
  service: services.hmi,
});
placeControl(gateway.vm, hmi.vm);

// Records disturbances. In production it is pinned to the node with the capture card.
const recorder = new seapath.Vm(
  "recorder",
  platformVm(config, "recorder", { image: "plain", owner: "protection", priority: 10 }),
);

const vms = [...protection.vms, gateway.vm, hmi.vm, recorder];
export const nodes = pulumi.all(vms.map((vm) => pulumi.all([vm.name, vm.node]))).apply(Object.fromEntries);
export const watched = {
  gateway: { online: gateway.online, service: gateway.service },
  hmi: { online: hmi.online, service: hmi.service },
};

// The /etc/pacemaker/authkey of each guest, for building the image. A secret.
export const authkey = new seapath.RemoteKey("key").authkey;
