// All rules of pulumi-seapath-policy, and one of our own. This applies to every stack; staging.json and production.json
// make it stricter or more lenient with `--policy-pack-config`.
import { SeapathPolicyPack } from "pulumi-seapath-policy";
import { vmOwner } from "./vm-owner";

new SeapathPolicyPack(
  {
    "redundant-vms-apart": { metadataKey: "redundancy" },
    "redundant-vms-not-at-once": { metadataKey: "redundancy" },
    "vm-size-limits": { enforcementLevel: "mandatory", maxCpu: 4, maxMemory: 8192 },
  },
  { name: "platform", displayName: "The VMs of the platform", more: [vmOwner] },
);
