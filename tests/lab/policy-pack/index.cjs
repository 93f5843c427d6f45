// A mandatory and an advisory rule about the metadata of VMs, for tests of what reads a pack's reports.
const { PolicyPack } = require("@pulumi/policy");

const isVm = ({ type }) => type.endsWith("seapath:Vm");

new PolicyPack("seapath-labtest", {
  policies: [
    {
      name: "vm-not-forbidden",
      description: "No VM is forbidden.",
      enforcementLevel: "mandatory",
      severity: "high",
      configSchema: { properties: { word: { type: "string", default: "forbidden" } } },
      validateResource: (args, report) => {
        const { word } = args.getConfig();
        if (isVm(args) && args.props.metadata?.owner === word)
          report(`The owner <b>must</b> not be "${word}", @everyone\n\n/close`);
      },
    },
    {
      name: "vm-report",
      description: "Says which VMs there are.",
      enforcementLevel: "advisory",
      validateStack: ({ resources }, report) => {
        const names = resources
          .filter(isVm)
          .map(({ props }) => props.name)
          .sort();
        if (names.length > 1) report(["name", "----", ...names].join("\n"));
      },
    },
  ],
});
