import * as pulumi from "@pulumi/pulumi";
import * as seapath from "pulumi-seapath";

const config = new pulumi.Config();

const web01 = new seapath.Vm("web01", {
  source: { nodePath: config.require("image") }, // or { path: "./debian.qcow2" }, a file beside this one
  domain: {
    memory: 1024,
    vcpus: 1,
    interfaces: [{ bridge: config.require("bridge") }],
    // If omitted: KVM, q35 and EFI. For an image that boots on BIOS: `pulumi config set --path hardware.firmware bios`.
    ...config.getObject<Pick<seapath.DomainArgs, "type" | "machine" | "firmware">>("hardware"),
  },
  liveMigration: true,
});

export const node = web01.node;
