import { api } from "pulumi-seapath-provider";
import { schemaOf, whole } from "../config";
import { vmName } from "../declared";
import { resourceRule } from "../resource-rule";
import { valueAt, type Raw } from "../values";

interface Config {
  maxCpu?: number;
  maxMemory?: number;
}

/** The size of a VM, from its typed domain or its XML. */
function sizeOf(inputs: Raw): { vcpus?: number; memoryMiB?: number } {
  if (typeof inputs["xml"] === "string") return api.domainSize(inputs["xml"]) ?? {};
  const [vcpus, memory] = [valueAt(inputs, "domain.vcpus"), valueAt(inputs, "domain.memory")];
  return {
    ...(typeof vcpus === "number" ? { vcpus } : {}),
    ...(typeof memory === "number" ? { memoryMiB: memory } : {}),
  };
}

/** A VM is not larger than allowed. */
export const vmSizeLimits = resourceRule<Config>({
  name: "vm-size-limits",
  displayName: "A VM within limits",
  description:
    "A VM must not have more processors or memory than is allowed: one that fills a node leaves nothing for the others when a node fails.",
  level: "advisory",
  severity: "medium",
  remediationSteps: "Make `domain.vcpus` or `domain.memory` smaller, or allow more in the configuration of this rule.",
  config: schemaOf({
    maxCpu: whole("The most virtual CPUs of a VM. Default: any number.", 1),
    maxMemory: whole("The most memory of a VM, in MiB. Default: any.", 1),
  }),
  kinds: ["Vm"],
  reads: ["domain.vcpus", "domain.memory", "xml"],
  validate(resource, { config, report }) {
    const { vcpus, memoryMiB } = sizeOf(resource.inputs);
    const more = (has: number | undefined, most: number | undefined, what: string) => {
      if (has === undefined || most === undefined || has <= most) return;
      report(
        `VM "${vmName(resource)}" must have at most ${most} ${what}, and has ${has}: what one VM takes the others do not have when a node is down.`,
        resource,
      );
    };
    more(vcpus, config.maxCpu, "virtual CPUs");
    more(memoryMiB, config.maxMemory, "MiB of memory");
  },
});
